"""The options form agrees with the settings."""

from __future__ import annotations

from heyho.pages.options import form
from heyho.settings import STRATEGIES, Settings

# Differs from all that can stand in a form.
NOTHING = dict.fromkeys(form.FIELDS, "\x00")


def shown(**changed: str) -> dict[str, str]:
    """The form, filled from an empty store, with other texts in some fields."""
    return {name: form.to_text({}, name) for name in form.FIELDS} | changed


def test_the_forms_defaults_are_the_settings_defaults() -> None:
    record = Settings().to_record()
    assert {name: record[name] for name in form.FIELDS} == form.DEFAULTS


def test_what_the_form_shows_reads_back_as_the_same_settings() -> None:
    settings = Settings(
        server_url="https://history.example/api/v1",
        token="abc",
        strategy="sequential",
        concurrency=7,
        batch_size=250,
        period_minutes=60,
        excluded=("bank.example", "*.internal"),
        recorded=("dkb.de",),
    )
    record = settings.to_record()
    typed = {name: form.to_text(record, name) for name in form.FIELDS}
    assert Settings.from_record(form.changes(typed, NOTHING, {})) == settings


def test_a_refusal_counts_the_fields_to_correct() -> None:
    assert form.refusal({}) == ""
    assert form.refusal({"token": "?"}) == "Not saved. 1 field to correct."
    assert form.refusal({"token": "?", "excluded": "?"}) == "Not saved. 2 fields to correct."
    assert form.refusal({"paused": "a field that the form does not have"}) == ""


def test_an_empty_store_shows_the_defaults() -> None:
    typed = {name: form.to_text({}, name) for name in form.FIELDS}
    assert Settings.from_record(form.changes(typed, NOTHING, {})) == Settings()


def test_what_cannot_matter_is_said() -> None:
    fields = {
        strategy: [name for name, said in form.unused(strategy).items() if said]
        for strategy in STRATEGIES
    }
    assert fields == {
        "auto": ["concurrency"],
        "sequential": ["concurrency", "workers"],
        "concurrent": ["workers"],
        "parallel": [],
    }


def test_only_what_the_person_has_changed_is_stored() -> None:
    assert form.changes(shown(), shown(), {"strategy": "auto", "excluded": ["a.example"]}) == {}
    assert form.changes(shown(periodMinutes="9"), shown(), {}) == {"periodMinutes": "9"}


def test_patterns_that_came_or_went_elsewhere_stay_so() -> None:
    before = shown(excluded="a.example\nb.example")
    typed = shown(excluded="b.example\n\n  c.example ")
    now = {"excluded": ["a.example", "popup.example"]}
    assert form.changes(typed, before, now) == {"excluded": ["c.example", "popup.example"]}


def test_a_token_goes_with_its_server() -> None:
    before = shown(serverUrl="https://a.example/api/v1", token="")
    typed = {**before, "serverUrl": "https://b.example/api/v1"}
    now = {"serverUrl": "https://a.example/api/v1", "token": "of another tab"}
    assert form.changes(typed, before, now) == {
        "serverUrl": "https://b.example/api/v1",
        "token": "",
    }
