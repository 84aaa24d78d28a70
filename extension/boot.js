// Boots Pyodide with heyho in it, in a page or in a worker, and starts workers.
import { loadPyodide } from "./runtime/pyodide/pyodide.mjs";

// With these Pyodide would run Python on stacks of their own, so that it can wait in the middle of
// a call, which Heyho never does. A garbage collection that begins there may read on beyond the end
// of such a stack, and end the process of the whole extension.
delete WebAssembly.Suspending;
delete WebAssembly.promising;

const at = (path) => new URL(path, import.meta.url).href;
const indexURL = at("./runtime/pyodide/");

const read = async (path) => (await fetch(at(path))).arrayBuffer();
const readSnapshot = () => read("./runtime/snapshot.bin");

// Pyodide keeps its settings for good. From this one it gets the bytes, and does not keep them.
const once = (bytes) => ({
  then: (resolve) => {
    resolve(bytes);
    bytes = null;
  },
});

const fromSnapshot = async (snapshot) =>
  loadPyodide({ indexURL, _loadSnapshot: once(snapshot ?? (await readSnapshot())) });

// The options behind the snapshot are undocumented: whatever goes wrong there, this works.
const fromFiles = async () => {
  const [pyodide, archive] = await Promise.all([
    loadPyodide({ indexURL }),
    read("./runtime/heyho.zip"),
  ]);
  pyodide.unpackArchive(archive, "zip", {
    extractDir: pyodide.runPython("import site; site.getsitepackages()[0]"),
  });
  return pyodide;
};

// Pyodide, compiled: workers share it with the page that starts them.
let compiled = null;

const instantiate = async (response, imports) => {
  compiled ??= await WebAssembly.compileStreaming(response);
  return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
};

// Resolves to the interpreter, and to what it was booted from. What a worker is given need not be
// read and compiled once more.
export const boot = async ({ module = null, snapshot = null } = {}) => {
  compiled = module;
  // Pyodide has no setting for a module that is there already.
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = instantiate;
  try {
    return { pyodide: await fromSnapshot(snapshot), source: "snapshot" };
  } catch (error) {
    return { pyodide: await fromFiles(), source: `files (${error})` };
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
};

// The snapshot is read once for all workers that start together, and kept no longer than that:
// the last of them gets the bytes themselves, the others a copy.
let reading = null;
let readers = 0;

const supply = async (worker) => {
  readers += 1;
  reading ??= readSnapshot().catch(() => null); // then each worker finds out by itself
  const snapshot = await reading;
  readers -= 1;
  if (!readers) reading = null;
  const given = readers || !snapshot ? [] : [snapshot];
  worker.postMessage({ kind: "boot", module: compiled, snapshot }, given);
};

// Starts worker.js, or another script that imports it.
export const startWorker = (name, url = at("./worker.js")) => {
  const worker = new Worker(url, { type: "module", name });
  supply(worker);
  return worker;
};
