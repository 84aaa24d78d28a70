"""What Heyho says: complete in every language, all of it used, and put together rightly."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import build
from harness.texts import LOCALES, messages, source
from heyho import texts
from heyho.errors import HeyhoError, TimedOut

ROOT = Path(__file__).parents[2]
LANGUAGES = sorted(folder.name for folder in LOCALES.iterdir())
SHARED = {"thousands"}
"""Keys that `heyho.texts` itself asks for."""


def asked_in_python() -> Iterator[tuple[str, bool]]:
    """Keys that are asked for, and whether each is only the beginning of some."""
    for file in build.files_below(ROOT / "pysrc" / "heyho"):
        if file.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "texts.text",
                "texts.plural",
            ):
                plural = ast.unparse(node.func) == "texts.plural"
                yield from keys_in(node.args[0], plural=plural)


def keys_in(key: ast.expr, *, plural: bool) -> Iterator[tuple[str, bool]]:
    if isinstance(key, ast.IfExp):
        yield from keys_in(key.body, plural=plural)
        yield from keys_in(key.orelse, plural=plural)
    elif isinstance(key, ast.JoinedStr):
        beginning = key.values[0]
        assert isinstance(beginning, ast.Constant), "a key has to begin with what is known"
        yield str(beginning.value), True
    elif isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield from (
            (f"{key.value}{end}", False) for end in (("_one", "_other") if plural else ("",))
        )


def asked_in_pages() -> Iterator[str]:
    for page in (ROOT / "extension").glob("**/*.html"):
        yield from re.findall(r'data-(?:[a-z-]+-)?text="(\w+)"', page.read_text(encoding="utf-8"))
    yield from re.findall(r"__MSG_(\w+)__", (ROOT / "manifest.json").read_text(encoding="utf-8"))
    for script in (ROOT / "extension").glob("*.js"):
        yield from re.findall(r'getMessage\("(\w+)"', script.read_text(encoding="utf-8"))


def test_there_are_several_languages() -> None:
    assert {"en", "de"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
class TestLanguage:
    def test_it_says_everything(self, language: str) -> None:
        assert messages(language).keys() == messages("en").keys()
        assert all(text.strip() for text in messages(language).values())

    def test_it_puts_in_the_same_values(self, language: str) -> None:
        for key, text in messages(language).items():
            values = set(re.findall(r"\$\d", text))
            in_english = set(re.findall(r"\$\d", messages("en")[key]))
            if key.endswith("_one"):  # which may say “one” for the number
                values.discard("$1")
                in_english.discard("$1")
            assert values == in_english, key

    def test_it_says_where_to_find_again_what_the_welcome_offers(self, language: str) -> None:
        known = messages(language)
        assert known["nav_data"] in known["welcome_any_time"]
        assert known["nav_settings"].lower() in known["welcome_any_time"].lower()

    def test_its_keys_are_in_order(self, language: str) -> None:
        keys = list(json.loads((LOCALES / language / "messages.json").read_text(encoding="utf-8")))
        assert keys == sorted(keys)


def test_whatever_is_asked_for_is_there_and_the_other_way_round() -> None:
    keys = messages("en").keys()
    in_python = list(asked_in_python())
    exact = {key for key, part in in_python if not part} | set(asked_in_pages())
    beginnings = tuple(key for key, part in in_python if part)
    assert exact - keys == set()
    unused = keys - exact - SHARED
    assert sorted(key for key in unused if not key.startswith(beginnings)) == []


def test_numbers_are_written_as_the_language_does() -> None:
    assert texts.number(1_234_567) == "1,234,567"
    texts.use(source("de"))
    assert texts.number(1_234_567) == "1.234.567"


def test_an_unknown_sentence_is_an_error() -> None:
    with pytest.raises(LookupError, match="no sentence nonsense"):
        texts.text("nonsense")


def test_a_file_says_what_the_browser_does() -> None:
    for language in LANGUAGES:
        content = (LOCALES / language / "messages.json").read_text(encoding="utf-8")
        mine, theirs = texts.from_file(content), source(language)
        for key in messages(language):
            for values in ([], ["1"], ["a", "b$1", "c"]):
                assert mine(key, values) == theirs(key, values)
    assert texts.from_file(content)("nonsense", []) == ""


def test_what_is_said_by_key_is_put_into_words_elsewhere() -> None:
    texts.use(texts.by_key)
    said = f"First: {texts.text('error_pattern', 'x')} Then: {texts.text('error_slow_down')} End"
    unfinished = said[:-5].replace("\x0f", "", 2)
    texts.use(source("en"))
    assert texts.resolve(said).startswith("First: “x” is no pattern for pages;")
    assert texts.resolve(said).endswith(
        "Then: Your server asks to slow down. The rest goes a little later. End"
    )
    assert texts.resolve("as it is") == "as it is"
    assert texts.resolve(unfinished) == unfinished


def test_an_error_of_a_worker_speaks_the_engines_language() -> None:
    texts.use(texts.by_key)
    record = TimedOut(texts.text("error_timed_out", "nas", "30")).to_record()
    texts.use(source("de"))
    error = HeyhoError.from_record(record)
    assert isinstance(error, TimedOut)
    assert error.sentence.startswith("Dein Server nas hat 30 Sekunden lang nicht geantwortet.")


def test_what_the_engine_says_of_a_persons_data_is_said_by_key() -> None:
    folders = ("archive", "catalog", "browser")
    kinds = {"HeyhoError", "SyncError", "Unreadable", "StorageError"}
    written = [
        f"{file.name}:{node.lineno}"
        for folder in folders
        for file in build.files_below(ROOT / "pysrc" / "heyho" / folder)
        if file.suffix == ".py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in kinds and node.args
        if isinstance(node.args[0], (ast.Constant, ast.JoinedStr))
    ]
    assert written == []
