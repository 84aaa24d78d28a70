"""The pure parts of build.py: what counts as done, as the same, as a Chromium, and as a service."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import build


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place in which build.py keeps its lock and its findings."""
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "CHROMIUM_FILE", tmp_path / "found")
    return tmp_path


def write(path: Path, text: str = "", mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


class TestPython:
    def test_an_old_one_is_refused_in_a_sentence(self) -> None:
        with pytest.raises(build.Failure, match=r"this is Python 3\.10: .* Python 3\.11 or newer"):
            build.require_python((3, 10))

    def test_new_ones_are_taken(self) -> None:
        build.require_python((3, 11))
        build.require_python((4, 0))

    def test_an_old_one_can_read_the_file_that_refuses_it(self) -> None:
        source = Path(build.__file__).read_text(encoding="utf-8")
        ast.parse(source, feature_version=(3, 8))

    def test_without_ensurepip_and_apt_the_sentence_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        monkeypatch.setenv("PATH", "")
        with pytest.raises(build.Failure, match=r"apt-get install python3\.\d+-venv"):
            build.make_venv()


class TestStep:
    def stale(self, root: Path, inputs: str) -> bool:
        """Go through a step whose product is a file, and say whether it had to be made."""
        with build.step(root / "stamp", inputs, [root / "product"]) as stale:
            if stale:
                write(root / "product")
        return stale

    def test_is_done_once_for_the_same_inputs(self, root: Path) -> None:
        assert [self.stale(root, inputs) for inputs in "aabbab"] == [
            *(True, False),
            *(True, False),
            *(True, True),
        ]

    def test_is_done_again_when_its_product_is_gone(self, root: Path) -> None:
        self.stale(root, "a")
        (root / "product").unlink()
        assert self.stale(root, "a")

    def test_that_broke_is_not_believed_even_for_earlier_inputs(self, root: Path) -> None:
        self.stale(root, "a")
        with pytest.raises(KeyboardInterrupt), build.step(root / "stamp", "b", []):
            raise KeyboardInterrupt
        assert self.stale(root, "a")

    def test_keeps_others_out(self, root: Path) -> None:
        fcntl = pytest.importorskip("fcntl")
        with (
            build.step(root / "stamp", "a", []),
            (root / ".cache" / "lock").open() as other,
            pytest.raises(BlockingIOError),
        ):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


class TestDigest:
    def test_ignores_times_order_of_making_and_compiled_files(self, root: Path) -> None:
        for name in ("a.py", "b/c.py"):
            write(root / "one" / "src" / name, name)
        for name in ("b/c.py", "a.py", "b/c.pyc"):
            os.utime(write(root / "two" / "src" / name, name), (0, 0))
        assert build.digest([root / "one" / "src"]) == build.digest([root / "two" / "src"])

    @pytest.mark.parametrize(
        "other",
        [{"a": "1", "b": "3"}, {"a": "1", "c": "2"}, {"a": "1"}, {"a": "12", "b": ""}],
        ids=["content", "name", "missing", "boundary"],
    )
    def test_sees_every_difference(self, root: Path, other: dict[str, str]) -> None:
        for directory, files in (("one", {"a": "1", "b": "2"}), ("two", other)):
            for name, text in files.items():
                write(root / directory / "src" / name, text)
        assert build.digest([root / "one" / "src"]) != build.digest([root / "two" / "src"])


class TestZip:
    def test_has_the_same_bytes_for_the_same_contents(self, root: Path) -> None:
        early = {Path(name): write(root / "1" / name, name) for name in ("a/b", "c")}
        late = {Path(name): write(root / "2" / name, name, 0o755) for name in ("c", "a/b")}
        for file in late.values():
            os.utime(file, (0, 0))
        for target, files in (("1.zip", early), ("2.zip", late)):
            build.write_zip(root / target, files)
        assert (root / "1.zip").read_bytes() == (root / "2.zip").read_bytes()

    def test_holds_what_was_put_in(self, root: Path) -> None:
        build.write_zip(root / "it.zip", {Path("a/b"): write(root / "file", "text")})
        with zipfile.ZipFile(root / "it.zip") as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == {"a/b": b"text"}


def test_pyodide_gets_all_modules_but_pages_and_test_doubles(root: Path) -> None:
    names = ["__init__", "engine", "testing", "sync/__init__", "sync/ledger", "pages/popup"]
    files = {name: write(root / "heyho" / f"{name}.py") for name in names}
    write(root / "heyho" / "py.typed")
    assert build.engine_modules(root / "heyho") == {
        "heyho": files["__init__"],
        "heyho.engine": files["engine"],
        "heyho.sync": files["sync/__init__"],
        "heyho.sync.ledger": files["sync/ledger"],
    }


def test_a_runtime_file_that_is_missing_fails_the_build(root: Path) -> None:
    write(root / "source" / "a.mjs")
    with pytest.raises(build.Failure, match=r"has no \*\.wasm"):
        build.copy_files(root / "source", "*.mjs *.wasm", root / "target")


@pytest.mark.skipif(os.name == "nt", reason="the fake browsers are shell scripts")
class TestChromium:
    GOOD = "#!/bin/sh\n"
    STUB = "#!/bin/sh\necho install the snap; exit 1\n"

    @pytest.fixture(autouse=True)
    def machine(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine with an empty path, on which Playwright knows of no browser."""
        monkeypatch.delenv("HEYHO_CHROMIUM", raising=False)
        monkeypatch.setenv("PATH", str(root / "bin"))
        monkeypatch.setattr(build, "playwright_chromium", lambda: None)

    def browser(self, root: Path, name: str, script: str = GOOD) -> str:
        return str(write(root / "bin" / name, script, 0o755))

    def test_is_found_on_the_path(self, root: Path) -> None:
        found = self.browser(root, "chromium-browser")
        assert build.chromium() == found

    def test_that_does_not_start_is_passed_over(self, root: Path) -> None:
        self.browser(root, "chromium", self.STUB)
        found = self.browser(root, "chromium-browser")
        assert build.find_chromium() == found

    def test_is_never_google_chrome(self, root: Path) -> None:
        self.browser(root, "google-chrome")
        assert build.find_chromium() is None

    def test_of_playwright_comes_first_if_it_is_there(
        self, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = self.browser(root, "chromium")
        monkeypatch.setattr(build, "playwright_chromium", lambda: str(root / "cache" / "chrome"))
        assert build.find_chromium() == found
        cached = write(root / "cache" / "chrome", self.GOOD, 0o755)
        assert build.find_chromium() == str(cached)

    def test_is_looked_for_once(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = self.browser(root, "chromium")
        build.chromium()
        monkeypatch.setattr(build, "find_chromium", pytest.fail)
        assert build.chromium() == found

    def test_is_looked_for_again_when_it_is_gone(self, root: Path) -> None:
        Path(self.browser(root, "chromium")).rename(root / "bin" / "chromium-browser")
        build.CHROMIUM_FILE.write_text(str(root / "bin" / "chromium"))
        assert build.chromium() == str(root / "bin" / "chromium-browser")

    def test_of_the_person_overrides_all(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.browser(root, "chromium")
        own = self.browser(root, "my-own")
        monkeypatch.setenv("HEYHO_CHROMIUM", own)
        assert build.chromium() == own

    def test_of_the_person_must_be_there(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HEYHO_CHROMIUM", str(root / "nowhere"))
        with pytest.raises(build.Failure, match=r"nowhere.* correct or unset it"):
            build.chromium()


@pytest.mark.skipif(os.name == "nt", reason="the fake programs are shell scripts")
class TestServices:
    @pytest.fixture(autouse=True)
    def machine(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A machine with an empty path and nothing of Debian's."""
        for name in ("POSTGRES", "REDIS"):
            monkeypatch.delenv(f"HEYHO_{name}", raising=False)
            monkeypatch.setattr(build, f"{name}_FILE", root / f"found-{name}")
        monkeypatch.setenv("PATH", str(root / "bin"))
        monkeypatch.setattr(build, "POSTGRES_HOMES", root / "debian")

    def programs(self, directory: Path, *names: str) -> str:
        for name in names:
            write(directory / name, "#!/bin/sh\n", 0o755)
        return str(directory)

    def test_postgres_is_found_on_the_path(self, root: Path) -> None:
        self.programs(root / "debian" / "17" / "bin", "initdb", "postgres")
        found = self.programs(root / "bin", "initdb", "postgres")
        assert build.postgres() == found

    def test_postgres_of_debian_is_the_newest_that_is_whole(self, root: Path) -> None:
        for version in ("9", "15", "16"):
            self.programs(root / "debian" / version / "bin", "initdb", "postgres")
        self.programs(root / "debian" / "17" / "bin", "psql")
        self.programs(root / "bin", "postgres")
        assert build.postgres() == str(root / "debian" / "16" / "bin")

    def test_valkey_comes_before_redis(self, root: Path) -> None:
        self.programs(root / "bin", "redis-server")
        assert build.find_redis() == str(root / "bin" / "redis-server")
        self.programs(root / "bin", "valkey-server")
        assert build.redis() == str(root / "bin" / "valkey-server")

    def test_they_are_looked_for_once(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs(root / "bin", "initdb", "postgres", "redis-server")
        found = (build.postgres(), build.redis())
        for name in ("find_postgres", "find_redis"):
            monkeypatch.setattr(build, name, pytest.fail)
        assert (build.postgres(), build.redis()) == found

    @pytest.mark.parametrize(
        ("name", "package"), [("postgres", "postgresql"), ("redis", "redis-server")]
    )
    def test_without_apt_the_sentence_says_what_to_run(self, name: str, package: str) -> None:
        with pytest.raises(build.Failure, match=rf"run `sudo apt-get install {package}`"):
            getattr(build, name)()

    @pytest.mark.parametrize("name", ["postgres", "redis"])
    def test_of_the_person_must_be_there(
        self, root: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(f"HEYHO_{name.upper()}", str(root / "nowhere"))
        with pytest.raises(build.Failure, match=r"nowhere.* correct or unset it"):
            getattr(build, name)()

    def test_of_the_person_override_all(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs(root / "bin", "initdb", "postgres")
        own = self.programs(root / "own", "initdb", "postgres")
        monkeypatch.setenv("HEYHO_POSTGRES", own)
        assert build.postgres() == own


class TestCommands:
    def test_a_step_takes_no_arguments(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            build.main(["build", "--fast"])
        assert "build takes no arguments" in capsys.readouterr().err

    @pytest.mark.parametrize("passed", [["--help"], ["-k", "a or b"], ["--json", "x", "--", "y"]])
    def test_a_program_gets_all_arguments(
        self, monkeypatch: pytest.MonkeyPatch, passed: list[str]
    ) -> None:
        got: list[list[str]] = []
        monkeypatch.setitem(build.PROGRAMS, "demo", got.append)
        build.main(["demo", *passed])
        assert got == [passed]


class TestLocks:
    """What set-up installs is pinned by hash, and by nothing that ties it to one machine."""

    def test_python_packages(self) -> None:
        text = build.PYTHON_LOCK.read_text(encoding="utf-8")
        pins = re.split(r"\n(?=\S)", text)
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
        assert "://" not in text

        project = tomllib.loads((build.PYTHON_LOCK.parent / "pyproject.toml").read_text())
        wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
        assert {re.split(r"[\[<>=~; ]", name)[0] for name in wanted} <= {
            pin.partition("==")[0] for pin in pins
        }

    def test_browser_runtimes(self) -> None:
        text = build.NPM_LOCK.read_text(encoding="utf-8")
        packages = json.loads(text)["packages"]
        own = packages.pop("")
        for wanted in (own["dependencies"], own["devDependencies"]):
            assert wanted == {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
        assert all(package["integrity"].startswith("sha512-") for package in packages.values())
        assert "resolved" not in text

    def test_the_peers_of_the_bench_are_not_in_the_extension(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(build, "ROOT", build.NPM_LOCK.parent)
        packages = json.loads(build.NPM_LOCK.read_text(encoding="utf-8"))["packages"]
        peers = {
            path.removeprefix("node_modules/") for path in packages if packages[path].get("dev")
        }
        noted = set(re.findall(r"^(\S+) \d[\w.-]*: ", build.notices(), re.MULTILINE))
        assert {"dexie", "pouchdb-browser"} <= peers
        assert "pyodide" in noted
        assert not noted & peers
