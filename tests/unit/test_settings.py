"""Settings are valid, or each field says in a sentence why it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho.errors import SettingsError
from heyho.exclusions import combine, to_regexp
from heyho.presets import NAMES
from heyho.settings import RANGES, STRATEGIES, Settings

MISTAKEN_FORM = "The server's address must begin with https:// or http://."
SECRET_PARTS = "The server's address must not hold a name, a password, ? or #."


def read(**record: Any) -> Settings:
    return Settings.from_record(record)


def problem(name: str, value: object) -> str:
    """The sentence about a field, which is the only one at fault."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_record({"concurrency": 3, name: value})
    assert list(caught.value.problems) == [name]
    sentence = caught.value.problems[name]
    assert caught.value.sentence == sentence
    assert sentence.endswith(".")
    return sentence


class TestRecord:
    def test_without_a_word_from_the_person(self) -> None:
        settings = read()
        assert settings == Settings()
        assert read(**dict.fromkeys(settings.to_record())) == settings
        assert settings.to_record() == {
            "serverUrl": "",
            "token": "",
            "strategy": "concurrent",
            "concurrency": 5,
            "workers": 2,
            "batchSize": 1000,
            "periodMinutes": 5,
            "paused": False,
            "pausedUntil": None,
            "excluded": [],
            "presets": list(NAMES),
            "recorded": [],
            "excludedRegExp": combine([], NAMES, []),
            "keepMonths": 0,
            "keepUnsynced": True,
        }

    @given(
        st.builds(
            Settings,
            server_url=st.sampled_from(["", "https://a.example/api/v1", "http://[::1]:8787/x"]),
            token=st.from_regex(r"[!-~]*", fullmatch=True),
            strategy=st.sampled_from(STRATEGIES),
            concurrency=st.integers(*RANGES["concurrency"]),
            workers=st.integers(*RANGES["workers"]),
            batch_size=st.integers(*RANGES["batchSize"]),
            period_minutes=st.integers(*RANGES["periodMinutes"]),
            paused=st.booleans(),
            excluded=st.sampled_from([(), ("bank.example",), ("*.internal", "a.example/x")]),
            presets=st.sampled_from([(), NAMES[:1], NAMES]),
            recorded=st.sampled_from([(), ("a.example",)]),
        )
    )
    def test_what_is_stored_is_read(self, settings: Settings) -> None:
        assert Settings.from_record(json.loads(json.dumps(settings.to_record()))) == settings

    def test_the_recorder_gets_the_patterns_compiled(self) -> None:
        record = read(excluded=["bank.example", "a.example/b"], presets=[]).to_record()
        assert record["excludedRegExp"] == to_regexp(["bank.example", "a.example/b"])

    def test_every_field_at_fault_is_named(self) -> None:
        wrong = {
            "serverUrl": "ftp://a.example",
            "token": "a b",
            "strategy": "teleport",
            "concurrency": 11,
            "workers": 0,
            "batchSize": "many",
            "periodMinutes": 1.5,
            "paused": "no",
            "pausedUntil": "tomorrow",
            "excluded": ["?"],
            "presets": "banks",
            "recorded": ["a b"],
        }
        with pytest.raises(SettingsError) as caught:
            Settings.from_record(wrong)
        assert list(caught.value.problems) == list(wrong)
        assert caught.value.sentence == " ".join(caught.value.problems.values())

    @pytest.mark.parametrize(
        ("url", "token", "can"),
        [("", "", False), ("https://a", "", False), ("", "t", False), ("https://a", "t", True)],
    )
    def test_a_server_and_a_token_are_needed(self, url: str, token: str, can: bool) -> None:
        assert read(serverUrl=url, token=token).can_sync is can


class TestServerUrl:
    @pytest.mark.parametrize(
        ("entered", "kept"),
        [
            ("", ""),
            ("  ", ""),
            ("https://heyho.example", "https://heyho.example/api/v1"),
            ("https://heyho.example/", "https://heyho.example/api/v1"),
            ("https://heyho.example/api/v1", "https://heyho.example/api/v1"),
            (" https://heyho.example/api/v1// ", "https://heyho.example/api/v1"),
            ("https://heyho.example/Deep/Path", "https://heyho.example/Deep/Path"),
            ("https://heyho.example:8443", "https://heyho.example:8443/api/v1"),
            ("HTTPS://HeyHo.Example/API", "https://heyho.example/API"),
            ("https://bücher.example", "https://bücher.example/api/v1"),
            ("https://93.184.216.34", "https://93.184.216.34/api/v1"),
            ("http://127.0.0.1:8787/api/v1", "http://127.0.0.1:8787/api/v1"),
        ],
    )
    def test_what_is_kept(self, entered: str, kept: str) -> None:
        assert read(serverUrl=entered).server_url == kept
        assert read(serverUrl=kept).server_url == kept

    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "LocalHost",
            "heyho.localhost",
            "127.0.0.1",
            "127.8.8.8",
            "[::1]",
            "10.0.0.7",
            "192.168.178.20",
            "172.16.0.1",
            "172.31.255.254",
            "[fd12:3456::1]",
            "[fe80::1]",
            "nas",
            "my-nas_2",
            "nas.local",
            "deep.nas.lan",
            "nas.home.arpa",
            "heyho.internal",
        ],
    )
    def test_plain_http_at_home(self, host: str) -> None:
        for port in ("", ":8787"):
            url = f"http://{host}{port}/api"
            assert read(serverUrl=url).server_url == url.lower()

    @pytest.mark.parametrize(
        "host",
        [
            "heyho.example",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "11.0.0.1",
            "localhost.example",
            "127.0.0.1.example",
            "10.example",
            "local.example",
            "mylocal.example.com",
            "xlocalhost.example",
            "[2001:db8::1]",
            "[fe00::1]",
            # The same in a browser as 8.8.8.8 and as evil.example:
            "134744072",
            "0x08080808",
            "010.8.8.8",
            "evil%2eexample",
            "evil。example",
        ],
    )
    def test_not_on_the_way_through_the_internet(self, host: str) -> None:
        sentence = problem("serverUrl", f"http://{host}/api/v1")
        assert sentence.startswith(f"Your history would travel to {host.strip('[]')}")
        assert "use https://" in sentence
        assert read(serverUrl=f"https://{host}/api/v1").server_url

    @pytest.mark.parametrize(
        ("entered", "sentence"),
        [
            (7, "The server's address must be text."),
            ("heyho.example", MISTAKEN_FORM),
            ("heyho.example:8787", MISTAKEN_FORM),
            ("ftp://heyho.example", MISTAKEN_FORM),
            ("file:///etc/passwd", MISTAKEN_FORM),
            ("https://", MISTAKEN_FORM),
            ("https:///api", MISTAKEN_FORM),
            ("https://:8787", MISTAKEN_FORM),
            ("https://me@heyho.example", SECRET_PARTS),
            ("https://me:pass@heyho.example", SECRET_PARTS),
            ("https://@heyho.example", SECRET_PARTS),
            ("http://localhost@heyho.example", SECRET_PARTS),
            ("https://heyho.example/api?x=1", SECRET_PARTS),
            ("https://heyho.example/api#x", SECRET_PARTS),
            ("https://heyho.example?", SECRET_PARTS),
            ("https://heyho.example#", SECRET_PARTS),
            ("https://a.example:port", "“https://a.example:port” is not an address"),
            ("https://a.example:99999", "“https://a.example:99999” is not an address"),
            ("https://[::1", "“https://[::1” is not an address"),
            ("https://a b.example", "“https://a b.example” is not an address"),
            ("https://a.example/x y", "“https://a.example/x y” is not an address"),
            ("https://a\n.example", "“https://a\n.example” is not an address"),
            ("http://evil.example\\.local", "“http://evil.example\\.local” is not an address"),
        ],
    )
    def test_what_is_refused(self, entered: object, sentence: str) -> None:
        assert problem("serverUrl", entered).startswith(sentence)


class TestToken:
    @pytest.mark.parametrize(
        ("entered", "kept"), [("", ""), ("  secret-1 \n", "secret-1"), ("a.b_c~!", "a.b_c~!")]
    )
    def test_what_is_kept(self, entered: str, kept: str) -> None:
        assert read(token=entered).token == kept

    @pytest.mark.parametrize("entered", ["a b", "a\nb", "sécret", "a\x7f", "“secret”"])
    def test_what_no_token_has(self, entered: str) -> None:
        assert problem("token", entered).startswith("The token holds characters that no token has")

    def test_no_text(self) -> None:
        assert problem("token", 7) == "The token must be text."


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy(name: str) -> None:
    assert read(strategy=name).strategy == name


@pytest.mark.parametrize("value", ["teleport", "", 1, [], {}, "Concurrent"])
def test_no_other_strategy(value: object) -> None:
    sentence = problem("strategy", value)
    assert sentence == "The strategy must be one of auto, sequential, concurrent, parallel."


NUMBERS = {
    "concurrency": ("concurrency", "The number of lanes must be a whole number from 1 to 10."),
    "workers": ("workers", "The number of workers must be a whole number from 1 to 8."),
    "batchSize": ("batch_size", "The batch size must be a whole number from 1 to 1000."),
    "periodMinutes": (
        "period_minutes",
        "The minutes between syncs must be a whole number from 1 to 1440.",
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
class TestNumbers:
    def test_the_limits_are_allowed(self, name: str) -> None:
        attribute, _ = NUMBERS[name]
        low, high = RANGES[name]
        for value, number in [(low, low), (high, high), (f" {low} ", low), (float(high), high)]:
            kept = getattr(Settings.from_record({name: value}), attribute)
            assert (kept, type(kept)) == (number, int)

    def test_thousands_may_be_set_off(self, name: str) -> None:
        attribute, sentence = NUMBERS[name]
        _, high = RANGES[name]
        for mark in ",.":
            text = f"{high:,}".replace(",", mark)
            assert getattr(Settings.from_record({name: text}), attribute) == high
            assert problem(name, f"{high // 10}{mark}00") == sentence

    def test_nothing_beyond_them(self, name: str) -> None:
        _, sentence = NUMBERS[name]
        low, high = RANGES[name]
        odd = [low - 1, high + 1, low + 0.5, -low, "", "three", True, [low], {}, 10**400, 10**5000]
        for value in [*odd, "nan", "inf", float("nan"), float("inf")]:
            assert problem(name, value) == sentence


@pytest.mark.parametrize("value", ["true", 1, 0, "", []])
def test_paused_is_true_or_false(value: object) -> None:
    assert problem("paused", value) == "“paused” must be true or false."


class TestExcluded:
    def test_what_is_kept(self) -> None:
        entered = [" bank.example ", "", "a.example/x", "bank.example", "  "]
        assert read(excluded=entered).excluded == ("bank.example", "a.example/x")

    @pytest.mark.parametrize("value", ["bank.example", 7, [7], [["a"]], {"a": 1}])
    def test_a_list_of_patterns(self, value: object) -> None:
        assert problem("excluded", value) == "The excluded pages must be a list of patterns."

    def test_a_pattern_that_is_none_is_named(self) -> None:
        assert problem("excluded", ["bank.example", "a b"]).startswith("“a b” is no pattern")


class TestPause:
    @pytest.mark.parametrize("until", [None, "restart", 0, 1.5, 1_700_000_000_000])
    def test_what_is_kept(self, until: object) -> None:
        settings = read(paused=True, pausedUntil=until)
        assert settings.paused_until == until
        assert Settings.from_record(settings.to_record()) == settings

    def test_who_records_has_no_end_of_a_pause(self) -> None:
        assert read(paused=False, pausedUntil=5).paused_until is None

    @pytest.mark.parametrize("until", ["hour", True, -1, float("nan"), float("inf"), [], {}])
    def test_what_is_refused(self, until: object) -> None:
        with pytest.raises(SettingsError) as caught:
            read(paused=True, pausedUntil=until)
        assert list(caught.value.problems) == ["pausedUntil"]

    @pytest.mark.parametrize(
        ("record", "now_ms", "started", "over"),
        [
            ({"paused": True}, 9e15, True, False),
            ({"paused": True, "pausedUntil": 1000}, 999, True, False),
            ({"paused": True, "pausedUntil": 1000}, 1000, False, True),
            ({"paused": True, "pausedUntil": "restart"}, 9e15, False, False),
            ({"paused": True, "pausedUntil": "restart"}, 0, True, True),
            ({"paused": False}, 9e15, True, False),
        ],
    )
    def test_when_it_is_over(
        self, record: dict[str, Any], now_ms: float, started: bool, over: bool
    ) -> None:
        assert read(**record).is_pause_over(now_ms, started=started) is over


class TestPresets:
    def test_all_of_them_until_the_person_has_chosen(self) -> None:
        assert "https://www.sparkasse-koelnbonn.de/" in read().exclusions
        assert "https://www.sparkasse-koelnbonn.de/" not in read(presets=[]).exclusions

    def test_those_of_other_versions_are_left_out(self) -> None:
        assert read(presets=["health", "gardens", "banks"]).presets == ("banks", "health")

    @pytest.mark.parametrize("value", ["banks", 7, [7]])
    def test_a_list_of_names(self, value: object) -> None:
        assert problem("presets", value) == "The kinds of pages must be a list of names."


@given(st.dictionaries(st.sampled_from(sorted(Settings().to_record())), st.text() | st.floats()))
def test_anything_is_settings_or_a_settings_error(record: dict[str, Any]) -> None:
    try:
        settings = Settings.from_record(record)
    except SettingsError as error:
        assert error.problems
        assert set(error.problems) <= set(record)
    else:
        assert Settings.from_record(settings.to_record()) == settings
