// The IndexedDB schema, in the one place that every context of the extension shares.

export const NAME = "heyho";

// MIGRATIONS[n] brings a database from version n to n + 1; what is released never changes.
export const MIGRATIONS = [
  (database) => {
    database.createObjectStore("events", { autoIncrement: true });
    const visits = database.createObjectStore("visits", { keyPath: "seq", autoIncrement: true });
    visits.createIndex("id", "id", { unique: true });
    visits.createIndex("startedAt", "startedAt");
    visits.createIndex("domain", "domain");
    database.createObjectStore("state");
    database.createObjectStore("rejected", { keyPath: "id" });
    database.createObjectStore("runs", { autoIncrement: true });
  },
  (database) => {
    database.createObjectStore("trash", { keyPath: "seq" });
    database.createObjectStore("words");
    database.createObjectStore("days");
  },
];

const PATIENCE_MS = 300;

// Names of databases that cannot be upgraded, since an older version is open elsewhere. The request
// that found out cannot be taken back, and whatever is asked behind it would hear nothing.
const blocked = new Set();

const isOlder = async (name, version) => {
  const known = await indexedDB.databases().catch(() => []);
  return known.some((database) => database.name === name && database.version < version);
};

// Resolves to an open IDBDatabase. Rejects with a DOMException, or with an Error named
// "BlockedError" when another context keeps an older version open; the event `unblocked` of this
// context tells when that is over.
export const openDatabase = (migrations = MIGRATIONS, name = NAME) =>
  new Promise((resolve, reject) => {
    let refused = false;
    const refuse = () => {
      refused = true;
      blocked.add(name);
      reject(Object.assign(new Error("the database is open elsewhere"), { name: "BlockedError" }));
    };
    if (blocked.has(name)) {
      refuse();
      return;
    }
    const request = indexedDB.open(name, migrations.length);
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const migrate of migrations.slice(oldVersion)) {
        migrate(request.result, request.transaction);
      }
    };
    request.onblocked = refuse;
    request.onerror = () => {
      blocked.delete(name);
      reject(request.error);
    };
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      blocked.delete(name);
      if (!refused) {
        resolve(database);
        return;
      }
      database.close();
      dispatchEvent(new Event("unblocked"));
    };
    // Behind the blocked request of another context there is no event.
    const watch = async () => {
      const older = request.readyState === "pending" && (await isOlder(name, migrations.length));
      if (request.readyState === "done") return;
      if (older) refuse();
      else setTimeout(watch, PATIENCE_MS);
    };
    setTimeout(watch, PATIENCE_MS);
  });

// The value of one key of the `state` store, or undefined.
export const readState = async (key) => {
  const database = await openDatabase();
  try {
    return await new Promise((resolve, reject) => {
      const request = database.transaction("state").objectStore("state").get(key);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } finally {
    database.close();
  }
};
