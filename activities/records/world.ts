import type { ObjectName } from '../../workflows/contract/objects.js';
import type {
  DecidedPage,
  JournalEntry,
  Lookalike,
  PageContext,
  PendingRelation,
  RecordWrite,
  ReferenceBump,
  World,
} from './page.js';
import { noCounts } from './types.js';
import type { Rules, StoredLink, StoredRecord } from './types.js';

/**
 * What the store said, and over it what this page did so far: the fold's one piece of state. What came from the store is never
 * changed; a record is copied when it is first written.
 */
export interface WorkingWorld {
  readonly context: PageContext;
  readonly rules: Rules;
  readonly page: DecidedPage;
  /** The link of this origin, if the record behind it is there: a link that leads nowhere is as good as none. */
  link(externalId: string): StoredLink | null;
  putLink(link: StoredLink): void;
  record(recordId: string): StoredRecord | null;
  create(record: StoredRecord): void;
  /** A copy to change, with its version raised by one. */
  edit(recordId: string): StoredRecord;
  /** Later records of the page find a written record by its keys of now. */
  index(record: StoredRecord): void;
  /** Record behind an external id, unless it is gone at its source. */
  target(object: ObjectName, externalId: string): string | null;
  /** At most 20 of each key: more are no better evidence. */
  sharing(key: string): readonly StoredRecord[];
  sharingWeak(key: string): readonly Lookalike[];
  /** Whether this app already brought the record, in this page or before. */
  isOfThisApp(recordId: string): boolean;
  bump(recordId: string, by: number): void;
  wait(pending: PendingRelation): void;
  stopWaiting(recordId: string, field: string): void;
  journal(entry: JournalEntry): void;
  /** Everything that must be written together. */
  finish(): DecidedPage;
}

export function openWorld(world: World, rules: Rules, context: PageContext): WorkingWorld {
  const page = emptyPage();
  const links = new Map<string, StoredLink>();
  const tied = new Set([...world.links.values()].map((link) => link.recordId));
  const written = createDrafts(world.records);
  const bumps = new Map<string, number>();
  const pending = new Map<string, PendingRelation>();
  const byKey = indexBy(world.records, (record) => record.keys);
  const byWeakKey = indexBy(world.records, (record) => record.weakKeys);
  for (const { recordId, weakKeys } of world.lookalikes?.values() ?? [])
    for (const key of weakKeys) addTo(byWeakKey, key, recordId);

  const record = (recordId: string): StoredRecord | null => written.get(recordId);
  const linkOf = (externalId: string): StoredLink | undefined =>
    links.get(externalId) ?? world.links.get(externalId);

  const index = (changed: StoredRecord): void => {
    for (const key of changed.keys) addTo(byKey, key, changed.recordId);
    for (const key of changed.weakKeys) addTo(byWeakKey, key, changed.recordId);
  };

  return {
    context,
    rules,
    page,
    record,
    link: (externalId) => {
      const link = linkOf(externalId);
      return link && record(link.recordId) ? link : null;
    },
    putLink: (link) => {
      links.set(link.externalId, link);
      tied.add(link.recordId);
    },
    create: (created) => {
      written.create(created);
      index(created);
    },
    edit: (recordId) => written.edit(recordId),
    index,
    target: (object, externalId) => {
      const own = object === context.object ? links.get(externalId) : undefined;
      const link = own ?? world.targets.get(`${object}/${externalId}`);
      return link?.goneAt === null ? link.recordId : null;
    },
    sharing: (key) => sharing(byKey.get(key), record, (each) => each.keys.includes(key)),
    sharingWeak: (key) =>
      sharing(
        byWeakKey.get(key),
        (recordId): Lookalike | null => record(recordId) ?? world.lookalikes?.get(recordId) ?? null,
        (each) => each.weakKeys.includes(key),
      ),
    isOfThisApp: (recordId) =>
      tied.has(recordId) ||
      (world.recordLinks
        .get(recordId)
        ?.some((link) => link.appId === context.appId || link.origin === context.origin) ??
        false),
    bump: (recordId, by) => bumps.set(recordId, (bumps.get(recordId) ?? 0) + by),
    wait: (relation) => pending.set(`${relation.recordId}/${relation.field}`, relation),
    stopWaiting: (recordId, field) => pending.delete(`${recordId}/${field}`),
    journal: (entry) => page.journal.push(entry),
    finish: () => {
      page.links = [...links.values()];
      page.pending = [...pending.values()];
      page.bumps = foldBumps(bumps, written);
      page.records = written.writes();
      return page;
    },
  };
}

const MOST_SHARING = 20;

/** Records that are being changed: read from the store once, copied at the first change, written once. */
export interface Drafts {
  get(recordId: string): StoredRecord | null;
  /** The copy, if this page writes the record. */
  find(recordId: string): StoredRecord | undefined;
  create(record: StoredRecord): void;
  edit(recordId: string): StoredRecord;
  readVersion(recordId: string): number;
  /** Not written after all. */
  drop(recordId: string): void;
  writes(): RecordWrite[];
}

export function createDrafts(stored: ReadonlyMap<string, StoredRecord>): Drafts {
  const drafts = new Map<string, RecordWrite>();
  const find = (recordId: string): StoredRecord | undefined => drafts.get(recordId)?.record;
  return {
    get: (recordId) => find(recordId) ?? stored.get(recordId) ?? null,
    find,
    create: (record) => drafts.set(record.recordId, { record, expectedVersion: null }),
    edit: (recordId) => {
      let draft = drafts.get(recordId);
      if (!draft) {
        const record = stored.get(recordId);
        if (!record) throw new Error(`record ${recordId} was not loaded`);
        draft = { record: copyOf(record), expectedVersion: record.version };
        drafts.set(recordId, draft);
      }
      draft.record.version += 1;
      return draft.record;
    },
    readVersion: (recordId) => drafts.get(recordId)?.expectedVersion ?? stored.get(recordId)?.version ?? 0,
    drop: (recordId) => drafts.delete(recordId),
    writes: () => [...drafts.values()],
  };
}

/** References of records that are written anyway go into the write, so that its version guard and the bump cannot disagree. */
export function foldBumps(bumps: ReadonlyMap<string, number>, drafts: Pick<Drafts, 'find'>): ReferenceBump[] {
  const others: ReferenceBump[] = [];
  for (const [recordId, by] of bumps) {
    const draft = drafts.find(recordId);
    if (draft) draft.references += by;
    else others.push({ recordId, by });
  }
  return others;
}

export function emptyPage(): DecidedPage {
  return {
    outcomes: [],
    records: [],
    links: [],
    bumps: [],
    pending: [],
    journal: [],
    problems: [],
    duplicates: [],
    counts: noCounts(),
    identity: { known: 0, changed: 0, samples: [] },
  };
}

/** Field values are never changed in place, so the maps are copied and the values shared. */
function copyOf(record: StoredRecord): StoredRecord {
  return {
    ...record,
    fields: { ...record.fields },
    extra: { ...record.extra },
    relations: { ...record.relations },
    unmapped: { ...record.unmapped },
    writers: { ...record.writers },
  };
}

function indexBy(
  records: ReadonlyMap<string, StoredRecord>,
  keysOf: (record: StoredRecord) => readonly string[],
): Map<string, Set<string>> {
  const index = new Map<string, Set<string>>();
  for (const record of records.values()) for (const key of keysOf(record)) addTo(index, key, record.recordId);
  return index;
}

export function addTo(index: Map<string, Set<string>>, key: string, recordId: string): void {
  const known = index.get(key);
  if (known) known.add(recordId);
  else index.set(key, new Set([recordId]));
}

/** The index may name records that lost the key since: each is asked again. */
function sharing<R>(
  recordIds: Iterable<string> | undefined,
  record: (recordId: string) => R | null,
  has: (record: R) => boolean,
): readonly R[] {
  const found: R[] = [];
  for (const recordId of recordIds ?? []) {
    const each = record(recordId);
    if (each && has(each)) found.push(each);
    if (found.length === MOST_SHARING) break;
  }
  return found;
}
