// What else the catalog could be: SQLite's FTS5, here in the page's memory. A persistent file would
// be slower, and would have to be kept in step with IndexedDB.
import sqlite3InitModule from "/bench/heyho/runtime/sqlite/index.mjs";

let sqlite = null;
let index = null;

// Index all visits of Heyho's own database; return the seconds it took, and the index's bytes.
export async function build() {
  sqlite = await sqlite3InitModule();
  const start = performance.now();
  index = new sqlite.oo1.DB();
  index.exec(`CREATE VIRTUAL TABLE words USING fts5(title, url, content = '', prefix = '1 2 3',
    tokenize = 'unicode61 remove_diacritics 2')`);
  const visits = await new Promise((resolve) => {
    const request = database.transaction("visits").objectStore("visits").getAll();
    request.onsuccess = () => resolve(request.result);
  });
  visits.sort((one, other) => one.startedAt - other.startedAt);
  index.exec("BEGIN");
  const insert = index.prepare("INSERT INTO words (rowid, title, url) VALUES (?, ?, ?)");
  visits.forEach(({ title, url }, at) => insert.bind([at + 1, title, url]).stepReset());
  insert.finalize();
  index.exec("COMMIT");
  const seconds = (performance.now() - start) / 1000;
  const bytes = sqlite.capi.sqlite3_js_db_export(index).byteLength;
  return [seconds, bytes];
}

// The slowest of several answers, in milliseconds: the latest matches, without the visits themselves.
export function ask({ expression, limit, times }) {
  let slowest = 0;
  for (let time = 0; time < times; time += 1) {
    const start = performance.now();
    index.selectArrays(
      "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?",
      [expression, limit],
    );
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}
