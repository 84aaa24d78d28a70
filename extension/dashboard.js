// What the dashboard needs and MicroPython would do too slowly, one element or date at a time: it
// makes elements from trees, says times as the person's clock and language do, and draws charts.
// It decides nothing.

import { openDatabase } from "./database.js";

// Dates are written as the browser does, in the language of the sentences around them.
const OF_BROWSER = chrome.i18n.getUILanguage();
const OF_TEXTS = chrome.i18n.getMessage("language");
const LANGUAGE = OF_BROWSER.split("-")[0] === OF_TEXTS ? OF_BROWSER : OF_TEXTS;
const HALF_DAY_S = 43_200;
const NEAR_PX = 1800;
const REM_PX = parseFloat(getComputedStyle(document.documentElement).fontSize);
const STYLES = {
  full: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  date: { day: "numeric", month: "long", year: "numeric" },
  month: { month: "long", year: "numeric" },
  "short-month": { month: "short" },
  weekday: { weekday: "short" },
  "long-weekday": { weekday: "long" },
  hour: { hour: "numeric" },
  moment: { dateStyle: "full", timeStyle: "medium" },
  clock: { hour: "numeric", minute: "2-digit" },
};

const formatters = {};
const format = (style, date) =>
  (formatters[style] ??= new Intl.DateTimeFormat(LANGUAGE, STYLES[style])).format(date);
const two = (value) => String(value).padStart(2, "0");
const dayOf = (date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

// The page puts scrolling right itself, since its two views have a place each.
history.scrollRestoration = "manual";

// ---- times

// JSON of epoch milliseconds -> JSON of [day, time of day] for each.
globalThis.sayMoments = (json) =>
  JSON.stringify(
    JSON.parse(json).map((at) => {
      const date = new Date(at);
      return [dayOf(date), format("clock", date)];
    }),
  );

// A day such as "2026-11-25", or an epoch millisecond, in one of the STYLES.
globalThis.sayDay = (day, style) => format(style, new Date(`${day}T12:00`));
globalThis.sayMoment = (at) => format("moment", new Date(at));
globalThis.sayHour = (hour) => format("hour", new Date(2024, 0, 1, hour));

// ---- text

// A text of the same length in code points, in small letters without accents.
globalThis.foldText = (text) =>
  Array.from(text, (char) => Array.from(char.normalize("NFKD").toLowerCase())[0]).join("");

// encodeURIComponent refuses half a character, which anybody may paste.
globalThis.encodeText = (text) => encodeURIComponent(text.toWellFormed());
globalThis.decodeText = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// ---- the history

// A visit by its seq, or undefined.
globalThis.readVisit = async (seq) => {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const request = database.transaction("visits").objectStore("visits").get(seq);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
};

// ---- elements

const make = ([tag, attributes, ...children]) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.map((child) => (typeof child === "string" ? child : make(child))));
  return element;
};

// Puts elements made from JSON of trees into an element, in place of what it has.
globalThis.fill = (element, json) => element.replaceChildren(...JSON.parse(json).map(make));

// A copy of a <template> with a row's values: `data-put` names the text or the pieces of an element,
// `data-link` an address, and the empty address is none. Every second piece is marked.
const copy = (template, row) => {
  const element = template.content.firstElementChild.cloneNode(true);
  element.dataset.id = row.id;
  for (const place of element.querySelectorAll("[data-put]")) {
    const value = row[place.dataset.put];
    if (typeof value === "string") place.textContent = value;
    else if (value.length === 1) place.textContent = value[0];
    else place.append(...value.map((piece, at) => (at % 2 ? make(["mark", {}, piece]) : piece)));
  }
  for (const place of element.querySelectorAll("[data-link]")) {
    if (row[place.dataset.link]) place.href = row[place.dataset.link];
  }
  return element;
};

// An element whose children are there only while it is near the window: however much was read,
// the document stays small. Its size must not depend on them.
const kept = new WeakMap();
const grow = (element) => {
  if (element.firstChild) return;
  const { template, json } = kept.get(element);
  element.append(...JSON.parse(json).map((row) => copy(template, row)));
};
const nearness = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) grow(target);
      else if (!target.querySelector('[tabindex="0"]')) target.replaceChildren();
    }
  },
  { rootMargin: `${NEAR_PX}px 0px` },
);
globalThis.keep = (element, name, json) => {
  kept.set(element, { template: document.getElementById(name), json });
  grow(element);
  nearness.observe(element);
};
globalThis.growKept = grow;

// The child of a kept element that is `step` children further on, through all kept elements of the
// class `rows`; the first or last one where there are no more.
globalThis.neighbour = (child, step) => {
  const all = [...document.querySelectorAll(".rows")];
  let at = all.indexOf(child.parentElement);
  let index = [...all[at].children].indexOf(child) + step;
  for (; index < 0 && at > 0; index += all[at].children.length) grow(all[--at]);
  for (; index >= all[at].children.length && at + 1 < all.length; grow(all[++at])) {
    index -= all[at].children.length;
  }
  const { children } = all[at];
  return children[Math.max(0, Math.min(index, children.length - 1))];
};

// Calls `tell` when an element is in the window or a little below it: now, or as soon as it comes
// near. An element that leaves and comes back between two frames was never away to an observer:
// the function that is returned looks once more.
globalThis.whenNear = (element, tell) => {
  const observer = new IntersectionObserver(
    (entries) => {
      if (entries.at(-1).isIntersecting) tell();
    },
    { rootMargin: `0px 0px ${NEAR_PX}px 0px` },
  );
  observer.observe(element);
  return () => {
    observer.unobserve(element);
    observer.observe(element);
  };
};

// ---- charts

const charts = new Map();
// What takes the place of the tokens where the system sets all colours; a canvas is not told.
const FORCED = { "--green": "CanvasText", "--green-soft": "transparent", "--line": "GrayText" };
const colour = (name) =>
  matchMedia("(forced-colors: active)").matches
    ? (FORCED[name] ?? "CanvasText")
    : getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Draws JSON {days, values, said, label, unit, height} into an element: numbers by day, how each is
// said in full, and the unit of the axis. Many days are an area, few are bars.
globalThis.plot = async (element, json) => {
  const { default: UPlot } = await import("./runtime/uplot/uPlot.esm.js");
  const { days, values, said, label, unit, height } = JSON.parse(json);
  const times = days.map((day) => new Date(`${day}T12:00`).getTime() / 1000);
  const bars = days.length <= 120;
  const axis = {
    stroke: colour("--quiet"),
    font: `${Math.round(0.75 * REM_PX)}px system-ui, sans-serif`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const inMonths = days.length > 62;
  const number = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 1 });
  const dayMonth = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short" });
  const year = days.length > 400 ? { year: "numeric" } : {};
  const monthYear = new Intl.DateTimeFormat(LANGUAGE, { month: "short", ...year });
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  const options = {
    width: Math.max(200, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    padding: [8, 1.75 * REM_PX, 0, 0],
    scales: {
      x: { time: true, range: (_, low, high) => [low - HALF_DAY_S, high + HALF_DAY_S] },
      y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 4 * REM_PX, size: 1.75 * REM_PX,
        values: (_, ticks) =>
          ticks.map((tick) => (inMonths ? monthYear : dayMonth).format(new Date(tick * 1000))) },
      { ...axis, size: 3.25 * REM_PX, space: 2 * REM_PX,
        values: (_, ticks) => ticks.map((tick) => number.format(tick) + unit) },
    ],
    series: [
      {},
      {
        label,
        stroke: colour("--green"),
        fill: bars ? colour("--green") : colour("--green-soft"),
        width: bars ? 0 : 1.5,
        points: { show: false },
        ...(bars ? { paths: UPlot.paths.bars({ size: [0.7, 28], radius: 0.15 }) } : {}),
      },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          const index = chart.cursor.idx;
          tip.hidden = index == null || chart.cursor.left < 0;
          if (tip.hidden) return;
          tip.textContent = `${format("date", new Date(times[index] * 1000))}: ${said[index]}`;
          const left = chart.valToPos(times[index], "x") + chart.bbox.left / devicePixelRatio;
          const half = tip.offsetWidth / 2;
          tip.style.left = `${Math.min(Math.max(left, half), element.clientWidth - half)}px`;
        },
      ],
    },
  };
  charts.get(element)?.destroy();
  element.replaceChildren(tip);
  charts.set(element, new UPlot(options, [times, values], element));
  element.plotted = json;
  widths.observe(element);
};

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = charts.get(target);
    if (chart && target.clientWidth && chart.width !== target.clientWidth) {
      chart.setSize({ width: target.clientWidth, height: chart.height });
    }
  }
});
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
  matchMedia(query).addEventListener("change", () => {
    for (const element of charts.keys()) plot(element, element.plotted);
  });
}
