"""A real Chromium with the built extension, driven by Playwright."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "dist" / "heyho"
EXTENSION_ID = "kpmnfkdhkpomlihhdnbdchillfbibmia"
_CONSOLE = re.compile(rf"CONSOLE:\d+\] (.*), source: chrome-extension://{EXTENSION_ID}/", re.DOTALL)
_UNPACKED = 4  # Chromium's name for where such an extension comes from
_GREETING = '"[pyscript/main] PyScript Ready"'
_LOG_LINE = re.compile(r"^\[\d+:\d+:\d{4}/", re.MULTILINE)


class Browser:
    """Chromium on a profile of its own, with the extension loaded.

    Args:
        profile: the profile's folder; a temporary one, removed at the end, when None.
        headless: without a window.
        extension: the folder of the built extension.
        playwright: a running Playwright to use; one of its own when None.
        throttled: leave Chromium's throttling of hidden pages on, as people have it.
        scheme: what pages are told the person prefers.
        args: more of Chromium's own options.
        welcome: leave the page open that greets the person after the installation.
        installed: start the extension from the profile, which has had it before, as a person's
            browser does. One that is named on the command line is installed anew each time.

    Attributes:
        profile: the profile's folder.
        log: the file that Chromium writes its log to, with all consoles.
        crashes: how processes of pages and workers ended that were not to end.
    """

    def __init__(
        self,
        *,
        profile: Path | None = None,
        headless: bool = True,
        extension: Path = EXTENSION,
        playwright: Playwright | None = None,
        throttled: bool = False,
        scheme: Literal["light", "dark"] = "light",
        args: Sequence[str] = (),
        welcome: bool = False,
        installed: bool = False,
    ) -> None:
        self._own_profile = profile is None
        self.profile = profile or Path(tempfile.mkdtemp(prefix="heyho-profile-"))
        self._headless = headless
        self._extension = extension
        self._given_playwright = playwright
        self._throttled = throttled
        self._scheme = scheme
        self._args = args
        self._welcome = welcome
        self._installed = installed
        self.log = self.profile / "heyho-console.log"
        self.crashes: list[dict[str, Any]] = []
        self.context: BrowserContext

    def __enter__(self) -> Self:
        self._manager = None if self._given_playwright else sync_playwright()
        is_new = not (self.profile / "Default").exists()
        playwright = self._given_playwright or self._manager.start()  # type: ignore[union-attr]
        args = [
            *(() if self._installed else _load(self._extension)),
            "--enable-logging",
            f"--log-file={self.log}",
            "--disable-background-networking",
            *self._args,
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            args.append("--no-sandbox")
        if self._installed:
            _install(self.profile, self._extension)
        options: dict[str, Any] = {"no_viewport": True}
        if self._headless:
            options = {"viewport": {"width": 1100, "height": 700}}
        left_out = ["--disable-extensions"] if self._installed else []
        if self._throttled:
            left_out += [
                "--disable-background-timer-throttling",
                "--disable-backgrounding-occluded-windows",
                "--disable-renderer-backgrounding",
            ]
        if left_out:
            options["ignore_default_args"] = left_out
        self.context = playwright.chromium.launch_persistent_context(
            self.profile,
            executable_path=chromium_path(),
            headless=self._headless,
            args=args,
            color_scheme=self._scheme,
            **options,
        )
        session = self.context.new_cdp_session(self.context.pages[0])
        session.on("Target.targetCrashed", lambda event: self.crashes.append(event))  # noqa: PLW0108
        session.send("Target.setDiscoverTargets", {"discover": True})
        if not self.context.service_workers:
            self.context.wait_for_event("serviceworker")
        if is_new and not self._welcome:
            page = self.welcome_page()
            page.wait_for_load_state()  # closed before, it may leave Chromium without texts
            page.close()
        return self

    def welcome_page(self) -> Page:
        """The page that is opened once, after the installation."""
        for _ in range(3000):
            for page in self.context.pages:
                if page.url.endswith("/welcome.html"):
                    return page
            self.context.pages[0].wait_for_timeout(20)
        raise LookupError("nobody is greeted")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(Exception):
            self.context.close()
        if self._manager is not None:
            self._manager.__exit__(None, None, None)
        if self._own_profile:
            shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, page_name: str) -> Page:
        """Open a page of the extension in a tab."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{EXTENSION_ID}/{page_name}")
        return page

    def connect(
        self, server_url: str, token: str, *, strategy: str | None = None, **settings: str
    ) -> None:
        """Name the server in the options page, as a person would; more fields by their id."""
        page = self.open("options.html")
        page.get_by_label("Server address").fill(server_url)
        page.get_by_label("Token", exact=True).fill(token)
        if strategy is not None:
            page.get_by_label("Strategy").select_option(strategy)
        for field, value in settings.items():
            page.locator(f"#{field}").fill(value)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved")
        page.close()

    def sync(self, says: str = "", timeout_ms: float = 60_000) -> None:
        """Press "Sync now" in the popup, and wait for the end of the run and for what it says."""
        page = self.open("popup.html")
        before = read_state(page, "lastRun")
        page.get_by_role("button", name="Sync now").click()
        wait_for_last_run(page, before, timeout_ms)
        expect(page.get_by_role("status")).to_contain_text(says)
        page.close()

    def console(self) -> list[str]:
        """Everything that any context of the extension has written to its console.

        The product writes nothing there but PyScript's greeting, which is left out: each entry
        is an error or an uncaught exception.
        """
        if not self.log.exists():
            return []
        text = self.log.read_text(errors="replace")
        starts = [match.start() for match in _LOG_LINE.finditer(text)] + [len(text)]
        entries = (text[a:b] for a, b in pairwise(starts))
        said = [found[1] for entry in entries if (found := _CONSOLE.search(entry))]
        return [text for text in said if text != _GREETING]

    def kill(self) -> None:
        """End the whole process group with SIGKILL, as a crash or a power cut does."""
        os.killpg(os.getpgid(self._pid()), signal.SIGKILL)
        with suppress(Exception):
            self.context.close()

    def owns(self, pid: int) -> bool:
        """Whether a process is this browser's, or one of its descendants."""
        root = self._pid()
        while pid > 1:
            if pid == root:
                return True
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return False

    def _pid(self) -> int:
        for folder in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                arguments = (folder / "cmdline").read_bytes().split(b"\0")
                mine = f"--user-data-dir={self.profile}".encode() in arguments
                if mine and not any(part.startswith(b"--type=") for part in arguments):
                    return int(folder.name)
        raise LookupError(f"no Chromium runs on {self.profile}")


def _load(extension: Path) -> tuple[str, str]:
    return f"--disable-extensions-except={extension}", f"--load-extension={extension}"


def _install(profile: Path, extension: Path) -> None:
    """Make the extension one that was loaded on chrome://extensions; `profile` is in no use."""
    file = profile / "Default" / "Preferences"
    preferences = json.loads(file.read_text())
    extensions = preferences["extensions"]
    extensions["settings"][EXTENSION_ID] |= {"location": _UNPACKED, "path": str(extension)}
    extensions["ui"] = {"developer_mode": True}
    file.write_text(json.dumps(preferences))


def chromium_path() -> str:
    """The Chromium that build.py found."""
    found = os.environ.get("HEYHO_CHROMIUM")
    return found or (ROOT / ".venv" / "chromium").read_text().strip()


def read_store(page: Page, store: str) -> list[dict[str, Any]]:
    """All values of an IndexedDB store, read from a page of the extension."""
    return json.loads(page.evaluate(_READ_STORE, store))  # type: ignore[no-any-return]


def read_state(page: Page, key: str) -> Any:
    """One value of the `state` store, read from a page of the extension."""
    return page.evaluate("key => readState(key)", key)


def wait_for_last_run(page: Page, before: Any = None, timeout_ms: float = 60_000) -> None:
    """Wait, on any page of the extension, until the last run is another than `before`, and pages
    were told of it."""
    page.evaluate(_NEXT_RUN, [(before or {}).get("startedAt"), timeout_ms])


ASK_STATUS = """() => chrome.runtime.sendMessage(
  { target: "background", kind: "engine", request: { kind: "status" } })"""
"""For a page of the extension; resolves to the reply. Requests before it have their replies too."""

_READ_STORE = """async (store) => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const request = database.transaction(store).objectStore(store).getAll();
      request.onsuccess = () => resolve(JSON.stringify(request.result));
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
}"""

_NEXT_RUN = """async ([before, timeout]) => {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    const [ended, status] = await Promise.all([readState("lastRun"), readState("status")]);
    const told = status?.lastRun?.startedAt;
    if (told && told !== before && told === ended?.startedAt) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no run ended in time");
}"""
