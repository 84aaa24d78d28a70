// The offscreen page: boots Pyodide and hands every request over to heyho.engine.
import { loadPyodide } from "./runtime/pyodide/pyodide.mjs";
import { openDatabase } from "./database.js";

const indexURL = new URL("./runtime/pyodide/", import.meta.url).href;

// Requests that arrive before Python does wait here: [request, respond].
const waiting = [];
let engine = null;

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  if (message?.target !== "engine" || sender.id !== chrome.runtime.id) return false;
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

const fromSnapshot = async () => {
  const response = await fetch("runtime/snapshot.bin");
  return loadPyodide({ indexURL, _loadSnapshot: await response.arrayBuffer() });
};

// The options behind the snapshot are undocumented: whatever goes wrong there, this works.
const fromFiles = async () => {
  const [pyodide, archive] = await Promise.all([
    loadPyodide({ indexURL }),
    fetch("runtime/heyho.zip").then((response) => response.arrayBuffer()),
  ]);
  pyodide.unpackArchive(archive, "zip", {
    extractDir: pyodide.runPython("import site; site.getsitepackages()[0]"),
  });
  return pyodide;
};

const boot = async () => {
  let pyodide;
  let how = "snapshot";
  try {
    pyodide = await fromSnapshot();
  } catch (error) {
    how = `files (${error})`;
    pyodide = await fromFiles();
  }
  const start = pyodide.pyimport("heyho.engine").start;
  engine = start(connect, how);
  for (const [request, respond] of waiting.splice(0)) engine.handle(request, respond);
};

boot().catch((error) => {
  const reply = { ok: false, error: `Heyho's engine did not start: ${error}` };
  for (const [, respond] of waiting.splice(0)) respond(reply);
  window.close();
});
