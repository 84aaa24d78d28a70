"""The container's files fit the server: its settings, its sources, its packages."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from heyho_server.cli import make_parser
from heyho_server.environment import VARIABLES

ROOT = Path(__file__).parents[2]
HOME = ROOT / "docs" / "container"
CONTAINERFILE = (HOME / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE: dict[str, Any] = yaml.safe_load((HOME / "compose.yaml").read_text(encoding="utf-8"))


def pins(lock: Path) -> dict[str, str]:
    """The entries of a lock, with their hashes, by package."""
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    return {entry.partition("==")[0]: entry for entry in entries}


def needed() -> set[str]:
    """What the server runs on, with all that takes in turn, on Linux."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: set[str] = set()
    waiting = [Requirement(text) for text in project["dependencies"]]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        name, extras = canonicalize_name(one.name), frozenset(one.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        for text in requires(name) or []:
            inner = Requirement(text)
            wanted = [{"extra": extra} for extra in (*extras, "")]
            if inner.marker is None or any(map(inner.marker.evaluate, wanted)):
                waiting.append(inner)
    return found


def test_the_packages_are_the_servers_alone_and_pinned_as_everywhere() -> None:
    everything, kept = pins(ROOT / "requirements.lock"), pins(HOME / "requirements.lock")
    assert kept == {name: everything[name] for name in sorted(needed())}, (
        "write the entries of requirements.lock for these packages into it"
    )
    assert not {"pytest", "mypy", "playwright", "schemathesis"} & kept.keys()


def test_every_source_is_there() -> None:
    copied = re.findall(r"^COPY (\S+) ", CONTAINERFILE, re.MULTILINE)
    assert {"manifest.json", "pysrc"} <= set(copied)
    assert all((ROOT / source).exists() for source in copied)
    build = COMPOSE["services"]["server"]["build"]
    assert (HOME / build["context"] / build["dockerfile"]).resolve() == HOME / "Containerfile"


def test_every_variable_is_one_that_the_server_reads() -> None:
    given = set(re.findall(r"\b(HEYHO_[A-Z_]+)=", CONTAINERFILE))
    given |= set(COMPOSE["services"]["server"]["environment"])
    assert len(given) >= 6
    assert given <= set(VARIABLES)


def test_it_runs_the_server_as_nobody_in_particular() -> None:
    entry = re.search(r"^ENTRYPOINT (.+)$", CONTAINERFILE, re.MULTILINE)
    assert entry is not None
    program, *arguments = json.loads(entry[1])
    assert [program, *arguments[:2]] == ["python", "-m", "heyho_server"]
    make_parser().parse_args(arguments[2:] + COMPOSE["services"]["server"].get("command", []))
    assert re.search(r"^USER (?!root)\w+$", CONTAINERFILE, re.MULTILINE)
    health = re.search(r"^HEALTHCHECK .* CMD (\[.+\])$", CONTAINERFILE, re.MULTILINE)
    assert health is not None
    assert json.loads(health[1]) == [*json.loads(entry[1]), "health"]
    assert re.search(r"^VOLUME /data$", CONTAINERFILE, re.MULTILINE)


def test_no_password_is_written_down() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            secret = re.search("PASSWORD|TOKEN|SECRET|DATABASE_URL", name)
            assert not secret or (name.endswith("_FILE") and value.startswith("/run/secrets/"))
        for secret in service.get("secrets", []):
            assert COMPOSE["secrets"][secret]["file"]
    others = [COMPOSE["services"][name] for name in ("postgres", "valkey")]
    assert all("healthcheck" in service and "ports" not in service for service in others)
