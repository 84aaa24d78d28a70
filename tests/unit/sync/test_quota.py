"""What answers say of quotas, and that nothing they say can break the reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heyho.sync.quota import Advice, Policy, State, read_advice, read_policies

NOW_MS = 784_111_747_000.0  # Sun, 06 Nov 1994 08:49:07 GMT


def advice(status: int = 200, body: Any = None, /, **headers: str) -> Advice:
    """Read an answer; header names take `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_advice(status, named, body, now_ms=NOW_MS)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("told", "seconds"),
        [
            ("0", 0),
            ("30", 30),
            (" 30 ", 30),
            ("1.5", 1.5),
            ("3600", 3600),
            ("9999999", 3600),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 30),
            ("Sun Nov  6 08:49:37 1994", 30),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("Mon, 06 Nov 2034 08:49:37 GMT", 3600),
        ],
    )
    def test_seconds_and_dates(self, told: str, seconds: float) -> None:
        assert advice(429, retry_after=told).retry_after_s == seconds

    @pytest.mark.parametrize(
        "told",
        ["", "-1", "soon", "1e3", "0x10", "nan", "inf", "١٢", "Sun, 99 Nov 1994 08:49:37 GMT"],
    )
    def test_what_is_neither_is_ignored(self, told: str) -> None:
        assert advice(429, retry_after=told).retry_after_s is None

    def test_a_date_is_read_by_the_servers_own_clock(self) -> None:
        answer = advice(
            429,
            retry_after="Sun, 06 Nov 1994 10:00:30 GMT",
            date="Sun, 06 Nov 1994 10:00:00 GMT",
        )
        assert answer.retry_after_s == 30

    @pytest.mark.parametrize(
        ("told", "seconds"),
        [(7, 7), (0.5, 0.5), ("8", 8), (1e9, 3600), (-1, None), (None, None), (True, None)],
    )
    def test_in_the_body(self, told: Any, seconds: float | None) -> None:
        assert advice(429, {"retry_after": told}).retry_after_s == seconds

    def test_the_header_wins_over_the_body(self) -> None:
        assert advice(429, {"retry_after": 9}, retry_after="2").retry_after_s == 2
        assert advice(429, {"retry_after": 9}, retry_after="junk").retry_after_s == 9


class TestTheDraft:
    def test_policies_and_states(self) -> None:
        assert advice(
            ratelimit_policy='"burst";q=100;w=60, "daily";q=1000;w=86400;acme-kind="a,b"',
            ratelimit='"burst";r=50;t=30,"daily";r=900',
        ) == Advice(
            policies=(Policy("burst", 100, 60), Policy("daily", 1000, 86_400)),
            states=(State("burst", 50, 30), State("daily", 900, None)),
        )

    @pytest.mark.parametrize(
        ("field", "policy"),
        [
            ("default;q=100;w=60", Policy("default", 100, 60)),
            (r'"a\"b\\c";q=1;w=2', Policy('a"b\\c', 1, 2)),
            ('"a";  q=1; w=2', Policy("a", 1, 2)),
            ('"a";q=1;pk=:cGF0aA==:;w=2;x', Policy("a", 1, 2)),
            ('"a";q=1;qu="requests";w=2', Policy("a", 1, 2)),
            ('"a";q=1', Policy("a", 1, None)),
            ('"a";q=1;w=99999999', Policy("a", 1, 86_400)),
            ('"a";q=999999999999;w=1', Policy("a", 10**9, 1)),
            ("100;w=60", Policy("100", 100, 60)),
        ],
    )
    def test_policies(self, field: str, policy: Policy) -> None:
        assert advice(ratelimit_policy=field).policies == (policy,)

    @pytest.mark.parametrize(
        "field",
        [
            "",
            '"a"',
            '"a";q',
            '"a";q=0;w=1',
            '"a";q=-5;w=1',
            '"a";q=1;w=0',
            '"a";q=1;w=-1',
            '"a";q=many;w=1',
            '"a";q=1;w=soon',
            '"a;q=1;w=1',
            '"a" q=1;w=1',
            '"a";q=1,5;w=',
            '"a";q=1000;qu="content-bytes";w=1',
            '"a";q=10;qu="concurrent-requests"',
            '"a";q=99999999999999999;w=1',
        ],
    )
    def test_malformed_policies_are_ignored(self, field: str) -> None:
        policies = advice(ratelimit_policy=field).policies
        assert [policy for policy in policies if policy.window_s is not None] == []

    def test_and_the_others_of_the_same_field_are_not(self) -> None:
        field = '"a";q=0;w=1, "b";q=5;w=1, "c;q=1'
        assert advice(ratelimit_policy=field).policies == (Policy("b", 5, 1),)

    @pytest.mark.parametrize(
        "field", ["", '"a"', '"a";r', '"a";r=-1;t=1', '"a";r=x;t=1', '"a";t=1']
    )
    def test_malformed_states_are_ignored(self, field: str) -> None:
        assert advice(ratelimit=field).states == ()

    @pytest.mark.parametrize("reset", ["", ";t", ";t=-3", ";t=soon"])
    def test_a_state_without_a_reset(self, reset: str) -> None:
        assert advice(ratelimit=f'"a";r=3{reset}').states == (State("a", 3, None),)


class TestOlderForms:
    @pytest.mark.parametrize("prefix", ["ratelimit", "x_ratelimit"])
    @pytest.mark.parametrize(
        ("reset", "reset_s"),
        [
            ("20", 20),
            ("784111767", 20),
            ("784111767.5", 20.5),
            ("784111767000", 20),
            ("1994-11-06T08:49:27Z", 20),
            ("1994-11-06T09:49:27+01:00", 20),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 20),
            ("784111000", 0),
            ("99999999", 86_400),
            ("soon", None),
            ("", None),
        ],
    )
    def test_three_headers(self, prefix: str, reset: str, reset_s: float | None) -> None:
        answer = advice(
            **{f"{prefix}_limit": "300", f"{prefix}_remaining": "7", f"{prefix}_reset": reset}
        )
        assert answer.policies == (Policy("300", 300, None),)
        assert answer.states == (State("300", 7, reset_s),)

    def test_the_window_beside_them(self) -> None:
        told = advice(
            ratelimit_policy="10;w=1, 300;w=300",
            ratelimit_limit="10",
            ratelimit_remaining="9",
            ratelimit_reset="1",
        )
        assert told.policies == (Policy("10", 10, 1), Policy("300", 300, 300))
        assert told.states == (State("10", 9, 1),)

    def test_the_window_in_the_limit(self) -> None:
        told = advice(ratelimit_limit="10, 10;w=1, 300;w=300", ratelimit_remaining="9")
        assert told.policies == (Policy("10", 10, 1), Policy("300", 300, 300))
        assert told.states == (State("10", 9, None),)

    def test_a_dictionary(self) -> None:
        told = advice(ratelimit="limit=100, remaining=7, reset=5", ratelimit_policy="100;w=60")
        assert told.policies == (Policy("100", 100, 60),)
        assert told.states == (State("100", 7, 5),)

    def test_they_are_one_with_a_named_policy_of_the_same_quota(self) -> None:
        told = advice(
            ratelimit_policy='"sync";q=5;w=1', x_ratelimit_limit="5", x_ratelimit_remaining="2"
        )
        assert told.policies == (Policy("sync", 5, 1),)
        assert told.states == (State("sync", 2, None),)

    def test_the_draft_wins_over_them(self) -> None:
        told = advice(ratelimit='"sync";r=1;t=1', x_ratelimit_limit="9", x_ratelimit_remaining="8")
        assert told.states == (State("sync", 1, 1),)
        assert told.policies == ()


def test_policies_of_the_configuration() -> None:
    told = [
        {"name": "sync", "quota": 5, "windowSeconds": 1},
        {"name": "none", "quota": 0, "windowSeconds": 1},
        {"name": "wide", "quota": 5, "windowSeconds": 1e9},
        {"name": "odd", "quota": "x", "windowSeconds": []},
        {"quota": 5, "windowSeconds": 1},
        "sync",
    ]
    policies = read_policies(told)
    assert policies == (Policy("sync", 5, 1), Policy("wide", 5, 86_400))
    assert read_policies([policy.to_record() for policy in policies]) == policies
    assert read_policies({"sync": 5}) == read_policies(None) == ()


FIELDS = [
    "retry-after", "ratelimit", "ratelimit-policy", "date", "ratelimit-limit",
    "ratelimit-remaining", "ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining",
    "x-ratelimit-reset",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("retry_after"), inner),
    max_leaves=5,
)
NEARLY = st.text(alphabet='"\\;,=:?%@ abqrtwlimit0123456789.-', max_size=60)
DATED = st.datetimes().map(lambda at: f"{at:%a, %d %b %Y %H:%M:%S} GMT") | st.datetimes().map(str)


@given(
    st.integers(),
    st.dictionaries(st.sampled_from(FIELDS), st.text() | NEARLY | DATED),
    JSON,
    st.floats(0, 1e15),
)
@example(429, {"retry-after": "Mon, 01 Jan 0001 00:00:00 +2359"}, {"retry_after": 10**400}, 0.0)
def test_it_reads_anything_and_makes_sense_of_it(
    status: int, headers: dict[str, str], body: Any, now_ms: float
) -> None:
    told = read_advice(status, headers, body, now_ms=now_ms)
    assert told.status == status
    assert told.retry_after_s is None or 0 <= told.retry_after_s <= 3600
    for policy in told.policies:
        assert policy.quota >= 1
        assert policy.window_s is None or 0 < policy.window_s <= 86_400
    for state in told.states:
        assert state.remaining >= 0
        assert state.reset_s is None or 0 <= state.reset_s <= 86_400


@given(JSON | st.lists(st.fixed_dictionaries({"name": JSON, "quota": JSON, "windowSeconds": JSON})))
def test_so_does_the_configuration(rate_limits: Any) -> None:
    for policy in read_policies(rate_limits):
        assert policy.quota >= 1
        assert policy.window_s is None or 0 < policy.window_s <= 86_400


@given(
    st.lists(
        st.builds(
            Policy,
            st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
            st.integers(1, 10**9),
            st.integers(1, 86_400),
        ),
        max_size=8,
        unique_by=lambda policy: policy.name,
    )
)
def test_what_is_well_written_is_read(policies: list[Policy]) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    field = ", ".join(f"{quoted(p.name)};q={p.quota};w={p.window_s}" for p in policies)
    assert list(advice(ratelimit_policy=field).policies) == policies
