import type { RunRef } from '../../../workflows/contract/ids.js';
import { OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import type { PageFacts, PageOutcomes, StagedPage } from '../moving.js';
import type { SourceRecord } from '../../records/types.js';
import type { Database, PageStored } from './collections.js';
import { mayHold } from './fingerprints.js';
import { fromBlob } from './json.js';
import { pageCount, pageKey, PAGES_AT_ONCE, pagesBetween, seqOf } from './page-keys.js';

/** Raw pages are large: at most this many are held at once, whatever the run holds. */
const RAW_AT_ONCE = 4;

export async function readSource(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  seq: number,
): Promise<StagedPage | null> {
  const page = await database
    .collection('pages')
    .findOne({ _id: pageKey(ref, object, seq) }, { projection: { origin: 1, data: 1 } });
  return page && { seq, origin: page.origin, records: await recordsOf(page) };
}

async function recordsOf(page: Pick<PageStored, 'data'>): Promise<SourceRecord[]> {
  return page.data ? ((await fromBlob(page.data)) as SourceRecord[]) : [];
}

export async function readFacts(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  args: { below?: number; limit: number },
): Promise<PageFacts[]> {
  const to = Math.min(args.below ?? Infinity, await pageCount(database, ref, object));
  const from = Math.max(0, to - args.limit);
  const facts: PageFacts[] = [];
  const projection = { origin: 1, n: 1, appliedAt: 1, undoneAt: 1 } as const;
  for await (const page of pagesBetween(
    database,
    { ref, object },
    { from, to, down: true },
    { projection },
  )) {
    facts.push({
      seq: seqOf(page),
      origin: page.origin,
      records: page.n,
      applied: page.appliedAt !== null,
      undone: page.undoneAt !== null,
    });
  }
  return facts;
}

export async function readOutcomes(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  seqs: readonly number[],
): Promise<PageOutcomes[]> {
  const found: PageOutcomes[] = [];
  for (let from = 0; from < seqs.length; from += PAGES_AT_ONCE) {
    const keys = seqs.slice(from, from + PAGES_AT_ONCE).map((seq) => pageKey(ref, object, seq));
    const pages = await database
      .collection('pages')
      .find({ _id: { $in: keys } })
      .project<PageStored>({ appliedAt: 1, undoneAt: 1, counts: 1 })
      .toArray();
    for (const page of pages) {
      if (page.appliedAt === null || page.undoneAt !== null || !page.counts) continue;
      found.push({ seq: seqOf(page), counts: page.counts });
    }
  }
  return found.sort((a, b) => a.seq - b.seq);
}

export async function* streamSource(
  database: Database,
  ref: RunRef,
  signal: AbortSignal,
): AsyncIterable<{ object: ObjectName; seq: number; record: SourceRecord }> {
  for (const object of OBJECTS) {
    const span = { from: 0, to: await pageCount(database, ref, object) };
    const only = { projection: { data: 1, origin: 1 } as const, atOnce: RAW_AT_ONCE };
    for await (const page of pagesBetween(database, { ref, object }, span, only)) {
      signal.throwIfAborted();
      // That something was missing there is our finding: nobody sent it.
      if (page.origin === 'absence') continue;
      for (const record of await recordsOf(page)) yield { object, seq: seqOf(page), record };
    }
  }
}

/** The first one in the run, as its first occurrence is the one that counts. */
export async function findSource(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  externalId: string,
): Promise<SourceRecord | null> {
  const span = { from: 0, to: await pageCount(database, ref, object) };
  for await (const page of pagesBetween(database, { ref, object }, span, { projection: { ids: 1 } })) {
    if (!page.ids || !mayHold(page.ids, externalId)) continue;
    const staged = await readSource(database, ref, object, seqOf(page));
    const found = staged?.records.find((record) => record.externalId === externalId);
    if (found) return found;
  }
  return null;
}
