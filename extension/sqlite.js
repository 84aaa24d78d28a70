// SQLite for pages: resolves to its module, which is loaded at the first call.
globalThis.openSqlite = async () => (await import("./runtime/sqlite/index.mjs")).default();
