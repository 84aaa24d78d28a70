// The offscreen page: boots Pyodide, and hands every request over to heyho.engine.
import { boot, startWorker } from "./boot.js";
import { openDatabase } from "./database.js";

// Requests that arrive before Python does wait here: [request, respond].
const waiting = [];
let engine = null;
let texts = null;

// The sentences, as text; empty where they cannot be read, and then keys stand for them.
const readTexts = async (language = "en") => {
  try {
    return await (await fetch(`_locales/${language}/messages.json`)).text();
  } catch {
    return "";
  }
};

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  if (message?.target !== "engine" || sender.id !== chrome.runtime.id) return false;
  texts ??= readTexts(message.request?.language);
  if (engine) engine.handle(message.request, respond);
  else waiting.push([message.request, respond]);
  return true;
});

// Python keeps one connection. Whoever asks after that was lost gets a new page.
const connect = async () => {
  const database = await openDatabase();
  database.addEventListener("close", () => window.close());
  database.addEventListener("versionchange", () => window.close());
  return database;
};

const start = async () => {
  const { pyodide, source } = await boot();
  engine = pyodide.pyimport("heyho.engine")
    .start(connect, startWorker, source, await (texts ?? readTexts()));
  for (const [request, respond] of waiting.splice(0)) engine.handle(request, respond);
};

start().catch((error) => {
  const reply = { ok: false, notStarted: String(error) };
  for (const [, respond] of waiting.splice(0)) respond(reply);
  window.close();
});
