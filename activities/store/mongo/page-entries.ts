import type { RunRef } from '../../../workflows/contract/ids.js';
import { isObjectName, OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import type { DuplicateFound } from '../../records/page.js';
import type { Listed, ListQuery } from '../listing.js';
import type { ListedChange } from '../moving.js';
import type { Database, PageStored } from './collections.js';
import { readJournal } from './journal.js';
import { whatWasUndone } from './page-undone.js';
import { fromBlob } from './json.js';
import { fromCursor, toCursor } from './lists.js';
import { pageCount, pagesBetween, seqOf, type Part } from './page-keys.js';

/** Where a list of entries goes on: object, page, entry within the page. */
type Position = [object: ObjectName, seq: number, index: number];

function isPosition(value: unknown): value is Position {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [object, seq, index] = value as unknown[];
  const counts = [seq, index].every((each) => Number.isInteger(each) && Number(each) >= 0);
  return typeof object === 'string' && isObjectName(object) && counts;
}

interface Reading<P, T> {
  ref: RunRef;
  object: ObjectName | undefined;
  query: ListQuery;
  walk: (at: { ref: RunRef; object: ObjectName }, span: { from: number; to: number }) => AsyncIterable<P>;
  /** Of the pages with entries to look at: pages without any are never opened. */
  pages: (page: P) => boolean;
  entries: (page: P, object: ObjectName) => Promise<T[]>;
  wanted: (entry: T) => boolean;
}

/** In the order in which the run wrote them, page by page; no more pages are opened than the list needs. */
export async function listEntries<P extends { _id: string }, T>(
  database: Database,
  reading: Reading<P, T>,
): Promise<Listed<T>> {
  const { query } = reading;
  const from: Position | null = query.cursor === undefined ? null : fromCursor(query.cursor, isPosition);
  const items: T[] = [];
  for (const object of OBJECTS) {
    if (reading.object !== undefined && reading.object !== object) continue;
    if (from && OBJECTS.indexOf(object) < OBJECTS.indexOf(from[0])) continue;
    const start = from?.[0] === object ? from : null;
    const span = { from: start?.[1] ?? 0, to: await pageCount(database, reading.ref, object) };
    for await (const page of reading.walk({ ref: reading.ref, object }, span)) {
      if (!reading.pages(page)) continue;
      const entries = await reading.entries(page, object);
      const first = start?.[1] === seqOf(page) ? start[2] : 0;
      for (let index = first; index < entries.length; index += 1) {
        const entry = entries[index];
        if (entry === undefined || !reading.wanted(entry)) continue;
        if (items.length === query.limit)
          return { items, nextCursor: toCursor([object, seqOf(page), index]) };
        items.push(entry);
      }
    }
  }
  return { items, nextCursor: null };
}

function walkPages(database: Database, projection: Part): Reading<PageStored, never>['walk'] {
  return (at, span) => pagesBetween(database, at, span, { projection });
}

export function listChanges(
  database: Database,
  ref: RunRef,
  filter: { object?: ObjectName; outcome?: string },
  query: ListQuery,
): Promise<Listed<ListedChange>> {
  const { outcome } = filter;
  return listEntries(database, {
    ref,
    object: filter.object,
    query,
    walk: walkPages(database, { appliedAt: 1, undoneAt: 1, kept: 1, counts: 1 }),
    pages: (page) => page.appliedAt !== null && mayHave(page, outcome),
    entries: async (page, object) => {
      const entries = await readJournal(database, ref, object, seqOf(page));
      return whatWasUndone(database, ref, page, entries);
    },
    wanted: (entry) => outcome === undefined || entry.outcome === outcome,
  });
}

/** The page's counts say whether its journal is worth opening; `resolved` is none of them. */
export function mayHave(page: Pick<PageStored, 'counts'>, outcome: string | undefined): boolean {
  const counts: object = page.counts ?? {};
  return outcome === undefined || !(outcome in counts) || Reflect.get(counts, outcome) !== 0;
}

export function listDuplicates(
  database: Database,
  ref: RunRef,
  filter: { object?: ObjectName },
  query: ListQuery,
): Promise<Listed<DuplicateFound & { object: ObjectName }>> {
  return listEntries(database, {
    ref,
    object: filter.object,
    query,
    walk: walkPages(database, { duplicates: 1 }),
    pages: (page) => page.duplicates !== undefined,
    entries: async (page, object) => {
      const found = page.duplicates ? ((await fromBlob(page.duplicates)) as DuplicateFound[]) : [];
      return found.map((duplicate) => ({ ...duplicate, object }));
    },
    wanted: () => true,
  });
}
