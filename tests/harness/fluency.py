"""How quickly the dashboard shows a long history: opened, typed into, scrolled, added up."""

from __future__ import annotations

import time

from playwright.sync_api import Page, expect

from harness.browser import EXTENSION_ID, Browser

OPENINGS = 5
TYPED = "garden 4242"
WINDOWS = 30


def fluency(browser: Browser, visits: int) -> dict[str, list[float]]:
    """Seed a history of so many visits, let it be indexed, and measure: milliseconds by name."""
    page = browser.open("database.js")
    page.evaluate(_SEED_YEARS, visits)
    page.close()
    page = browser.open("dashboard.html")
    expect(page.locator(".visit").first).to_be_visible(timeout=120_000)
    expect(page.locator("#missing")).to_be_hidden(timeout=1_500_000)
    times: dict[str, list[float]] = {}
    for _ in range(OPENINGS):
        for how in ("engine closed", "engine open"):
            if how == "engine closed":
                page.evaluate("() => chrome.offscreen.closeDocument().catch(() => {})")
            page.close()
            page = browser.context.new_page()
            page.add_init_script(_NOTE_FIRST)
            page.goto(f"chrome-extension://{EXTENSION_ID}/dashboard.html")
            expect(page.locator(".visit").first).to_be_visible()
            name = f"opened to first results, {how}"
            times.setdefault(name, []).append(page.evaluate("firstAt"))
    times["a window scrolled to rows in it"] = page.evaluate(_SCROLL, WINDOWS)
    times["keystroke to results"] = _type(page)
    times["figures of everything"] = [_add_up(page)]
    page.close()
    return times


def _type(page: Page) -> list[float]:
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("searchbox").focus()
    page.evaluate(_NOTE_KEYS)
    for letter in TYPED:
        page.evaluate("keyAt = resultAt = 0")
        page.keyboard.type(letter)
        page.evaluate(_HAS_RESULTS)
    times: list[float] = page.evaluate("took")
    assert "garden" in page.locator(".visit .name").first.inner_text()
    return times


def _add_up(page: Page) -> float:
    page.get_by_role("tab", name="Figures").click()
    expect(page.locator("#sites li")).to_have_count(10)
    begun = time.perf_counter()
    page.get_by_role("button", name="Everything").click()
    expect(page.locator("#days-table tbody tr")).not_to_have_count(30)
    return (time.perf_counter() - begun) * 1000


_SEED_YEARS = """async (count) => {
  const { openDatabase } = await import("./database.js");
  const database = await openDatabase();
  const words = ["weather", "in", "the", "garden", "history", "of", "bread", "python", "museum",
    "river", "recipe", "news", "kernel", "island", "music", "train", "light", "winter"];
  const now = Date.now();
  for (let begun = 0; begun < count; begun += 10_000) {
    const transaction = database.transaction("visits", "readwrite");
    for (let n = begun; n < begun + 10_000; n += 1) {
      const startedAt = now - (count - n) * 290_000;
      const title = [n, n * 7, n * 13 + 3, n >> 4, n >> 2].map((at) => words[at % words.length]);
      const domain = `site-${(n * n) % 211}.example`;
      transaction.objectStore("visits").add({
        id: crypto.randomUUID(), url: `https://${domain}/${title[0]}/${n}`,
        title: `${title.join(" ")} ${n}`, domain, startedAt, endedAt: startedAt + 60_000,
        durationSeconds: 60, activeDuration: 30_000, engagementRate: 0.5, idlePeriods: [],
        tabId: 1, windowId: 1, transition: "link", sourcePageVisitId: null,
        anonymousClientId: "laptop",
      });
    }
    await new Promise((resolve) => { transaction.oncomplete = resolve; });
  }
  database.close();
}"""
_NOTE_FIRST = """new MutationObserver((_, observer) => {
  if (!document.querySelector(".visit")) return;
  globalThis.firstAt = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });"""
_NOTE_KEYS = """() => {
  Object.assign(globalThis, { keyAt: 0, resultAt: 0, took: [] });
  document.addEventListener("input", () => { keyAt = performance.now(); }, true);
  new MutationObserver(() => {
    if (!keyAt || resultAt || !document.querySelector(".visit")) return;
    resultAt = performance.now();
    took.push(resultAt - keyAt);
  }).observe(document.getElementById("list"), { childList: true, subtree: true });
}"""
_HAS_RESULTS = """async () => {
  const end = Date.now() + 20_000;
  while (!resultAt && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, 100));
}"""
_SCROLL = """async (windows) => {
  const times = [];
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  // Where one place of the window has a day's name the other has none: days are longer.
  const hasRow = () => [0.4, 0.6].some((part) =>
    document.elementFromPoint(innerWidth / 2, innerHeight * part)?.closest(".visit"));
  for (let window = 0; window < windows; window += 1) {
    scrollBy(0, innerHeight);
    const begun = performance.now();
    const end = begun + 20_000;
    await frame();
    while (!hasRow()) {
      if (performance.now() > end) throw new Error("no row came into the window");
      await frame();
    }
    times.push(performance.now() - begun);
  }
  return times;
}"""
