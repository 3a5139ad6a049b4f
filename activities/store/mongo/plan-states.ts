import type { StoredLink, StoredRecord } from '../../records/types.js';
import type { PlannedState } from '../planning.js';
import { fromField, toField } from './json.js';

/**
 * A planned state as text. What it has in common with the first state of its block is left out, and what the link says of the source
 * is told by the record's fields wherever it is the same: of a first import a fifth of the whole is left.
 */
export type PackedState = [
  version: number,
  link: Partial<StoredLink>,
  record: Partial<StoredRecord> | null,
  /** Fields of the record that are not `applied`; null: `applied` is in the link, as it is. */
  notApplied: string[] | null,
];

type State = Pick<PlannedState, 'link' | 'record' | 'version'>;

/** `base`: the first state of the block; null for that one itself. */
export function packState({ link, record, version }: State, base: State | null): string {
  const telling = record ? toldByRecord(link.applied, record.fields) : null;
  const { applied, ...rest } = link;
  const own: Partial<StoredLink> = lean(rest, base?.link ?? null);
  if (!telling || !isEmpty(telling.others)) own.applied = telling?.others ?? applied;
  const packed: PackedState = [
    version,
    own,
    record && lean(record, base?.record ?? null),
    telling && telling.notApplied,
  ];
  return toField(packed);
}

export function unpackState(text: string, base: State | null): State {
  const [version, own, ownRecord, notApplied] = fromField(text) as PackedState;
  const record = ownRecord && ({ ...base?.record, ...ownRecord } as StoredRecord);
  const applied: StoredLink['applied'] = {};
  if (notApplied && record) {
    for (const field in record.fields) {
      const value = record.fields[field];
      if (value !== undefined && !notApplied.includes(field)) applied[field] = value;
    }
  }
  for (const [field, value] of Object.entries(own.applied ?? {})) applied[field] = value;
  const link = { ...base?.link, ...own, applied } as StoredLink;
  return { link, record, version };
}

function isEmpty(object: object): boolean {
  for (const _name in object) return false;
  return true;
}

function toldByRecord(
  applied: StoredLink['applied'],
  fields: StoredRecord['fields'],
): { notApplied: string[]; others: StoredLink['applied'] } {
  const notApplied: string[] = [];
  for (const field in fields) if (applied[field] !== fields[field]) notApplied.push(field);
  const others: StoredLink['applied'] = {};
  for (const field in applied) {
    const value = applied[field];
    if (value !== undefined && (value === null || fields[field] !== value)) others[field] = value;
  }
  return { notApplied, others };
}

/** Never left out: nearly always each has its own. */
const OWN: ReadonlySet<string> = new Set([
  'fields',
  'keys',
  'weakKeys',
  'externalId',
  'recordId',
  'sourceHash',
]);

type Plain = Readonly<Record<string, unknown>>;

function lean<T extends object>(own: T, base: Partial<T> | null): Partial<T> {
  if (!base) return own;
  const rest: Partial<T> = {};
  for (const name in own) {
    if (OWN.has(name) || !isSame(own[name], base[name])) rest[name] = own[name];
  }
  return rest;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Plain, b as Plain];
  let fields = 0;
  for (const name in left) {
    if (!(name in right) || !isSame(left[name], right[name])) return false;
    fields += 1;
  }
  for (const _name in right) fields -= 1;
  return fields === 0;
}
