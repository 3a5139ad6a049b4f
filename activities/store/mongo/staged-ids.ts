import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { StagedIds } from '../moving.js';
import type { Database, FetchStored, PageStored } from './collections.js';
import { idHash, idHashes, readHashes } from './id-hashes.js';
import { readSource } from './page-reads.js';
import { pagesBetween, seqOf } from './page-keys.js';
import { FETCH, sideKey } from './transfer-codec.js';

const HASHES_AT_ONCE = 200;

/** Eight bytes a staged record, read without opening the pages. */
export async function stagedIds(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  fromSeq: number,
): Promise<StagedIds> {
  const side = (await database
    .collection('transfers')
    .findOne({ _id: sideKey(ref, object, FETCH) })) as FetchStored | null;
  const hashes = new Float64Array(side?.fetched ?? 0);
  let size = 0;
  const span = { from: fromSeq, to: side?.position ?? 0 };
  const only = { projection: { idHashes: 1 } as const, atOnce: HASHES_AT_ONCE };
  for await (const page of pagesBetween(database, { ref, object }, span, only)) {
    const stored = page.idHashes ?? (await hashesOf(database, ref, object, page));
    size += readHashes(stored, hashes, size);
  }
  const sorted = hashes.subarray(0, size).sort();
  return { size, has: (externalId) => includes(sorted, idHash(externalId)) };
}

/** Of a page that an import staged, or an older version of this code. */
async function hashesOf(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  page: PageStored,
): Promise<ReturnType<typeof idHashes>> {
  const source = await readSource(database, ref, object, seqOf(page));
  return idHashes((source?.records ?? []).map(({ externalId }) => externalId));
}

function includes(sorted: Float64Array, wanted: number): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle] ?? Infinity;
    if (value === wanted) return true;
    if (value < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
