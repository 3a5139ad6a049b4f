import type { RunRef } from '../../../workflows/contract/ids.js';
import { isObjectName, OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import type { JournalEntry } from '../../records/page.js';
import type { StoredRecord } from '../../records/types.js';
import type { Listed, ListQuery } from '../listing.js';
import type { Database } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { readJournal } from './journal.js';
import { fromCursor, listDown, toCursor } from './lists.js';
import { pageCount, pagesBetween, seqOf } from './page-keys.js';
import { decodeRecord, recordKey } from './record-codec.js';

const WRITTEN = { projection: { appliedAt: 1, undoneAt: 1 } } as const;

type Position = [object: ObjectName, seq: number, before: number];

function isPosition(value: unknown): value is Position {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [object, seq, before] = value as unknown[];
  const counts = [seq, before].every((each) => Number.isInteger(each) && Number(each) >= 0);
  return typeof object === 'string' && isObjectName(object) && counts;
}

/**
 * Records that a run created or changed and that are still there, the last written first: read backwards from its journals, which
 * cost an import nothing more. Once they have expired, the records that it made are found by walking all records of the workspace.
 */
export async function listOfRun(
  database: Database,
  run: Pick<RunRef, 'workspaceId' | 'runId'>,
  facts: Record<string, unknown>,
  query: ListQuery,
): Promise<Listed<StoredRecord>> {
  const stored = await database
    .collection('runs')
    .findOne({ _id: idOf(run.workspaceId, run.runId) }, { projection: { undoExpired: 1 } });
  if (stored?.['undoExpired'] === true) {
    return listDown(database.collection('records'), {
      prefix: prefixOf(run.workspaceId),
      filter: { ...facts, madeBy: run.runId },
      query,
      decode: decodeRecord,
    });
  }
  const from: Position | null = query.cursor === undefined ? null : fromCursor(query.cursor, isPosition);
  return walkBack(database, { ...run, appId: '' }, facts, query.limit, from);
}

async function walkBack(
  database: Database,
  ref: RunRef,
  facts: Record<string, unknown>,
  limit: number,
  from: Position | null,
): Promise<Listed<StoredRecord>> {
  const items: StoredRecord[] = [];
  for (const object of [...OBJECTS].reverse()) {
    if (from && OBJECTS.indexOf(object) > OBJECTS.indexOf(from[0])) continue;
    const start = from?.[0] === object ? from : null;
    const span = { from: 0, to: start ? start[1] + 1 : await pageCount(database, ref, object), down: true };
    for await (const page of pagesBetween(database, { ref, object }, span, WRITTEN)) {
      if (page.appliedAt === null || page.undoneAt !== null) continue;
      const seq = seqOf(page);
      const entries = await readJournal(database, ref, object, seq);
      const records = await stillThere(database, ref, entries, facts);
      for (let index = (start?.[1] === seq ? start[2] : entries.length) - 1; index >= 0; index -= 1) {
        const entry = entries[index];
        const record = entry && records.get(entry.recordId);
        if (!entry || !record || !isFirstMention(entry, record, ref.runId)) continue;
        if (items.length === limit) return { items, nextCursor: toCursor([object, seq, index + 1]) };
        items.push(record);
        records.delete(entry.recordId);
      }
    }
  }
  return { items, nextCursor: null };
}

/** A record that this run made is listed where it was made, not again where the run came back to it. */
function isFirstMention(entry: JournalEntry, record: StoredRecord, runId: string): boolean {
  const made = 'runId' in record.createdBy && record.createdBy.runId === runId;
  return made ? entry.outcome === 'created' : true;
}

async function stillThere(
  database: Database,
  ref: RunRef,
  entries: readonly JournalEntry[],
  facts: Record<string, unknown>,
): Promise<Map<string, StoredRecord>> {
  const keys = [...new Set(entries.map((entry) => recordKey(ref.workspaceId, entry.recordId)))];
  const found = await database
    .collection('records')
    .find({ _id: { $in: keys }, ...facts })
    .toArray();
  return new Map(found.map((doc) => decodeRecord(doc)).map((record) => [record.recordId, record]));
}
