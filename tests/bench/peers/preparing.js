// What one would write to prepare batches: read through Dexie, encode, compress, one after another.
import Dexie from "dexie";

// Prepare all visits from `first` to `last` of Heyho's own database, and send them nowhere; return
// the seconds it took, and the bytes that came of it.
export async function prepare({ first, last, size }) {
  const database = new Dexie("heyho");
  await database.open();
  const visits = database.table("visits");
  let bytes = 0;
  const start = performance.now();
  for (let from = first; from <= last; from += size) {
    const to = Math.min(from + size - 1, last);
    const pageVisits = await visits.where(":id").between(from, to, true, true).toArray();
    const body = { anonymousClientId: "seeded", pageVisits, tabAggregates: [] };
    const text = new Blob([JSON.stringify(body)]).stream();
    const gzipped = text.pipeThrough(new CompressionStream("gzip"));
    bytes += (await new Response(gzipped).arrayBuffer()).byteLength;
  }
  const seconds = (performance.now() - start) / 1000;
  database.close();
  return [seconds, bytes];
}
