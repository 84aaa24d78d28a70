"""The schema of the IndexedDB database and its migrations, in Chromium."""

from __future__ import annotations

from playwright.sync_api import Page

_SCHEMA = """async () => {
  const database = await openDatabase(MIGRATIONS, "schema");
  const schema = {};
  const transaction = database.transaction([...database.objectStoreNames]);
  for (const name of database.objectStoreNames) {
    const store = transaction.objectStore(name);
    const indexes = [...store.indexNames].map((index) => [index, store.index(index).unique]);
    schema[name] = [store.keyPath, store.autoIncrement, indexes];
  }
  database.close();
  return schema;
}"""

# Writes a row with the first version, upgrades with one more migration, and reads it back.
_UPGRADE = """async () => {
  const put = (database, store, value, key) => new Promise((resolve, reject) => {
    const transaction = database.transaction(store, "readwrite");
    transaction.objectStore(store).put(value, key);
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const all = (database, store) => new Promise((resolve) => {
    const request = database.transaction(store).objectStore(store).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const before = await openDatabase(MIGRATIONS.slice(0, 1), "upgrade");
  await put(before, "visits", { id: "a", startedAt: 1, domain: "d" });
  await put(before, "state", { waiting: 1 }, "status");
  const more = [...MIGRATIONS, (database, transaction) => {
    transaction.objectStore("visits").createIndex("title", "title");
    database.createObjectStore("added");
  }];
  const after = await openDatabase(more, "upgrade");
  const found = {
    version: after.version - MIGRATIONS.length,
    stores: after.objectStoreNames.contains("added"),
    visits: await all(after, "visits"),
    state: await all(after, "state"),
  };
  after.close();
  return found;
}"""

_BROKEN = """async () => {
  const broken = [...MIGRATIONS, () => { throw new Error("on purpose"); }];
  (await openDatabase(MIGRATIONS, "broken")).close();
  let name = "none";
  await openDatabase(broken, "broken").catch((error) => { name = error.name; });
  const again = await openDatabase(MIGRATIONS, "broken");
  const version = again.version;
  again.close();
  return [name, version - MIGRATIONS.length];
}"""

_NEWER = """async () => {
  (await openDatabase([...MIGRATIONS, () => {}], "newer")).close();
  return await openDatabase(MIGRATIONS, "newer").then(() => "opened", (error) => error.name);
}"""

_BLOCKED = """async () => {
  const stubborn = await openDatabase(MIGRATIONS, "blocked");
  stubborn.onversionchange = () => {};
  const name = await openDatabase([...MIGRATIONS, () => {}], "blocked").then(
    () => "opened", (error) => error.name);
  stubborn.close();
  return name;
}"""

# Two requests wait for an older version: only the first of them is told so by the browser.
_QUEUED = """async () => {
  const stubborn = await openDatabase(MIGRATIONS, "queued");
  stubborn.onversionchange = null;
  const version = MIGRATIONS.length + 1;
  const first = indexedDB.open("queued", version);
  await new Promise((resolve) => { first.onblocked = resolve; });
  const name = () => openDatabase([...MIGRATIONS, () => {}], "queued").then(
    (database) => { database.close(); return "opened"; }, (error) => error.name);
  const names = [await name(), await name()];
  stubborn.close();
  await new Promise((resolve) => { first.onsuccess = resolve; });
  first.result.close();
  for (let tries = 0; tries < 500 && names.at(-1) !== "opened"; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    names.push(await name());
  }
  const rest = await indexedDB.databases();
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("queued");
    request.onsuccess = resolve;
    request.onblocked = () => reject(new Error("a connection was left open"));
  });
  return [names.slice(0, 2), rest.find(({ name }) => name === "queued").version - version];
}"""

_FOLD = """async () => {
  const database = await openDatabase(MIGRATIONS, "full");
  try {
    return await pyodide.pyimport("contract.idb_world").add_and_fold(database);
  } finally {
    database.close();
  }
}"""

# What a full disk looks like from here: the transaction is aborted on its way to the disk, and
# its error says why. (In earnest it is in e2e/test_storage_errors.py.)
_FILL_DISK = """() => {
  const { add } = IDBObjectStore.prototype;
  const error = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "error");
  const full = new DOMException("no space", "QuotaExceededError");
  Object.defineProperty(IDBTransaction.prototype, "error", { ...error, get: () => full });
  IDBObjectStore.prototype.add = function (...values) {
    const request = add.apply(this, values);
    if (this.name === "visits") request.addEventListener("success", () => this.transaction.abort());
    return request;
  };
  globalThis.freeDisk = () => {
    Object.defineProperty(IDBTransaction.prototype, "error", error);
    IDBObjectStore.prototype.add = add;
  };
}"""

_SENTENCE = """(name) => {
  const say = pyodide.pyimport("heyho.browser.interop").storage_error;
  const error = say({ name, message: "something" });
  return [error.type, error.sentence];
}"""


def test_schema_is_the_contract(page: Page) -> None:
    assert page.evaluate(_SCHEMA) == {
        "days": [None, False, []],
        "events": [None, True, []],
        "rejected": ["id", False, []],
        "runs": [None, True, []],
        "state": [None, False, []],
        "trash": ["seq", False, []],
        "visits": [
            "seq",
            True,
            [["domain", False], ["id", True], ["startedAt", False]],
        ],
        "words": [None, False, []],
    }


def test_an_upgrade_keeps_what_is_there(page: Page) -> None:
    assert page.evaluate(_UPGRADE) == {
        "version": 1,
        "stores": True,
        "visits": [{"id": "a", "startedAt": 1, "domain": "d", "seq": 1}],
        "state": [{"waiting": 1}],
    }


def test_a_migration_that_fails_leaves_the_old_version(page: Page) -> None:
    assert page.evaluate(_BROKEN) == ["AbortError", 0]


def test_a_newer_database_is_refused(page: Page) -> None:
    assert page.evaluate(_NEWER) == "VersionError"


def test_a_blocked_upgrade_is_told(page: Page) -> None:
    assert page.evaluate(_BLOCKED) == "BlockedError"


def test_an_upgrade_blocked_behind_another_is_told(page: Page) -> None:
    """Nobody waits for ever, and what was asked in vain leaves no connection open."""
    assert page.evaluate(_QUEUED) == [["BlockedError", "BlockedError"], 0]


def test_each_refusal_has_its_sentence(page: Page) -> None:
    said = {
        name: page.evaluate(_SENTENCE, name)
        for name in (
            "QuotaExceededError",
            "BlockedError",
            "VersionError",
            "UnknownError",
            "DataError",
        )
    }
    assert [kind for kind, _ in said.values()] == [
        "StorageFull",
        "StorageBlocked",
        "StorageTooNew",
        "StorageError",
        "StorageError",
    ]
    assert all(sentence.endswith(".") for _, sentence in list(said.values())[:4])
    assert "something" in said["DataError"][1]


def test_a_full_disk_loses_nothing(page: Page) -> None:
    """A visit that cannot be written leaves its event where it is, for the next fold."""
    assert page.evaluate(_FOLD) == ["", 1]
    page.evaluate(_FILL_DISK)
    assert page.evaluate(_FOLD) == ["StorageFull", 1]
    assert page.evaluate(_FOLD) == ["StorageFull", 1]
    page.evaluate("() => freeDisk()")
    assert page.evaluate(_FOLD) == ["", 4]
