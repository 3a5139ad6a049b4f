import type { RecordFilter } from '../kept.js';
import type { Listed, ListQuery } from '../listing.js';
import { OBJECTS } from '../../../workflows/contract/objects.js';
import type { StoredRecord } from '../../records/types.js';
import type { Database } from './collections.js';
import { partsOf, prefixOf, range } from './ids.js';
import { linkPrefix } from './link-codec.js';
import { fromCursor, isText, listDown, toCursor } from './lists.js';
import { decodeRecord, recordKey } from './record-codec.js';
import { listOfRun } from './record-runs.js';
import { searchRange } from './terms.js';

const BATCH = 200;

/**
 * Newest first. What an app or an external id is to a record stands in the links, what a run did to it in the run's journals, so
 * that no import pays for an index that only lists would use.
 */
export async function listRecords(
  database: Database,
  workspaceId: string,
  filter: RecordFilter,
  query: ListQuery,
): Promise<Listed<StoredRecord>> {
  if (filter.externalId !== undefined)
    return ofExternalId(database, workspaceId, filter, filter.externalId, query);
  if (filter.appId !== undefined) return ofApp(database, workspaceId, filter, filter.appId, query);
  if (filter.runId !== undefined) {
    return listOfRun(database, { workspaceId, runId: filter.runId }, allFactsOf(workspaceId, filter), query);
  }
  const found = searchOf(workspaceId, filter);
  return listDown(database.collection('records'), {
    prefix: prefixOf(workspaceId),
    filter: factsOf(filter),
    ...(found && { place: found }),
    query,
    decode: decodeRecord,
  });
}

function factsOf(filter: RecordFilter): Record<string, unknown> {
  return {
    ...(filter.object !== undefined && { object: filter.object }),
    ...(filter.archived !== undefined && { archivedAt: { $exists: filter.archived } }),
  };
}

/** A record is found by its name (title, number) or by its first duplicate key (e-mail, domain, SKU). */
function searchOf(workspaceId: string, { q }: RecordFilter): Record<string, unknown>[] | null {
  if (q === undefined || q.trim() === '') return null;
  const within = searchRange(workspaceId, q);
  return [{ search: within }, { key: within }];
}

/** What can be asked of records whose keys are known already. */
function allFactsOf(workspaceId: string, filter: RecordFilter): Record<string, unknown> {
  const search = searchOf(workspaceId, filter);
  const { runId, externalId, appId } = filter;
  const beside = externalId !== undefined || appId !== undefined;
  return {
    ...factsOf(filter),
    ...(search && { $or: search }),
    // Beside another filter, a run's records are those it made.
    ...(beside && runId !== undefined && { madeBy: runId }),
  };
}

/** One external id has few links: one per origin and object at the most. */
async function ofExternalId(
  database: Database,
  workspaceId: string,
  filter: RecordFilter,
  externalId: string,
  query: ListQuery,
): Promise<Listed<StoredRecord>> {
  const origins = await originsOf(database, workspaceId);
  const objects = filter.object === undefined ? OBJECTS : [filter.object];
  const keys = origins.flatMap((origin) =>
    objects.map((object) => linkPrefix(workspaceId, origin, object) + externalId),
  );
  const links = await database
    .collection('links')
    .find({ _id: { $in: keys }, ...(filter.appId !== undefined && { appId: filter.appId }) })
    .toArray();
  const ids = [...new Set(links.map((link) => link.record))];
  const facts = allFactsOf(workspaceId, filter);
  const after = query.cursor === undefined ? null : prefixOf(workspaceId) + fromCursor(query.cursor, isText);
  const found = await database
    .collection('records')
    .find({ $and: [{ _id: { $in: ids } }, after === null ? {} : { _id: { $lt: after } }, facts] })
    .sort({ _id: -1 })
    .limit(query.limit + 1)
    .toArray();
  const shown = found.slice(0, query.limit);
  const last = shown.at(-1);
  const more = found.length > query.limit && last !== undefined;
  const nextCursor = more ? toCursor(last._id.slice(prefixOf(workspaceId).length)) : null;
  return { items: shown.map(decodeRecord), nextCursor };
}

async function originsOf(database: Database, workspaceId: string): Promise<string[]> {
  const stored = database.collection('origins').find({ _id: range(prefixOf(workspaceId)) });
  const origins = new Set<string>();
  for await (const { _id } of stored) origins.add(partsOf(_id, 3)[1] ?? '');
  return [...origins];
}

/** Walks the app's links by record, newest first. A record with several links of the app comes once. */
async function ofApp(
  database: Database,
  workspaceId: string,
  filter: RecordFilter,
  appId: string,
  query: ListQuery,
): Promise<Listed<StoredRecord>> {
  const all = range(prefixOf(workspaceId));
  const facts = allFactsOf(workspaceId, filter);
  let below = query.cursor === undefined ? all.$lt : recordKey(workspaceId, fromCursor(query.cursor, isText));
  const items: StoredRecord[] = [];
  for (;;) {
    const links = await database
      .collection('links')
      .find({ record: { $gte: all.$gte, $lt: below }, appId })
      .project<{ record: string }>({ _id: 0, record: 1 })
      .sort({ record: -1 })
      .limit(BATCH)
      .toArray();
    const ids = [...new Set(links.map((link) => link.record))];
    const found = await database
      .collection('records')
      .find({ _id: { $in: ids }, ...facts })
      .sort({ _id: -1 })
      .toArray();
    for (const doc of found) {
      const last = items.at(-1);
      if (items.length === query.limit && last) return { items, nextCursor: toCursor(last.recordId) };
      items.push(decodeRecord(doc));
    }
    const lowest = ids.at(-1);
    if (links.length < BATCH || lowest === undefined) return { items, nextCursor: null };
    below = lowest;
  }
}
