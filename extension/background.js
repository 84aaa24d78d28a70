// The service worker: appends what the browser reports to `events`, and opens the engine page.
// It decides nothing: heyho.recording turns events into visits, heyho.engine does the rest.
import { openDatabase, readState } from "./database.js";
import { EXCLUDED } from "./defaults.js";

const HEARTBEAT_MINUTES = 1;
const IDLE_AFTER_SECONDS = 60;
const PAUSING_MS = 30_000;
const ENGINE_TRIES = 7;
const FIRST_WAIT_MS = 50;
const FOR_THE_ENGINE = new Set(["alarms.create", "alarms.clear", "alarms.get",
  "action.setBadgeText", "action.setBadgeBackgroundColor", "action.setTitle"]);

const REASONS = {
  QuotaExceededError: chrome.i18n.getMessage("error_recorder_full"),
  UnknownError: chrome.i18n.getMessage("error_recorder_disk"),
  VersionError: chrome.i18n.getMessage("error_recorder_newer"),
  BlockedError: chrome.i18n.getMessage("error_recorder_blocked"),
};

// ---- recording

let opened = null;
const connect = () =>
  (opened ??= openDatabase().then(
    (database) => {
      const forget = () => (opened = null);
      database.addEventListener("close", forget);
      database.addEventListener("versionchange", forget);
      return database;
    },
    (error) => {
      opened = null;
      throw error;
    },
  ));

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// The patterns were compiled by heyho.exclusions. Until the engine has stored presets, because
// nobody has set anything or an older version has, they are those that are built in.
let compiled = { source: null, never: null };
const exclusions = (settings) => {
  const source = [settings?.excludedRegExp, settings?.presets ? "" : EXCLUDED]
    .filter(Boolean).join("|");
  if (source !== compiled.source) {
    compiled = { source, never: source ? new RegExp(source) : null };
  }
  return compiled.never;
};

// A pause may have an end, and then no page is missed that comes before the engine says so.
const pausedAt = (at, settings, startedAt) => {
  if (!settings?.paused) return false;
  const end = settings.pausedUntil === "restart" ? startedAt : settings.pausedUntil;
  return at < (end ?? Infinity);
};

// Takes out whatever must leave no trace.
const redact = (event, settings) => {
  const never = exclusions(settings);
  const bare = (url) => {
    if (!/^https?:/i.test(url ?? "") || never?.test(url.toLowerCase())) return null;
    return url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1");
  };
  if (event.tabs) {
    const tabs = event.tabs.map((tab) => ({ ...tab, url: bare(tab.url) }));
    return { ...event, tabs: tabs.map((tab) => (tab.url ? tab : { ...tab, title: "" })) };
  }
  if (!("url" in event)) return event;
  const url = bare(event.url);
  return event.kind === "titled" && !url ? null : { ...event, url };
};

// Writes events, and before them what could not be written earlier: a list of {id, events, unsure}.
// Unsure is what may have been made in a pause, since the settings could not be read. The state's
// `unsaved` says how far that list was written, should the worker end before it is gone. Resolves
// to whether recording is paused.
const write = async (events, unsaved, startedAt) => {
  const transaction = (await connect()).transaction(["events", "state"], "readwrite");
  const written = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  written.catch(() => {}); // nobody waits for it where a request has failed before
  const state = transaction.objectStore("state");
  const settings = await asked(state.get("settings"));
  const done = unsaved.length ? await asked(state.get("unsaved")) : null;
  const left = unsaved.slice(unsaved.findIndex(({ id }) => id === done) + 1);
  if (left.length) state.put(left.at(-1).id, "unsaved");
  const wanted = (part) => part.events.filter(({ kind, at }) =>
    !part.unsure || kind === "paused" || !pausedAt(at, settings, startedAt));
  for (const event of [...left, { events, unsure: true }].flatMap(wanted)) {
    const redacted = redact(event, settings);
    if (redacted) transaction.objectStore("events").add(redacted);
  }
  await written;
  return pausedAt(Date.now(), settings, startedAt);
};

// What cannot be written waits in memory that outlives this worker, and goes with the next.
const save = async (...events) => {
  const { unsaved = [], paused, startedAt } =
    await chrome.storage.session.get(["unsaved", "paused", "startedAt"]);
  try {
    const pausedNow = await write(events, unsaved, startedAt);
    if (!unsaved.length) return;
    await chrome.storage.session.remove(["unsaved", "fault"]);
    if (paused === null) await chrome.storage.session.set({ paused: pausedNow });
    await chrome.action.setBadgeText({ text: "" });
  } catch (error) {
    const reason = REASONS[error?.name] ??
      chrome.i18n.getMessage("error_recorder", String(error?.message));
    const message = chrome.i18n.getMessage("error_recorder_waits", reason);
    const part = { id: crypto.randomUUID(), events, unsure: paused !== false };
    await chrome.storage.session.set({ fault: { message }, unsaved: [...unsaved, part] });
    await chrome.action.setBadgeText({ text: "!" });
  }
};

const picture = async (why, at) => {
  const tabs = await chrome.tabs.query({});
  const picturedAt = Date.now();
  const [window, idle] = await Promise.all([
    chrome.windows.getLastFocused().catch(() => ({})),
    chrome.idle.queryState(IDLE_AFTER_SECONDS),
  ]);
  return {
    kind: "session", at, picturedAt, why, idle,
    focusedWindowId: window.focused ? window.id : chrome.windows.WINDOW_ID_NONE,
    tabs: tabs.map(({ id, windowId, url, title, active, audible }) =>
      ({ tabId: id, windowId, url, title, active, audible })),
  };
};

// A pause until the browser's restart is over from its start on; the engine ends it, and decides
// about any other.
const noteStart = async (startedAt) => {
  const settings = await readState("settings").catch(() => ({ paused: true }));
  if (!settings?.paused) return;
  await chrome.storage.session.set({ startedAt });
  endPause();
};

// chrome.storage.session is empty whenever the stream of events had been broken. Chromium leaves
// onStartup out at times: the browser has started if the worker was there before. What is named
// on the command line is installed anew at each start.
const begin = async (why, at) => {
  const known = await chrome.storage.session.get(["session", "isNew", "startedAt"]);
  const hasStarted = why === "install" || !(known.session || known.isNew);
  if (hasStarted && !known.startedAt) await noteStart(at);
  await chrome.storage.session.remove("pausingAt");
  await save(await picture(why, at));
  const settings = await readState("settings").catch(() => ({ paused: null }));
  await chrome.alarms.create("heartbeat", { periodInMinutes: HEARTBEAT_MINUTES });
  await chrome.alarms.create("sync", { periodInMinutes: settings?.periodMinutes ?? 5 });
  if (why === "startup") await chrome.alarms.create("startup", { delayInMinutes: 1 });
  const { startedAt } = await chrome.storage.session.get("startedAt");
  const paused = settings?.paused === null ? null : pausedAt(at, settings, startedAt);
  const pausedUntil = settings?.pausedUntil ?? null;
  await chrome.storage.session.set({ session: at, paused, pausedUntil });
};

let tail = Promise.resolve();
const inOrder = (step) => {
  tail = tail.then(step).catch((error) => console.error("Heyho could not record:", error));
  return tail;
};

// The worker of an extension that was installed, updated, reloaded or switched on.
const isNew = self.serviceWorker.state !== "activated";
if (isNew) inOrder(() => chrome.storage.session.set({ isNew }));

// A clock that was set back would leave every alarm for as long as that: they go along with it.
// No periodic one is ever further away than its period.
const keepAlarms = async () => {
  const alarms = await chrome.alarms.getAll();
  const tooFar = ({ scheduledTime, periodInMinutes = Infinity }) =>
    scheduledTime - Date.now() - periodInMinutes * 60_000;
  const backBy = Math.max(...alarms.map(tooFar));
  if (!(backBy > 60_000)) return;
  for (const { name, scheduledTime, periodInMinutes } of alarms) {
    await chrome.alarms.create(name, { when: scheduledTime - backBy, periodInMinutes });
  }
};

// From the press on nothing is recorded, though the engine may have to begin first.
const isPausing = ({ pausingAt }, at) => at >= pausingAt && at < pausingAt + PAUSING_MS;

// A heartbeat in a pause looks whether the engine could not tell of its end.
const isOver = async (kind, known, at) => {
  if (at >= known.pausingAt + PAUSING_MS) return true;
  if (!known.paused) return false;
  const settings = kind === "heartbeat" ? await readState("settings").catch(() => known) : known;
  return !pausedAt(at, settings, known.startedAt);
};

let seenAt = Infinity;
const append = (kind, fields, at = Date.now()) => {
  if (at < seenAt) inOrder(keepAlarms);
  seenAt = at;
  return inOrder(async () => {
    const known = await chrome.storage.session.get(
      ["session", "isNew", "paused", "pausedUntil", "startedAt", "pausingAt"]);
    if (isPausing(known, at) && kind !== "paused") return;
    const over = await isOver(kind, known, at);
    if (!known.session || over) await begin(over || known.isNew ? "resume" : "startup", at);
    if (!known.paused || over || kind === "paused") await save({ kind, at, ...fields });
  });
};

const beginAgain = (why) => {
  const at = Date.now();
  return inOrder(() => begin(why, at));
};

// Where the recorder has seen for itself that the pause was over, it looks around no second time.
const resume = () => {
  const at = Date.now();
  return inOrder(async () => {
    const { paused } = await chrome.storage.session.get("paused");
    if (paused === false) await chrome.storage.session.set({ pausedUntil: null });
    else await begin("resume", at);
  });
};

const pause = async (request) => {
  await chrome.storage.session.set({ pausingAt: Date.now() });
  const reply = await ask(request);
  if (!reply.ok) beginAgain("resume");
  return reply;
};
const endPause = async () => {
  const { ok } = await ask({ kind: "resume", started: true });
  if (ok) await chrome.storage.session.remove("startedAt");
};

// The engine may have failed when the browser started. It would do so again, for as long as the
// database cannot be read; nor is it known until then whether there is a pause.
const endPauseSince = async () => {
  const { startedAt } = await chrome.storage.session.get("startedAt");
  if (!startedAt) return;
  const settings = await readState("settings").catch(() => ({ unread: true }));
  if (settings?.unread) return;
  await (settings?.paused ? endPause() : chrome.storage.session.remove("startedAt"));
};

chrome.runtime.onInstalled.addListener(async ({ reason }) => {
  await beginAgain(reason === "install" || reason === "update" ? reason : "startup");
  const { greeted } = await chrome.storage.local.get("greeted");
  if (reason !== "install" || greeted) return;
  await chrome.storage.local.set({ greeted: true });
  await chrome.tabs.create({ url: "welcome.html" });
});
chrome.runtime.onStartup.addListener(() => {
  const at = Date.now();
  inOrder(async () => {
    await chrome.storage.session.set({ isNew: false }); // after a crash it is, though
    await noteStart(at);
  });
  return append("heartbeat");
});

const inMainFrame = ({ frameId, documentLifecycle }) =>
  frameId === 0 && documentLifecycle !== "prerender";
const moved = (kind) => (details) => {
  const { tabId, url, timeStamp: committedAt } = details;
  const { transitionType: transition, transitionQualifiers: qualifiers } = details;
  if (!inMainFrame(details)) return;
  append(kind, { tabId, url, transition, qualifiers, committedAt });
};
// An error page takes the place of the page before it. No other page comes for what was stopped,
// became a download, or broke off after it had been committed: only that has a process.
const failed = (details) => {
  const { tabId, processId, error } = details;
  const stays = error === "net::ERR_ABORTED" || processId >= 0;
  if (inMainFrame(details) && !stays) append("navigated", { tabId, url: null });
};
chrome.webNavigation.onCommitted.addListener(moved("navigated"));
chrome.webNavigation.onHistoryStateUpdated.addListener(moved("history"));
chrome.webNavigation.onErrorOccurred.addListener(failed);
chrome.webNavigation.onCreatedNavigationTarget.addListener(({ tabId, sourceTabId }) =>
  append("targeted", { tabId, sourceTabId }));
chrome.webNavigation.onTabReplaced.addListener(({ tabId, replacedTabId }) =>
  append("replaced", { tabId, removedTabId: replacedTabId }));
chrome.tabs.onCreated.addListener(({ id, windowId, openerTabId = null }) =>
  append("created", { tabId: id, windowId, openerTabId }));
chrome.tabs.onUpdated.addListener((tabId, change, { url, title }) => {
  if (change.title || change.status === "complete") append("titled", { tabId, url, title });
  if ("audible" in change) append("audible", { tabId, audible: change.audible });
});
chrome.tabs.onActivated.addListener(({ tabId, windowId }) =>
  append("activated", { tabId, windowId }));
chrome.tabs.onAttached.addListener((tabId, { newWindowId }) =>
  append("attached", { tabId, windowId: newWindowId }));
chrome.tabs.onRemoved.addListener((tabId) => append("removed", { tabId }));
chrome.windows.onFocusChanged.addListener((windowId) => append("focused", { windowId }));
self.addEventListener("unblocked", () => append("heartbeat"));
chrome.idle.setDetectionInterval(IDLE_AFTER_SECONDS);
chrome.idle.onStateChanged.addListener((state) => append("idle", { state }));

// ---- the browser's own history, which only this worker and pages may ask for

// Pages visited in [from, to), with their visits in that time; null where there are `limit` or more.
const readHistory = async ({ from, to, limit }) => {
  if (!chrome.history) return { allowed: false };
  const pages = await chrome.history.search(
    { text: "", startTime: from - 1, endTime: to + 1, maxResults: limit });
  if (limit && pages.length >= limit) return { pages: null };
  const visits = await Promise.all(pages.map(({ url }) => chrome.history.getVisits({ url })));
  const within = ({ visitTime }) => visitTime >= from && visitTime < to;
  return {
    pages: pages.map(({ url, title }, number) => ({
      url, title,
      visits: visits[number].filter(within).map(
        ({ visitId, referringVisitId, visitTime, transition }) =>
          ({ visitId, referringVisitId, visitTime, transition })),
    })),
  };
};

// ---- the engine page

let opening = null;
const openEngine = async () => {
  const [page] = await chrome.runtime.getContexts({ contextTypes: ["OFFSCREEN_DOCUMENT"] });
  if (page) return;
  await chrome.offscreen.createDocument({
    url: "engine.html",
    reasons: ["WORKERS"],
    justification: "Runs the Python that folds events into visits and syncs them.",
  });
};

// The page closes itself when it is idle; a request that comes just then opens it once more. One
// that another worker has opened, which died since, may not hear yet: up to three seconds later
// it does. A request finds recorded whatever the browser had told before.
const ask = async (request) => {
  await tail;
  // The page has no chrome.i18n of its own.
  const language = chrome.i18n.getMessage("language");
  request = { ...request, requestedAt: Date.now(), language };
  for (let tries = 1; ; tries += 1) {
    try {
      await (opening ??= openEngine().finally(() => (opening = null)));
      const reply = await chrome.runtime.sendMessage({ target: "engine", request });
      if (reply?.notStarted) {
        const error = chrome.i18n.getMessage("error_engine_start", reply.notStarted);
        return { ok: false, error };
      }
      if (reply) return reply;
      throw new Error(chrome.i18n.getMessage("error_engine_closed"));
    } catch (error) {
      if (tries === ENGINE_TRIES) {
        return { ok: false, error: chrome.i18n.getMessage("error_engine_silent", error.message) };
      }
      const wait = FIRST_WAIT_MS * 2 ** (tries - 1);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
};

const whenBackOnline = async () => {
  const { offline = false } = await chrome.storage.session.get("offline");
  if (offline === !navigator.onLine) return;
  await chrome.storage.session.set({ offline: !navigator.onLine });
  if (offline) await ask({ kind: "run", trigger: "periodic" });
};
self.addEventListener("online", whenBackOnline);
self.addEventListener("offline", whenBackOnline);

chrome.alarms.onAlarm.addListener(async ({ name }) => {
  if (name === "heartbeat") {
    await append("heartbeat");
    await whenBackOnline();
    await endPauseSince();
  } else if (name === "resume") {
    await ask({ kind: "resume" });
  } else {
    await ask({ kind: "run", trigger: name === "startup" ? "startup" : "periodic" });
  }
});

chrome.commands.onCommand.addListener(async (command) => {
  if (command === "sync-now") await ask({ kind: "run", trigger: "manual" });
  if (command === "open-history") await chrome.tabs.create({ url: "dashboard.html" });
});

const isPause = (request) =>
  request?.kind === "pause" || (request?.settings?.paused === true && !request.dryRun);
const answer = async ({ kind, request, call, args, paused, until: pausedUntil = null }) => {
  if (kind === "engine") return isPause(request) ? pause(request) : ask(request);
  if (kind === "recording") {
    const { pausingAt } = await chrome.storage.session.get("pausingAt");
    await chrome.storage.session.remove("startedAt"); // which ended another pause
    if (!paused) return resume();
    await chrome.storage.session.set({ paused, pausedUntil });
    await chrome.storage.session.remove("pausingAt");
    return append("paused", {}, pausingAt);
  }
  if (kind === "history") return readHistory(request);
  if (kind === "chrome" && FOR_THE_ENGINE.has(call)) {
    const [api, method] = call.split(".");
    const { fault } = await chrome.storage.session.get("fault");
    if (fault && call === "action.setBadgeText") args = [{ text: "!" }];
    return { result: (await chrome[api][method](...args)) ?? null };
  }
  throw new Error(`the service worker knows no message “${kind}”`);
};

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  if (message?.target !== "background") return false;
  answer(message).then(
    (reply) => respond(reply ?? {}),
    (error) => respond({ ok: false, error: String(error?.message ?? error) }),
  );
  return true;
});
