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
];

// Resolves to an open IDBDatabase. Rejects with a DOMException, or with an Error named
// "BlockedError" when another context keeps an older version open.
export const openDatabase = (migrations = MIGRATIONS, name = NAME) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, migrations.length);
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const migrate of migrations.slice(oldVersion)) {
        migrate(request.result, request.transaction);
      }
    };
    request.onblocked = () => {
      reject(Object.assign(new Error("the database is open elsewhere"), { name: "BlockedError" }));
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
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
