// A worker: boots a Pyodide of its own, and hands every message over to heyho.worker.
import { boot } from "./boot.js";
import { openDatabase } from "./database.js";

// Messages that arrive before Python does wait here.
const waiting = [];
let take = null;

self.onmessage = ({ data }) => {
  if (take) take(data);
  else waiting.push(data);
};

// Held for the worker's whole life: whoever else gets this lock knows that the worker is gone.
navigator.locks.request(self.name, () => {
  postMessage({ kind: "alive" });
  return new Promise(() => {});
});

const start = async () => {
  const { pyodide, source } = await boot();
  take = pyodide.pyimport("heyho.worker").start(openDatabase, source);
  for (const message of waiting.splice(0)) take(message);
};

// Reported, the error reaches the page that started this worker.
start().catch(reportError);
