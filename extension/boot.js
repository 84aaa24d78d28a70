// Boots Pyodide with heyho in it, in a page or in a worker.
import { loadPyodide } from "./runtime/pyodide/pyodide.mjs";

const at = (path) => new URL(`./runtime/${path}`, import.meta.url).href;
const indexURL = at("pyodide/");

const fromSnapshot = async () => {
  const response = await fetch(at("snapshot.bin"));
  return loadPyodide({ indexURL, _loadSnapshot: await response.arrayBuffer() });
};

// The options behind the snapshot are undocumented: whatever goes wrong there, this works.
const fromFiles = async () => {
  const [pyodide, archive] = await Promise.all([
    loadPyodide({ indexURL }),
    fetch(at("heyho.zip")).then((response) => response.arrayBuffer()),
  ]);
  pyodide.unpackArchive(archive, "zip", {
    extractDir: pyodide.runPython("import site; site.getsitepackages()[0]"),
  });
  return pyodide;
};

// Resolves to the interpreter, and to what it was booted from.
export const boot = async () => {
  try {
    return { pyodide: await fromSnapshot(), source: "snapshot" };
  } catch (error) {
    return { pyodide: await fromFiles(), source: `files (${error})` };
  }
};
