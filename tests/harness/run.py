"""The extension in a window, with a server of its own: `build.py run`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from playwright.sync_api import Error

from harness.browser import ROOT, Browser
from harness.server import ServerProcess

HOME = ROOT / ".cache" / "run"


def main() -> int:
    """Keep a server and a browser open until the window is closed."""
    parser = argparse.ArgumentParser(prog="build.py run", description=__doc__)
    parser.add_argument("--port", type=int, default=8787, help="the server's port")
    port = parser.parse_args().port
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        print(
            "There is no screen to open a window on: use `build.py demo` instead.", file=sys.stderr
        )
        return 2
    try:
        keep_open(port)
    except RuntimeError as error:
        print(f"{error}\nA free port can be chosen with --port.", file=sys.stderr)
        return 2
    return 0


def keep_open(port: int) -> None:
    """Run the server and the browser until the last window is closed."""
    HOME.mkdir(parents=True, exist_ok=True)
    token_file = HOME / "token"
    if not token_file.exists():
        token_file.touch(mode=0o600)
        token_file.write_text(secrets.token_urlsafe(24))
    with (
        ServerProcess(
            HOME / "server", token=token_file.read_text(), port=port, limits=True
        ) as server,
        Browser(profile=HOME / "profile", headless=False) as browser,
    ):
        browser.connect(server.url, str(server.token))
        browser.open("popup.html")
        print(
            f"Heyho records in this window and syncs to {server.url}.\n"
            f"History and profile stay in {HOME.relative_to(ROOT)}. Close the window to end.",
            file=sys.stderr,
        )
        wait_for_the_end(browser)


def wait_for_the_end(browser: Browser) -> None:
    """Return when the last window is closed, or on Ctrl+C."""
    try:
        browser.context.wait_for_event("close", timeout=0)
    except (Error, KeyboardInterrupt):
        return


if __name__ == "__main__":
    sys.exit(main())
