// A worker: boots a Pyodide of its own, and hands every message over to heyho.worker.
import { boot } from "./boot.js";
import { openDatabase } from "./database.js";

// Messages that arrive before Python does wait here.
const waiting = [];
let take = (message) => waiting.push(message);

const start = async (parts) => {
  const { pyodide, source } = await boot(parts);
  take = pyodide.pyimport("heyho.worker").start(openDatabase, source);
  for (const message of waiting.splice(0)) take(message);
};

self.onmessage = ({ data }) => {
  // Reported, the error reaches the page that started this worker.
  if (data.kind === "boot") start(data).catch(reportError);
  else take(data);
};

// Held for the worker's whole life: whoever else gets this lock knows that the worker is gone.
navigator.locks.request(self.name, () => {
  postMessage({ kind: "alive" });
  return new Promise(() => {});
});
