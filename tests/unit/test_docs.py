"""The documentation tells of everything that the code has, and of nothing that is not there.

What has to be told is read from the code: imported where it is data, else found in its syntax
tree, and in JavaScript by patterns. A search that finds nothing at all fails.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

import build
from heyho import errors
from heyho.model import IdleReason, Outcome, Run, Span, Trigger
from heyho.pages.shapes import Status
from heyho.recording.decoder import _DECODERS
from heyho.settings import RANGES, STRATEGIES, Settings
from heyho.sync.progress import Progress

ROOT = Path(__file__).parents[2]
PYSRC = ROOT / "pysrc"
TESTS = ROOT / "tests"
BENCH = TESTS / "bench"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
MANIFEST = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
SCRIPTS = {
    file.name: file.read_text(encoding="utf-8")
    for file in sorted((ROOT / "extension").glob("*.js"))
}

# Directories whose files are made or installed: what is named in there need not exist.
MADE = {".cache", ".git", ".hypothesis", ".venv", "dist", "node_modules"}
FILE = re.compile(r"[\w.*/-]+\.(?:css|html|js|json|lock|md|mjs|png|py|svg|toml)")
MODULE = re.compile(r"heyho(?:_server)?(?:\.[A-Za-z_]+)+")
FENCED = re.compile(r"^```.*?\n(.*?)^```", re.DOTALL | re.MULTILINE)


def code_in(text: str) -> set[str]:
    """Everything in a Markdown text that is set as code, word by word."""
    fenced = FENCED.findall(text)
    spans = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    return {word for code in fenced + spans for word in re.split(r"[\s{}\[\](),:;]+", code)}


def untold(names: Iterable[str], text: str) -> list[str]:
    """Which of the names are not set as code in the text; there must be some names."""
    wanted = set(names)
    assert wanted, "the search for what has to be told found nothing"
    return sorted(wanted - code_in(text))


def trees(*folders: Path) -> Iterator[ast.Module]:
    """The syntax trees of all Python files in some folders, or of single files."""
    for folder in folders:
        for file in build.files_below(folder):
            if file.suffix == ".py":
                yield ast.parse(file.read_text(encoding="utf-8"))


def calls(*folders: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Every call of a method: the name of its object, its own, and its arguments of text."""
    for tree in trees(*folders):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value
                name = getattr(of, "attr", getattr(of, "id", "")).lstrip("_")
                yield name, node.func.attr, list(texts(node.args))


def texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The constants of text among some nodes."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def matches(pattern: str, *scripts: str) -> set[str]:
    """What a pattern's one group finds in scripts of the extension."""
    return {found for name in scripts for found in re.findall(pattern, SCRIPTS[name])}


def state_keys() -> set[str]:
    """Every key of the `state` store that any code reads or writes by its name."""
    by_name = r'(?:readState\(|\bstate\.get\(|objectStore\("state"\)\s*\.(?:get|put)\()"(\w+)"'
    keys = matches(by_name, *SCRIPTS)
    for of, method, arguments in calls(PYSRC / "heyho"):
        if (of, method) in {("state", "get"), ("state", "put"), ("bridge", "read_state")}:
            keys.update(arguments)
    return keys


def session_keys() -> set[str]:
    """Every key of chrome.storage.session."""
    keys = matches(r'storage\.session\.(?:get|remove)\(\[?"(\w+)"', *SCRIPTS)
    for found in matches(r"storage\.session\.set\(\{([^}]+)\}", *SCRIPTS):
        keys.update(re.findall(r"(\w+)(?=:)", found))
    return keys


def message_kinds() -> set[str]:
    """The kinds of messages between contexts: sent, published, and answered."""
    kinds = matches(r'\bkind === "(\w+)"\) return', "background.js")
    for _, method, arguments in calls(PYSRC / "heyho"):
        if method.lstrip("_") == "publish":
            kinds.update(arguments[:1])
    for tree in trees(PYSRC / "heyho"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                kinds.update(*(texts([value]) for key, value in pairs if key and is_kind(key)))
            elif isinstance(node, ast.AnnAssign) and is_table_of_handlers(node):
                assert isinstance(node.value, ast.Dict)
                kinds.update(texts(key for key in node.value.keys if key))
    return kinds


def is_kind(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == "kind"


def is_table_of_handlers(node: ast.AnnAssign) -> bool:
    named = isinstance(node.target, ast.Attribute) and node.target.attr.lstrip("_") == "handlers"
    return named and isinstance(node.value, ast.Dict)


def event_kinds() -> set[str]:
    """The kinds of raw events, as the recorder writes them."""
    calls_of = matches(r'\b(?:append|moved)\("(\w+)"', "background.js")
    return calls_of | matches(r'\bkind: "(\w+)", at\b', "background.js")


def environment_variables() -> set[str]:
    """Every environment variable that the product or build.py reads."""
    found: set[str] = set()
    for tree in trees(PYSRC, ROOT / "build.py"):
        found.update(t for t in texts(ast.walk(tree)) if re.fullmatch(r"HEYHO_[A-Z_]+", t))
    return found


def options() -> set[str]:
    """Every option of the server and of the programs that build.py turns into."""
    return {
        argument
        for _, method, arguments in calls(PYSRC / "heyho_server", TESTS / "harness", BENCH)
        if method == "add_argument"
        for argument in arguments
        if argument.startswith("--")
    }


def sources() -> list[str]:
    """The path of every file of the project."""
    return [
        file.relative_to(ROOT).as_posix()
        for entry in ROOT.iterdir()
        if entry.name not in MADE
        for file in build.files_below(entry)
    ]


class TestEverythingIsTold:
    def test_commands(self) -> None:
        commands = set(build.STEPS) | set(build.PROGRAMS)
        told = set(re.findall(r"build\.py (\w+)", README + ARCHITECTURE))
        assert commands
        assert commands - told == set()
        assert told - commands == set(), "no such command"

    def test_options(self) -> None:
        assert {"--data", "--json"} <= options()
        assert untold(options(), TEXT) == []

    def test_environment_variables(self) -> None:
        assert "HEYHO_CHROMIUM" in environment_variables()
        assert untold(environment_variables(), TEXT) == []

    def test_settings_with_their_defaults_and_limits(self) -> None:
        record = Settings().to_record()
        assert untold(record, ARCHITECTURE) == []
        for name, (low, high) in RANGES.items():
            row = f"| `{name}` | {record[name]} | {low} to {high}"
            assert row in ARCHITECTURE, name
        assert untold(STRATEGIES, ARCHITECTURE) == []

    def test_keys_of_the_state(self) -> None:
        assert {"fold", "ledger", "settings", "failures", "status"} <= state_keys()
        assert rows_of("State") == state_keys()

    def test_keys_of_the_session(self) -> None:
        assert {"session", "unsaved"} <= session_keys()
        assert session_keys() <= rows_of("Messages")

    def test_kinds_of_messages(self) -> None:
        assert {"engine", "run", "settings", "progress", "recording"} <= message_kinds()
        assert message_kinds() <= rows_of("Messages")

    def test_calls_that_the_recorder_makes_for_the_engine(self) -> None:
        called = matches(r'"((?:alarms|action)\.\w+)"', "background.js")
        assert untold(called, section("Messages")) == []

    def test_kinds_of_events(self) -> None:
        assert event_kinds() == set(_DECODERS)
        rows = re.findall(r"^\| (`.*?`) \|", section("Raw events"), re.MULTILINE)
        assert code_in("\n".join(rows)) == event_kinds()

    def test_alarms(self) -> None:
        named = matches(r'alarms\.create\("(\w+)"', "background.js")
        named |= {a[0] for _, method, a in calls(PYSRC / "heyho") if method == "set_alarm" and a}
        assert rows_of("Alarms") == named

    def test_stores(self) -> None:
        stores = matches(r'createObjectStore\("(\w+)"', "database.js")
        assert untold(stores, section("The database")) == []

    def test_records(self) -> None:
        run = Run(started_at=0.0, trigger="manual", strategy="sequential")
        span = Span(batch=0, lane=0, start=0.0, end=0.0, visits=0, bytes=0, status=0)
        progress = Progress(trigger="manual", strategy="sequential", started_at=0.0, visits=0)
        assert untold([*run.to_record(), *span.__slots__], section("A run")) == []
        assert untold(progress.to_record(0), section("Messages")) == []
        assert untold(Status.__annotations__, section("Messages")) == []
        words = [word for kind in (Outcome, Trigger, IdleReason) for word in get_args(kind)]
        assert untold(words, ARCHITECTURE) == []

    def test_errors(self) -> None:
        kinds = {
            name
            for name, kind in vars(errors).items()
            if isinstance(kind, type) and issubclass(kind, errors.HeyhoError)
        }
        assert untold(kinds - {"HeyhoError", "SyncError"}, section("Syncing")) == []

    def test_modules(self) -> None:
        heyho = PYSRC / "heyho"
        modules = {file.relative_to(heyho).as_posix() for file in heyho.rglob("*.py")}
        modules = {name for name in modules if not name.endswith("__init__.py")}
        assert untold(modules | set(SCRIPTS), section("The map")) == []

    def test_modules_of_the_bench(self) -> None:
        files = {file.relative_to(BENCH).as_posix() for file in build.files_below(BENCH)}
        assert untold(files - {"__init__.py", "__main__.py"}, section("The bench")) == []

    def test_permissions_with_their_reasons(self) -> None:
        permissions = MANIFEST["permissions"] + MANIFEST["optional_permissions"]
        rows = re.findall(r"^\| `(\w+)` \| \w.+ \|$", README, re.MULTILINE)
        assert sorted(rows) == sorted(permissions)
        assert "host_permissions" not in MANIFEST
        assert "content_scripts" not in MANIFEST
        assert MANIFEST["incognito"] == "not_allowed"

    def test_versions(self) -> None:
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert re.search(rf"^## .*\b{re.escape(MANIFEST['version'])}\b", changelog, re.MULTILINE)
        assert f"({MANIFEST['minimum_chrome_version']} or newer)" in README


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
class TestNothingIsMadeUp:
    def test_files_exist(self, page: Path) -> None:
        files = sources()
        named = {word for word in code_in(page.read_text(encoding="utf-8")) if FILE.fullmatch(word)}
        missing = [
            name
            for name in named
            if not name.startswith("/")  # a path of the server
            and name.split("/")[0] not in MADE
            and not any(file == name or file.endswith(f"/{name}") for file in files)
        ]
        assert missing == []

    def test_modules_exist(self, page: Path) -> None:
        words = code_in(page.read_text(encoding="utf-8"))
        assert [word for word in words if MODULE.fullmatch(word) and not names_code(word)] == []

    def test_links_lead_somewhere(self, page: Path) -> None:
        text = page.read_text(encoding="utf-8")
        broken = []
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" in target:
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and anchor not in anchors(file)):
                broken.append(target)
        assert broken == []


def names_code(dotted: str) -> bool:
    """Whether there is such a module, or such a name in one."""
    path, parts = PYSRC, dotted.split(".")
    while parts and (path / parts[0]).is_dir():
        path /= parts.pop(0)
    if not parts:
        return True
    module = path / f"{parts[0]}.py"
    return module.is_file() and all(
        re.search(rf"\b{name}\b", module.read_text(encoding="utf-8")) for name in parts[1:]
    )


def anchors(file: Path) -> set[str]:
    """What a link into a Markdown file can lead to."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(heading: str) -> str:
    """A section of the architecture, with the smaller ones in it."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n", ARCHITECTURE, re.MULTILINE)
    assert found, f"no section {heading}"
    rest = ARCHITECTURE[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows_of(heading: str) -> set[str]:
    """What the rows of a section's tables tell about, after the target of a message."""
    row = re.compile(r"^\| (?:`background` \| )?`(\w+)`", re.MULTILINE)
    return set(row.findall(section(heading)))
