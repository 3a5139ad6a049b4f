import { keysOf } from '../../activities/records/keys.js';
import { lookupsOf, undoLookupsOf } from '../../activities/records/lookups.js';
import type {
  DecidedPage,
  JournalEntry,
  Lookups,
  PendingRelation,
  World,
} from '../../activities/records/page.js';
import { relationAt, relationNames, relationsOf } from '../../activities/records/relations.js';
import type { ResolveWorld } from '../../activities/records/resolve.js';
import type {
  FieldValue,
  Mapped,
  Policies,
  StoredLink,
  StoredRecord,
} from '../../activities/records/types.js';
import type { UndonePage, UndoWorld } from '../../activities/records/undo-types.js';
import { personWriter } from '../../activities/records/writers.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

/**
 * The record store as a few maps: what a page transaction does, with every guard it has, and nothing else. A guard that does not
 * hold throws, as the real store would abort.
 */
export interface PureStore {
  records: Map<string, StoredRecord>;
  links: Map<string, StoredLink>;
  pending: Map<string, PendingRelation>;
  world(
    mapped: readonly Mapped[],
    origin: string,
    object: ObjectName,
    matching?: Policies['matching'],
  ): World;
  resolveWorld(pending: readonly PendingRelation[], origin: string): ResolveWorld;
  undoWorld(entries: readonly JournalEntry[], origin: string): UndoWorld;
  apply(page: DecidedPage, settled?: readonly PendingRelation[]): void;
  undo(page: UndonePage, origin: string): void;
  edit(
    recordId: string,
    fields: Record<string, FieldValue | null>,
    actor: { id: string; name: string },
  ): void;
  archive(recordId: string, archived: boolean, actor: { id: string; name: string }): void;
  link(origin: string, object: ObjectName, externalId: string): StoredLink | undefined;
  byExternalId(origin: string, object: ObjectName, externalId: string): StoredRecord;
  /** What two equal stores share: versions, and when a link was seen last, only ever go on, so they are left out. */
  snapshot(): unknown;
  /** Throws unless every record's references are the relations that point to it. */
  checkReferences(): void;
}

export function createPureStore(): PureStore {
  const records = new Map<string, StoredRecord>();
  const links = new Map<string, StoredLink>();
  const pending = new Map<string, PendingRelation>();

  const linkKey = (link: Pick<StoredLink, 'origin' | 'object' | 'externalId'>): string =>
    `${link.origin}|${link.object}|${link.externalId}`;
  const pendingKey = (each: PendingRelation): string =>
    `${each.recordId}/${each.field}/${each.targetExternalId}`;
  const must = (recordId: string): StoredRecord => {
    const record = records.get(recordId);
    if (!record) throw new Error(`record ${recordId} is not there`);
    return record;
  };
  const linksOf = (ids: Iterable<string>): Map<string, StoredLink[]> =>
    new Map([...ids].map((id) => [id, [...links.values()].filter((link) => link.recordId === id)]));
  const loaded = (ids: Iterable<string>): Map<string, StoredRecord> =>
    new Map(
      [...ids].flatMap((id) => (records.has(id) ? [[id, freeze(structuredClone(must(id)))] as const] : [])),
    );
  const bump = (bumps: DecidedPage['bumps']): void => {
    for (const { recordId, by } of bumps) {
      const record = must(recordId);
      record.references += by;
      record.version += 1;
    }
  };
  const write = ({ record, expectedVersion }: DecidedPage['records'][number]): void => {
    if ((records.get(record.recordId)?.version ?? null) !== expectedVersion) throw new Error('version guard');
    records.set(record.recordId, structuredClone(record));
  };
  const touch = (recordId: string, change: (record: StoredRecord) => void): void => {
    const record = must(recordId);
    change(record);
    const keys = keysOf(record.object, record.fields, relationNames(record.relations));
    Object.assign(record, { keys: keys.keys, weakKeys: keys.weakKeys, version: record.version + 1 });
  };

  return {
    records,
    links,
    pending,
    world: (mapped, origin, object, matching) => {
      const lookups: Lookups = lookupsOf(mapped, object, matching);
      const own = lookups.externalIds.flatMap((id) => links.get(`${origin}|${object}|${id}`) ?? []);
      const sharing = [...records.values()].filter(
        (record) =>
          record.object === object &&
          (record.keys.some((key) => lookups.keys.includes(key)) ||
            record.weakKeys.some((key) => lookups.weakKeys.includes(key))),
      );
      const found = lookups.targets.flatMap(
        (target) => links.get(`${origin}|${target.object}|${target.externalId}`) ?? [],
      );
      const ids = new Set([...own.map((link) => link.recordId), ...sharing.map((record) => record.recordId)]);
      return {
        links: new Map(own.map((link) => [link.externalId, freeze(structuredClone(link))])),
        targets: new Map(found.map((link) => [`${link.object}/${link.externalId}`, link])),
        records: loaded(ids),
        recordLinks: linksOf(ids),
      };
    },
    resolveWorld: (waiting, origin) => ({
      targets: new Map(
        waiting.flatMap((each) => {
          const link = links.get(`${origin}|${each.targetObject}|${each.targetExternalId}`);
          return link ? [[`${each.targetObject}/${each.targetExternalId}`, link] as const] : [];
        }),
      ),
      records: loaded(waiting.map((each) => each.recordId)),
    }),
    undoWorld: (entries, origin) => {
      const lookups = undoLookupsOf(entries);
      const pointing = (id: string): StoredRecord[] =>
        [...records.values()].filter((record) =>
          relationsOf(record).some(({ relation }) => relation.recordId === id),
        );
      const made = [...lookups.asMade].filter(([id]) => records.has(id));
      const untouched = new Map(made.filter(([id, version]) => must(id).version === version));
      const changed = made.map(([id]) => id).filter((id) => !untouched.has(id));
      return {
        records: loaded([...lookups.recordIds, ...changed]),
        untouched,
        links: new Map(
          lookups.links.flatMap(({ object, externalId }) => {
            const link = links.get(`${origin}|${object}|${externalId}`);
            return link ? [[`${object}/${externalId}`, link] as const] : [];
          }),
        ),
        referrers: new Map(
          lookups.createdIds.map((id) => [id, pointing(id).map((each) => freeze(structuredClone(each)))]),
        ),
        recordLinks: linksOf(lookups.createdIds),
      };
    },
    apply: (page, settled = []) => {
      for (const each of page.records) write(each);
      bump(page.bumps);
      for (const link of page.links) links.set(linkKey(link), structuredClone(link));
      for (const each of page.pending) pending.set(pendingKey(each), each);
      for (const each of settled) pending.delete(pendingKey(each));
    },
    undo: (page, origin) => {
      for (const { recordId, expectedVersion } of page.removals) {
        if (must(recordId).version !== expectedVersion) throw new Error('version guard of a removal');
        records.delete(recordId);
      }
      for (const each of page.writes) write(each);
      bump(page.bumps);
      for (const link of page.restoredLinks) links.set(linkKey(link), structuredClone(link));
      for (const { object, externalId } of page.removedLinks) {
        if (!links.delete(`${origin}|${object}|${externalId}`))
          throw new Error('a removed link was not there');
      }
      for (const each of page.pendingRemoved) pending.delete(pendingKey(each));
      for (const id of page.pendingRemovedOf) {
        for (const [key, each] of pending) if (each.recordId === id) pending.delete(key);
      }
      for (const each of page.pendingAdded) pending.set(pendingKey(each), each);
    },
    edit: (recordId, fields, actor) =>
      touch(recordId, (record) => {
        for (const [field, value] of Object.entries(fields)) {
          if (value === null) Reflect.deleteProperty(record.fields, field);
          else record.fields[field] = value;
          record.writers[field] = personWriter(actor);
        }
      }),
    archive: (recordId, archived, actor) =>
      touch(recordId, (record) => {
        record.archivedAt = archived ? '2026-01-01T00:00:00Z' : null;
        record.archivedBy = archived ? personWriter(actor) : null;
      }),
    link: (origin, object, externalId) => links.get(`${origin}|${object}|${externalId}`),
    byExternalId: (origin, object, externalId) =>
      must(links.get(`${origin}|${object}|${externalId}`)?.recordId ?? ''),
    snapshot: () => ({
      records: sorted(records, ({ version: _, updatedAt: __, ...record }) => record),
      links: sorted(links, ({ seenRunId: _, lastSeenAt: __, modifiedAt: ___, ...link }) => link),
      pending: sorted(
        new Map([...pending].filter(([, each]) => isWaiting(records.get(each.recordId), each))),
        (each) => each,
      ),
    }),
    checkReferences: () => {
      const counted = new Map<string, number>();
      for (const record of records.values()) {
        for (const { relation } of relationsOf(record)) {
          if (relation.recordId === null) continue;
          must(relation.recordId);
          counted.set(relation.recordId, (counted.get(relation.recordId) ?? 0) + 1);
        }
      }
      for (const { recordId, references } of records.values()) {
        if (references !== (counted.get(recordId) ?? 0)) {
          throw new Error(`${recordId} says ${references} references, has ${counted.get(recordId) ?? 0}`);
        }
      }
    },
  };
}

/** One that its record names no more is cleared away by the next resolve step. */
function isWaiting(record: StoredRecord | undefined, each: PendingRelation): boolean {
  const relation = record ? relationAt(record, each.field) : null;
  return relation?.externalId === each.targetExternalId && relation.recordId === null;
}

function sorted<T>(map: ReadonlyMap<string, T>, shape: (value: T) => unknown): unknown[] {
  return [...map]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => [key, structuredClone(shape(value))]);
}

/** What the rules were given they must not change. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
