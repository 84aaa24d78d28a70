// PyScript calls Function(...), which the extension's policy forbids, for a default worker hook
// only: without that hook it needs no such call. Pages start no PyScript workers.
import { hooks } from "./runtime/pyscript/core.js";
import { readState } from "./database.js";

hooks.worker.onBeforeRunAsync.clear();
globalThis.readState = readState;
