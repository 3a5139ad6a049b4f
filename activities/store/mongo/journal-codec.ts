import type { JournalEntry, JournalValue } from '../../records/page.js';
import type { FieldValue, StoredLink } from '../../records/types.js';

/**
 * A page's journal with what its entries share said once: writing out the plain entries costs an import more than anything else
 * that it does besides sending records. `decode(encode(entries))` equals `entries`.
 */
export interface PackedJournal {
  v: 1;
  /** A link of the page: what the others have in common with it is left out there. */
  link: StoredLink | null;
  /** Lists of field names, each once. */
  names: string[][];
  entries: PackedEntry[];
}

type Values = Record<string, JournalValue>;
type Rest = Pick<JournalEntry, 'object' | 'bumps' | 'pendingAdded'>;

type PackedEntry = [
  recordId: string,
  externalId: string | null,
  outcome: JournalEntry['outcome'],
  versionBefore: number | null,
  versionAfter: number,
  /** New fields by name where nothing was there before; else every field as it is. */
  fields: Values | JournalEntry['fields'],
  linkBefore: PackedLink | null,
  linkAfter: PackedLink | null,
  rest: Rest | null,
];

type PackedLink = [
  externalId: string | null,
  recordId: string | null,
  sourceHash: string,
  modifiedAt: string | null,
  /** Fields whose applied value is the entry's new one: a number into `names`. */
  same: number,
  /** The other fields' applied values. */
  applied: StoredLink['applied'],
  /** What differs from the page's link. */
  own: Partial<StoredLink> | null,
];

type Shared = Exclude<keyof StoredLink, 'externalId' | 'recordId' | 'sourceHash' | 'modifiedAt' | 'applied'>;

export function encodeEntries(entries: readonly JournalEntry[]): PackedJournal {
  const first = entries.find((entry) => entry.linkAfter ?? entry.linkBefore);
  const link = first?.linkAfter ?? first?.linkBefore ?? null;
  const names = new Map<string, number>();
  const packed = entries.map((entry): PackedEntry => {
    const values = newValues(entry);
    const pack = (own: StoredLink | null): PackedLink | null =>
      own && packLink(own, entry, values, link, names);
    return [
      entry.recordId,
      entry.externalId,
      entry.outcome,
      entry.versionBefore,
      entry.versionAfter,
      values ?? entry.fields,
      pack(entry.linkBefore),
      pack(entry.linkAfter),
      restOf(entry, link),
    ];
  });
  return { v: 1, link, names: [...names.keys()].map((key) => JSON.parse(key) as string[]), entries: packed };
}

/** Null where a field was there before, had a writer, or comes twice. */
function newValues({ fields }: JournalEntry): Values | null {
  const values: Values = {};
  for (const { field, before, after, writerBefore } of fields) {
    if (before !== null || writerBefore !== null || field in values) return null;
    values[field] = after;
  }
  return values;
}

function restOf({ object, bumps, pendingAdded }: JournalEntry, link: StoredLink | null): Rest | null {
  const usual = object === link?.object && bumps.length === 0 && pendingAdded.length === 0;
  return usual ? null : { object, bumps, pendingAdded };
}

function packLink(
  own: StoredLink,
  entry: JournalEntry,
  values: Values | null,
  shared: StoredLink | null,
  names: Map<string, number>,
): PackedLink {
  const same: string[] = [];
  const applied: StoredLink['applied'] = {};
  for (const [field, value] of Object.entries(own.applied)) {
    if (value !== null && values?.[field] === value) same.push(field);
    else applied[field] = value;
  }
  const key = JSON.stringify(same);
  const index = names.get(key) ?? names.size;
  names.set(key, index);
  return [
    own.externalId === entry.externalId ? null : own.externalId,
    own.recordId === entry.recordId ? null : own.recordId,
    own.sourceHash,
    own.modifiedAt,
    index,
    applied,
    shared && differences(own, shared),
  ];
}

const SHARED: readonly Shared[] = [
  'workspaceId',
  'origin',
  'object',
  'appId',
  'rulesVersion',
  'notOurs',
  'runId',
  'seenRunId',
  'lastSeenAt',
  'goneAt',
];

function differences(own: StoredLink, shared: StoredLink): Partial<StoredLink> | null {
  const differing = SHARED.filter((name) => !isSame(own, shared, name));
  if (differing.length === 0) return null;
  return Object.fromEntries(differing.map((name) => [name, own[name]]));
}

function isSame(own: StoredLink, shared: StoredLink, name: Shared): boolean {
  return name === 'notOurs'
    ? own.notOurs.join('\0') === shared.notOurs.join('\0')
    : own[name] === shared[name];
}

export function decodeEntries(journal: PackedJournal): JournalEntry[] {
  return journal.entries.map((packed) => {
    const [recordId, externalId, outcome, versionBefore, versionAfter, fields, linkBefore, linkAfter, rest] =
      packed;
    const unpack = (link: PackedLink | null): StoredLink | null => link && unpackLink(link, packed, journal);
    return {
      recordId,
      externalId,
      object: rest?.object ?? (journal.link as StoredLink).object,
      outcome,
      versionBefore,
      versionAfter,
      fields: Array.isArray(fields) ? fields : Object.entries(fields).map(asNew),
      linkBefore: unpack(linkBefore),
      linkAfter: unpack(linkAfter),
      bumps: rest?.bumps ?? [],
      pendingAdded: rest?.pendingAdded ?? [],
    };
  });
}

function asNew([field, after]: [string, JournalValue]): JournalEntry['fields'][number] {
  return { field, before: null, after, writerBefore: null };
}

function unpackLink(link: PackedLink, entry: PackedEntry, journal: PackedJournal): StoredLink {
  const [externalId, recordId, sourceHash, modifiedAt, same, rest, own] = link;
  const [entryRecordId, entryExternalId, , , , fields] = entry;
  const applied = { ...(rest as object) } as StoredLink['applied'];
  for (const field of journal.names[same] ?? []) {
    const value = (fields as Values)[field] as FieldValue;
    applied[field] = typeof value === 'object' ? structuredClone(value) : value;
  }
  return {
    ...(journal.link as StoredLink),
    externalId: externalId ?? (entryExternalId as string),
    recordId: recordId ?? entryRecordId,
    sourceHash,
    modifiedAt,
    applied,
    ...own,
  };
}
