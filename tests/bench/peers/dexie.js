// The algorithm that Heyho began with: all visits in memory, in batches of 1,000, sent as plain
// JSON in groups, each of which waits for its slowest batch.
import Dexie from "dexie";

const BATCH_SIZE = 1000;

const database = new Dexie("peer");
database.version(1).stores({ pageVisits: "++seq, &id, startedAt, domain" });

// Let these visits wait, and no others.
export async function seed(visits) {
  await database.pageVisits.clear();
  await database.pageVisits.bulkAdd(visits);
}

// Send all; return the seconds it took.
export async function sync({ base, token, concurrency }) {
  const start = performance.now();
  const visits = await database.pageVisits.toArray();
  const batches = [];
  for (let first = 0; first < visits.length; first += BATCH_SIZE) {
    batches.push(visits.slice(first, first + BATCH_SIZE));
  }
  for (let first = 0; first < batches.length; first += concurrency) {
    const group = batches.slice(first, first + concurrency);
    await Promise.all(group.map((batch) => send(base, token, batch)));
  }
  return (performance.now() - start) / 1000;
}

async function send(base, token, pageVisits) {
  const response = await fetch(`${base}/data/sync`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify({ anonymousClientId: "seeded", pageVisits, tabAggregates: [] }),
  });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}
