// The service worker: appends what the browser reports to `events`, and opens the engine page.
// It decides nothing: heyho.recording turns events into visits, heyho.engine does the rest.
import { openDatabase, readState } from "./database.js";

const HEARTBEAT_MINUTES = 1;
const IDLE_AFTER_SECONDS = 60;
const ENGINE_TRIES = 4;
const FOR_THE_ENGINE = new Set(["alarms.create", "alarms.clear", "alarms.get",
  "action.setBadgeText", "action.setBadgeBackgroundColor", "action.setTitle"]);

const REASONS = {
  QuotaExceededError: "The disk is full. Free some space.",
  UnknownError: "The browser cannot use its disk, which may be full. Free some space.",
  VersionError: "The history was written by a newer Heyho. Install that version again.",
  BlockedError: "Another Heyho page still uses the old database. Close Heyho's pages.",
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

// Takes out whatever must leave no trace. The patterns were compiled by heyho.exclusions.
const redact = (event, settings) => {
  const never = settings?.excludedRegExp ? new RegExp(settings.excludedRegExp) : null;
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
const write = async (events, unsaved) => {
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
  const wanted = (part) =>
    part.unsure && settings?.paused ? part.events.filter((e) => e.kind === "paused") : part.events;
  for (const event of [...left, { events, unsure: true }].flatMap(wanted)) {
    const redacted = redact(event, settings);
    if (redacted) transaction.objectStore("events").add(redacted);
  }
  await written;
  return settings?.paused ?? false;
};

// What cannot be written waits in memory that outlives this worker, and goes with the next.
const save = async (...events) => {
  const { unsaved = [], paused } = await chrome.storage.session.get(["unsaved", "paused"]);
  try {
    const pausedNow = await write(events, unsaved);
    if (!unsaved.length) return;
    await chrome.storage.session.remove(["unsaved", "fault"]);
    if (paused === null) await chrome.storage.session.set({ paused: pausedNow });
    await chrome.action.setBadgeText({ text: "" });
  } catch (error) {
    const reason = REASONS[error?.name] ?? `The database cannot be written (${error?.message}).`;
    const message = `${reason} Until then new visits wait in memory.`;
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

// chrome.storage.session is empty whenever the stream of events had been broken.
const begin = async (why, at) => {
  await save(await picture(why, at));
  const settings = await readState("settings").catch(() => ({ paused: null }));
  await chrome.alarms.create("heartbeat", { periodInMinutes: HEARTBEAT_MINUTES });
  await chrome.alarms.create("sync", { periodInMinutes: settings?.periodMinutes ?? 5 });
  if (why === "startup") await chrome.alarms.create("startup", { delayInMinutes: 1 });
  const paused = settings ? settings.paused : false;
  await chrome.storage.session.set({ session: at, paused });
};

let tail = Promise.resolve();
const inOrder = (step) => {
  tail = tail.then(step).catch((error) => console.error("Heyho could not record:", error));
  return tail;
};

const append = (kind, fields) => {
  const at = Date.now();
  return inOrder(async () => {
    const { session, paused } = await chrome.storage.session.get(["session", "paused"]);
    if (!session) await begin("startup", at);
    if (!paused || kind === "paused") await save({ kind, at, ...fields });
  });
};

const beginAgain = (why) => {
  const at = Date.now();
  return inOrder(() => begin(why, at));
};

chrome.runtime.onInstalled.addListener(({ reason }) =>
  beginAgain(reason === "install" || reason === "update" ? reason : "startup"));
chrome.runtime.onStartup.addListener(() => append("heartbeat"));

const inMainFrame = ({ frameId, documentLifecycle }) =>
  frameId === 0 && documentLifecycle !== "prerender";
const committed = new Map();
const moved = (kind) => (details) => {
  const { tabId, url, timeStamp: committedAt } = details;
  const { transitionType: transition, transitionQualifiers: qualifiers } = details;
  if (!inMainFrame(details)) return;
  committed.set(tabId, details.documentId);
  append(kind, { tabId, url, transition, qualifiers, committedAt });
};
// An error page takes the place of the page before it. No other page comes for what was stopped,
// became a download, or broke off after it had been committed.
const failed = (details) => {
  const { tabId, documentId, error } = details;
  const stays = error === "net::ERR_ABORTED" || (documentId && committed.get(tabId) === documentId);
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
chrome.tabs.onRemoved.addListener((tabId) => {
  committed.delete(tabId);
  append("removed", { tabId });
});
chrome.windows.onFocusChanged.addListener((windowId) => append("focused", { windowId }));
self.addEventListener("unblocked", () => append("heartbeat"));
chrome.idle.setDetectionInterval(IDLE_AFTER_SECONDS);
chrome.idle.onStateChanged.addListener((state) => append("idle", { state }));

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

// The page closes itself when it is idle; a request that comes just then opens it once more.
const ask = async (request) => {
  request = { ...request, requestedAt: Date.now() };
  for (let tries = 1; ; tries += 1) {
    try {
      await (opening ??= openEngine().finally(() => (opening = null)));
      const reply = await chrome.runtime.sendMessage({ target: "engine", request });
      if (reply) return reply;
      throw new Error("the engine page closed");
    } catch (error) {
      if (tries === ENGINE_TRIES) {
        return { ok: false, error: `Heyho's engine did not answer: ${error.message}` };
      }
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
  } else {
    await ask({ kind: "run", trigger: name === "startup" ? "startup" : "periodic" });
  }
});

chrome.commands.onCommand.addListener(async (command) => {
  if (command === "sync-now") await ask({ kind: "run", trigger: "manual" });
  if (command === "open-history") await chrome.tabs.create({ url: "dashboard.html" });
});

const answer = async ({ kind, request, call, args, paused }) => {
  if (kind === "engine") return ask(request);
  if (kind === "recording") {
    await chrome.storage.session.set({ paused });
    return paused ? append("paused") : beginAgain("resume");
  }
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
