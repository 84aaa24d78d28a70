"""The options form agrees with the settings."""

from __future__ import annotations

from heyho.pages.options import form
from heyho.settings import STRATEGIES, Settings


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
    assert Settings.from_record(form.to_settings(typed)) == settings


def test_a_refusal_counts_the_fields_to_correct() -> None:
    assert form.refusal({}) == ""
    assert form.refusal({"token": "?"}) == "Not saved. 1 field to correct."
    assert form.refusal({"token": "?", "excluded": "?"}) == "Not saved. 2 fields to correct."
    assert form.refusal({"paused": "a field that the form does not have"}) == ""


def test_an_empty_store_shows_the_defaults() -> None:
    typed = {name: form.to_text({}, name) for name in form.FIELDS}
    assert Settings.from_record(form.to_settings(typed)) == Settings()


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


def test_only_what_was_changed_is_sent() -> None:
    """Another window may have changed the rest since this one was opened."""
    stored = {name: form.to_text({}, name) for name in form.FIELDS}
    assert form.changed(stored, stored) == {}
    assert form.to_settings(form.changed({**stored, "workers": "3"}, stored)) == {"workers": "3"}
    entered = {**stored, "excluded": "a.example\nb.example"}
    assert form.to_settings(form.changed(entered, stored)) == {
        "excluded": ["a.example", "b.example"]
    }
    paired = form.changed({**stored, "token": "new"}, stored)
    assert paired == {"serverUrl": "", "token": "new"}
