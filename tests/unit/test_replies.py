"""Replies: only an answer that accounts for every visit is an acknowledgement."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heyho.errors import (
    NotSignedIn,
    RateLimited,
    Refused,
    ServerFailed,
    SyncError,
    TooLarge,
    Unintelligible,
)
from heyho.model import Rejection, ServerLimits
from heyho.ports import Record
from heyho.replies import (
    Acknowledgement,
    decode,
    read_limits,
    read_sync_reply,
)


def answer(status: int = 200, body: object = None, *, sent: int = 3) -> Any:
    """What an answer means."""
    text = body if isinstance(body, str) else json.dumps(body)
    return read_sync_reply(status, decode(text), sent=sent, retry_after_s=7)


def account(stored: Any, *errors: Any, **more: Any) -> Record:
    data = {"page_visits_synced": stored, "validation_errors": list(errors), **more}
    return {"success": True, "message": "Data synced successfully", "data": data}


class TestReplies:
    def test_all_stored(self) -> None:
        assert answer(200, account(3)) == Acknowledgement(3)
        assert answer(201, account(3.0)) == Acknowledgement(3)

    @pytest.mark.parametrize(
        ("told", "deleted"), [(2, 2), (0, 0), (9, 3), (-1, 0), ("2", 0), (None, 0)]
    )
    def test_what_was_deleted_there_is_counted(self, told: object, deleted: int) -> None:
        body = account(3, page_visits_deleted=told)
        assert answer(200, body) == Acknowledgement(3, (), deleted)

    def test_the_original_servers_answer(self) -> None:
        body = account(
            2,
            {
                "record_id": "b",
                "record_type": "page_visit",
                "field": "url",
                "message": "url is too long",
                "timestamp": "2024-01-01T00:00:00Z",
            },
            tab_aggregates_synced=0,
            rejected_records_count=1,
            data_quality_score=66.7,
        )
        assert answer(200, body) == Acknowledgement(2, (Rejection("b", "url is too long"),))

    def test_a_visit_with_two_faults_is_one_rejection(self) -> None:
        errors = [{"record_id": "b", "message": text} for text in ("first", "second")]
        assert answer(200, account(2, *errors)) == Acknowledgement(2, (Rejection("b", "first"),))

    def test_a_rejection_without_words(self) -> None:
        errors = [{"record_id": "b"}, {"record_id": "c", "message": None}]
        rejections = (Rejection("b", "refused"), Rejection("c", "refused"))
        assert answer(200, account(1, *errors)) == Acknowledgement(1, rejections)

    def test_what_else_is_among_the_errors_counts_for_nothing(self) -> None:
        others: list[Any] = [
            {"record_id": "agg_1_2", "record_type": "tab_aggregate", "message": "odd"},
            {"record_id": 7, "message": "odd"},
            {"message": "odd"},
            "odd",
            None,
        ]
        assert answer(200, account(3, *others)) == Acknowledgement(3)

    def test_all_rejected_by_name(self) -> None:
        errors = [{"record_id": name, "message": "odd"} for name in "abc"]
        acknowledged = answer(400, account(0, *errors))
        assert (acknowledged.stored, len(acknowledged.rejections)) == (0, 3)

    @pytest.mark.parametrize(
        "body",
        [
            account(2),
            account(4),
            account(-3),
            account(None),
            account("3"),
            account(True),
            account(2.5),
            account(3, {"record_id": "a", "message": "odd"}),
            {"data": {}},
            {"data": {"page_visits_synced": 1, "validation_errors": "many"}},
        ],
    )
    def test_an_account_that_is_wrong_acknowledges_nothing(self, body: Record) -> None:
        with pytest.raises(Unintelligible, match=r"accounted for \d of 3 visits; they go again"):
            answer(200, body)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (200, ""),
            (200, "<html>Welcome to the hotel</html>"),
            (200, "[" * 100_000),
            (200, "null"),
            (200, []),
            (200, {"success": True}),
            (200, {"data": [1]}),
            (204, ""),
            (301, account(3)),
            (304, ""),
            (400, "Bad Request"),
            (400, {}),
            (404, {"message": "no such page"}),
            (405, ""),
            (422, "<html>"),
            (0, ""),
        ],
    )
    def test_an_answer_from_somebody_else(self, status: int, body: object) -> None:
        with pytest.raises(Unintelligible) as caught:
            answer(status, body)
        assert "did not come from a Heyho server" in caught.value.sentence
        assert caught.value.status == status
        assert not caught.value.ends_run

    @pytest.mark.parametrize(
        ("status", "message", "kind", "sentence"),
        [
            (
                400,
                "Batch size exceeded. Maximum 1000 records allowed, got 1001",
                TooLarge,
                (
                    "Your server takes smaller batches. Batch size exceeded. "
                    "Maximum 1000 records allowed, got 1001."
                ),
            ),
            (413, "", TooLarge, "Your server takes smaller batches."),
            (
                400,
                "Validation failed for one or more records",
                Refused,
                "Your server refused the visits (400). Validation failed for one or more records.",
            ),
            (422, "odd", Refused, "Your server refused the visits (422). odd."),
            (
                401,
                "You need to sign in or sign up before continuing.",
                NotSignedIn,
                "Your server does not know this token. Enter a valid one in the options.",
            ),
            (
                403,
                "Revoked",
                NotSignedIn,
                "Your server does not know this token. Enter a valid one in the options.",
            ),
            (
                429,
                "Rate limit exceeded. Please slow down.",
                RateLimited,
                "Your server asks to slow down. The rest goes a little later.",
            ),
            (
                500,
                "Data sync failed",
                ServerFailed,
                "Your server had an error of its own (500). Data sync failed.",
            ),
            (408, "", ServerFailed, "Your server had an error of its own (408)."),
            (425, "", ServerFailed, "Your server had an error of its own (425)."),
            (599, "", ServerFailed, "Your server had an error of its own (599)."),
        ],
    )
    def test_refusals(
        self, status: int, message: str, kind: type[SyncError], sentence: str
    ) -> None:
        for name in ("message", "error"):
            with pytest.raises(kind) as caught:
                answer(status, {"success": False, name: message, "errors": []})
            assert type(caught.value) is kind
            assert (caught.value.sentence, caught.value.status) == (sentence, status)
            assert caught.value.ends_run == (kind in (NotSignedIn, RateLimited))

    @pytest.mark.parametrize("status", [401, 413, 429, 500, 502])
    def test_a_proxy_need_not_speak_json(self, status: int) -> None:
        with pytest.raises(SyncError) as caught:
            answer(status, "<html>nginx</html>")
        assert not isinstance(caught.value, Unintelligible)

    def test_a_guard_on_the_way_does_not_know_the_token(self) -> None:
        with pytest.raises(Unintelligible, match="403"):
            answer(403, "<html>Checking your browser</html>")

    def test_a_long_message_is_cut(self) -> None:
        with pytest.raises(ServerFailed) as caught:
            answer(500, {"message": "x" * 5000})
        assert len(caught.value.sentence) < 400

    @given(
        st.sampled_from([200, 204, 302, 400, 401, 403, 404, 413, 422, 429, 500, 503]),
        st.text()
        | st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "data",
                            "message",
                            "page_visits_synced",
                            "record_id",
                            "retry_after",
                            "validation_errors",
                        ]
                    ),
                    inner,
                )
            ),
        ).map(json.dumps),
    )
    @example(429, json.dumps({"retry_after": 10**400}))
    def test_anything_is_an_acknowledgement_or_a_sync_error(self, status: int, text: str) -> None:
        try:
            acknowledged = read_sync_reply(status, decode(text), sent=2)
        except SyncError as error:
            assert error.sentence
            assert error.status == status
        else:
            assert status in (200, 204, 400, 422)
            assert acknowledged.stored + len(acknowledged.rejections) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_servers_wish_to_wait_comes_through(status: int) -> None:
    with pytest.raises(SyncError) as caught:
        answer(status)
    assert caught.value.retry_after_s == 7


class TestLimits:
    @pytest.mark.parametrize(
        ("text", "limits"),
        [
            ('{"maxRecords": 200, "maxBodyBytes": 5000}', ServerLimits(200, 5000)),
            ('{"maxRecords": 200}', ServerLimits(200)),
            ('{"maxRecords": 1}', ServerLimits(1)),
            ('{"maxRecords": 100000, "maxBodyBytes": 99999999}', ServerLimits(1000, 99999999)),
            ('{"maxRecords": 0, "maxBodyBytes": -5}', ServerLimits()),
            ('{"maxRecords": 2.5, "maxBodyBytes": "5000"}', ServerLimits()),
            ('{"maxRecords": true, "maxBodyBytes": null}', ServerLimits()),
            ('{"maxRecords": Infinity, "maxBodyBytes": NaN}', ServerLimits()),
            ("{}", None),
            ("[]", None),
            ("<html>", None),
            ("", None),
            pytest.param("[" * 100_000, None, id="deep"),
        ],
    )
    def test_what_makes_no_sense_takes_its_default(
        self, text: str, limits: ServerLimits | None
    ) -> None:
        assert read_limits(text) == limits
