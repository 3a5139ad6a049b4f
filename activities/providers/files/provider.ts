import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ObjectMapping, SourceRecord } from '../../records/types.js';
import { defaultVCardMapping } from '../formats/vcard-mapping.js';
import { ProviderFailure } from '../provider.js';
import type {
  CanonicalRow,
  FileReader,
  OpenConnection,
  Provider,
  Session,
  SourcePage,
  StoredFileFacts,
} from '../provider.js';
import { files as description } from './describe.js';
import { keyReader } from './external-id.js';
import { groupRows, singleRows } from './groups.js';
import type { PlacedRecord, Place } from './groups.js';
import { placedRows, startOf, toPages } from './pages.js';
import { rowCheck } from './row-check.js';
import { scanGroups } from './splits.js';
import type { GroupScan, SplitKeys } from './splits.js';

/** Scans that a process remembers; each costs a look over its whole file. */
const REMEMBERED_SCANS = 8;

/**
 * Reads uploaded files through their stored rows (`FileReader`), so that any page can be read again from its cursor and no format
 * is parsed twice. A grouped file is scanned once per process for keys that come back.
 */
export function createFilesProvider(): Provider {
  const scans = new Map<string, Promise<GroupScan>>();

  function scan(file: StoredFile, signal: AbortSignal): Promise<GroupScan> {
    const name = JSON.stringify([file.facts.fileId, file.mapping?.key]);
    const known = scans.get(name);
    if (known) return known;
    const batches = (): AsyncIterable<CanonicalRow[]> => rowsOf(file, signal);
    const started = scanGroups(batches, keyReader(file.mapping, file.facts.kind), file.facts.rows);
    scans.set(name, started);
    // What failed (or was aborted) is asked again by the next one.
    started.catch(() => scans.delete(name));
    const oldest = scans.keys().next().value;
    if (scans.size > REMEMBERED_SCANS && oldest !== undefined) scans.delete(oldest);
    return started;
  }

  return { ...description, open: async (connection) => openSession(connection, scan) };
}

/** The one of a worker: its memory of scans spans activities. */
export const filesProvider: Provider = createFilesProvider();

/** A card leaves out what it has nothing for, so a file of cards has every column of a card. */
function columnsOf(facts: StoredFileFacts | undefined): string[] {
  if (facts?.kind !== 'vcard') return facts?.columns ?? [];
  const paths = Object.values(defaultVCardMapping.fields).flatMap((source) =>
    source ? [typeof source === 'string' ? source : source.path] : [],
  );
  return [...new Set([...facts.columns, ...paths])];
}

interface StoredFile {
  reader: FileReader;
  facts: StoredFileFacts;
  mapping: ObjectMapping | undefined;
}

type Scan = (file: StoredFile, signal: AbortSignal) => Promise<GroupScan>;

function openSession(connection: OpenConnection, scan: Scan): Session {
  const limit = connection.limit ?? Infinity;

  async function find(object: ObjectName): Promise<StoredFile | null> {
    const reader = connection.files;
    const facts = (await reader?.describe(object)) ?? null;
    return reader && facts ? { reader, facts, mapping: connection.mapping.objects[object] } : null;
  }

  async function need(object: ObjectName): Promise<StoredFile> {
    const file = await find(object);
    if (file) return file;
    throw new ProviderFailure(
      'file_unreadable',
      `There is no readable file of ${object}. Nothing was written. Upload one and start again.`,
    );
  }

  async function* read(
    object: ObjectName,
    from: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<SourcePage> {
    const file = await need(object);
    const start = startOf(from);
    const split = file.mapping?.group ? (await scan(file, signal)).split : NO_SPLITS;
    yield* toPages(recordsOf(file, start, split, signal), { read: start.read, limit });
  }

  async function get(
    object: ObjectName,
    externalIds: string[],
    signal: AbortSignal,
  ): Promise<SourceRecord[]> {
    const file = await find(object);
    const wanted = new Set(externalIds);
    const found: SourceRecord[] = [];
    if (!file) return found;
    for await (const { record } of recordsOf(file, { chunk: 0, row: 0 }, NO_SPLITS, signal)) {
      // The first of several rows with one id is the one that was taken.
      if (wanted.delete(record.externalId)) found.push(record);
      if (wanted.size === 0) break;
    }
    return found;
  }

  async function total(object: ObjectName, signal: AbortSignal): Promise<number | undefined> {
    const file = await find(object);
    if (!file) return undefined;
    const all = file.mapping?.group ? (await scan(file, signal)).records : file.facts.rows;
    return Math.min(all, limit);
  }

  return {
    identity: async () => ({
      account: { id: connection.appId, name: 'Files' },
      objects: description.objects.map(({ object }) => ({ object, granted: true })),
    }),
    read,
    get,
    total,
    columns: async (object) => columnsOf((await find(object))?.facts),
    close: async () => undefined,
  };
}

const NO_SPLITS: SplitKeys = new Map();

function recordsOf(
  { reader, facts, mapping }: StoredFile,
  from: Place,
  split: SplitKeys,
  signal: AbortSignal,
): AsyncGenerator<PlacedRecord> {
  const rows = placedRows(reader, facts.fileId, from, signal);
  const keyOf = keyReader(mapping, facts.kind);
  const check = rowCheck(mapping, facts.kind);
  return mapping?.group ? groupRows(rows, keyOf, split, check) : singleRows(rows, keyOf, check);
}

async function* rowsOf({ reader, facts }: StoredFile, signal: AbortSignal): AsyncGenerator<CanonicalRow[]> {
  for await (const { rows } of reader.chunks(facts.fileId, 0, signal)) {
    signal.throwIfAborted();
    yield rows;
  }
}
