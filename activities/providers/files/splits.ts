import { ProviderFailure } from '../provider.js';
import type { CanonicalRow } from '../provider.js';
import type { KeyReader } from './external-id.js';

/** What one look over all rows of a grouped file tells. */
export interface GroupScan {
  /** Source records: groups, and rows without a readable key, which stand alone. */
  records: number;
  /** Keys that come back after other rows, each with its first line and how many rows it has in all. */
  split: SplitKeys;
}

export type SplitKeys = ReadonlyMap<string, { line: number; rows: number }>;

/** More keys that come back than this, and the file is not sorted by its key at all. */
const MAX_SUSPECTS = 500_000;

/**
 * Finds the keys that come back, in memory that does not grow with the file: a first pass over the rows fills a Bloom filter and
 * notes the keys that it seems to have seen before; a second pass, only if there are any, counts those exactly.
 * @throws ProviderFailure `mapping_broken` if the rows of a key hardly ever stand together
 */
export async function scanGroups(
  batches: () => AsyncIterable<CanonicalRow[]>,
  keyOf: KeyReader,
  rows: number,
): Promise<GroupScan> {
  const filter = createBloomFilter(rows);
  const suspects = new Set<number>();
  let records = 0;
  for await (const key of groupStarts(batches(), keyOf)) {
    records += 1;
    if (key === null) continue;
    const hashed = hash53(key);
    if (!filter.add(hashed)) continue;
    suspects.add(hashed);
    if (suspects.size > MAX_SUSPECTS) throw unsorted();
  }
  if (suspects.size === 0) return { records, split: new Map() };
  const pieces = await countAgain(batches(), keyOf, suspects);
  const split = new Map([...pieces].filter(([, key]) => key.pieces > 1));
  const extra = [...split.values()].reduce((sum, key) => sum + key.pieces - 1, 0);
  return { records: records - extra, split };
}

interface Pieces {
  line: number;
  rows: number;
  pieces: number;
}

async function countAgain(
  batches: AsyncIterable<CanonicalRow[]>,
  keyOf: KeyReader,
  suspects: ReadonlySet<number>,
): Promise<Map<string, Pieces>> {
  const found = new Map<string, Pieces>();
  let last: string | null = null;
  for await (const rows of batches) {
    for (const row of rows) {
      const key = keyOf(row);
      if (key.is === 'unknown') continue;
      const id = key.is === 'id' ? key.id : null;
      if (id !== null && suspects.has(hash53(id))) {
        const known = found.get(id) ?? { line: row.line, rows: 0, pieces: 0 };
        const pieces = known.pieces + (id === last ? 0 : 1);
        found.set(id, { ...known, rows: known.rows + 1, pieces });
      }
      last = id;
    }
  }
  return found;
}

function unsorted(): ProviderFailure {
  return new ProviderFailure(
    'mapping_broken',
    `More than ${MAX_SUSPECTS} keys of the grouped file come back after other rows. Nothing was written. Sort the file by its key columns, or set group to false in the mapping.`,
  );
}

/** The key of each group as it begins; `null` for a row that stands alone without one. The rules are those of `groupRows`. */
async function* groupStarts(
  batches: AsyncIterable<CanonicalRow[]>,
  keyOf: KeyReader,
): AsyncGenerator<string | null> {
  let last: string | null = null;
  let strays = 0;
  for await (const rows of batches) {
    for (const row of rows) {
      const key = keyOf(row);
      if (key.is === 'unknown') {
        strays += 1;
        continue;
      }
      const id = key.is === 'id' ? key.id : null;
      const joins = id !== null && id === last;
      for (; !joins && strays > 0; strays -= 1) yield null;
      strays = 0;
      last = id;
      if (!joins) yield id;
    }
  }
  for (; strays > 0; strays -= 1) yield null;
}

interface BloomFilter {
  /** True: seen before, or (rarely) not. False: certainly new. */
  add(hashed: number): boolean;
}

const HASHES = 5;

/** 12 bits a row keep mistakes under 1 %; 16 MiB at most, which holds that up to 11 million groups. */
function createBloomFilter(rows: number): BloomFilter {
  const bits = 2 ** Math.min(27, Math.max(16, Math.ceil(Math.log2(Math.max(rows, 1) * 12))));
  const words = new Uint32Array(bits / 32);
  return {
    add: (hashed) => {
      const low = hashed % 4_294_967_296;
      const high = Math.floor(hashed / 4_294_967_296) * 2 + 1;
      let seen = true;
      for (let turn = 0; turn < HASHES; turn += 1) {
        const bit = (low + turn * high * 2_654_435) % bits;
        const word = Math.floor(bit / 32);
        const mask = 1 << (bit % 32);
        if (((words[word] ?? 0) & mask) === 0) seen = false;
        words[word] = (words[word] ?? 0) | mask;
      }
      return seen;
    },
  };
}

const { imul } = Math;

/** 53 bits of a text: two multiplicative hashes side by side, finished as in MurmurHash3. */
export function hash53(text: string): number {
  let first = 0x9e3779b9;
  let second = 0x85ebca6b;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    first = imul(first ^ code, 0x5bd1e995);
    second = imul(second ^ code, 0x1b873593);
  }
  first = finish(first ^ (second >>> 15));
  second = finish(second ^ (first >>> 13));
  return (second & 0x1fffff) * 4_294_967_296 + first;
}

function finish(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
