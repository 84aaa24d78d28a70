"""The main job end to end, headless and unattended: `build.py demo`."""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from harness.browser import ROOT, Browser, read_state, read_store, wait_for_last_run
from harness.journey import Journey
from harness.server import ServerProcess
from harness.site import serve_site
from harness.stored import compare, stored_visits

PICTURES = ROOT / "dist" / "demo"


@dataclass(frozen=True, slots=True)
class Summary:
    """The demo's figures; names are those of its JSON."""

    visitsMade: int  # noqa: N815
    visitsRecorded: int  # noqa: N815
    visitsOnServer: int  # noqa: N815
    lost: int
    duplicated: int
    excludedSeen: int  # noqa: N815
    engineBootMs: float  # noqa: N815
    syncSeconds: float  # noqa: N815
    errors: list[str]
    differences: list[str]

    @property
    def good(self) -> bool:
        """Whether every visit made is on the server exactly once, and nothing went wrong."""
        counts = {self.visitsMade, self.visitsRecorded, self.visitsOnServer}
        wrong = self.lost or self.duplicated or self.excludedSeen or self.errors
        return len(counts) == 1 and not wrong and self.visitsMade > 0


def run_demo() -> Summary:
    """Browse, sync, and compare."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory() as data,
        ServerProcess(Path(data), token=secrets.token_urlsafe(24), limits=True) as server,
        serve_site() as site,
        Browser() as browser,
    ):
        private = site.origins[1].removeprefix("http://") + "/private"
        browser.connect(server.url, str(server.token), excluded=private)
        journey = Journey(browser.context, site)
        journey.walk()
        popup = browser.open("popup.html")
        _settle(popup)
        _picture(popup, "popup-before")
        popup.get_by_role("button", name="Sync now").click()
        wait_for_last_run(popup)
        expect(popup.get_by_role("status")).to_contain_text("Synced")
        _picture(popup, "popup-after")
        run = read_state(popup, "lastRun")
        records = read_store(popup, "visits")
        kept = json.dumps([read_store(popup, name) for name in ("events", "visits", "state")])
        stored = stored_visits(server.data_dir)
        verdict = compare(journey.made, stored)
        _picture(browser.open("options.html"), "options")
        return Summary(
            visitsMade=len(journey.made),
            visitsRecorded=len(records),
            visitsOnServer=len(stored),
            lost=len(verdict.lost),
            duplicated=len(verdict.duplicated),
            excludedSeen=sum(
                (url in kept) + sum(visit.url == url for visit in stored)
                for url in journey.excluded
            ),
            engineBootMs=read_store(popup, "runs")[-1]["bootMs"],
            syncSeconds=(run["endedAt"] - run["startedAt"]) / 1000,
            errors=browser.console(),
            differences=verdict.lost + verdict.duplicated,
        )


def _settle(page: Page) -> None:
    """Wait until the recorder has nothing more to write: two equal counts in a row."""
    count = -1
    while (now := len(read_store(page, "events")) + len(read_store(page, "visits"))) != count:
        count = now
        page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 100))")


def _picture(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        narrow = name.startswith("popup")
        page.set_viewport_size({"width": 380 if narrow else 900, "height": 560 if narrow else 900})
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png")


def main() -> int:
    """Print the summary; the exit status says whether all was well."""
    parser = argparse.ArgumentParser(prog="build.py demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    as_json = parser.parse_args().json
    summary = run_demo()
    if as_json:
        print(json.dumps(asdict(summary)))
    else:
        for name, value in asdict(summary).items():
            print(f"{name:>15}  {value if not isinstance(value, list) else len(value)}")
        for sentence in summary.errors + summary.differences:
            print(sentence, file=sys.stderr)
        print(f"Pictures are in {PICTURES.relative_to(ROOT)}.", file=sys.stderr)
        print("Every visit is on the server exactly once." if summary.good else "Not all is well.")
    return 0 if summary.good else 1


if __name__ == "__main__":
    sys.exit(main())
