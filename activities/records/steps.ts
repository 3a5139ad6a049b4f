import type { ObjectName } from '../../workflows/contract/objects.js';
import { sumOf } from './decimals.js';
import type { Draft, Named } from './draft.js';
import { settle } from './draft.js';
import { isCurrency } from './money.js';
import type { AddressPart, FieldSpec } from './objects.js';
import { ADDRESS_PARTS } from './objects.js';
import type { Getter, JsonObject } from './paths.js';
import { compilePath, isJsonObject } from './paths.js';
import { warning } from './problem-words.js';
import type { Reader, Styles } from './readers.js';
import { asReader, foldChoice, moneyReader, notMoney, readerOf } from './readers.js';
import type { Address, FieldSource, Json, Money, Rules } from './types.js';
import type { Reading } from './values.js';
import { textOf, tidy, Unreadable } from './values.js';

/** The source of one record: the row whose fields count, and all rows of its group. */
export interface Source {
  first: JsonObject;
  rows: readonly JsonObject[];
}

/** Reads one target of the mapping from a source into the draft. An absent column leaves the target out. */
export type Step = (source: Source, draft: Draft) => void;

export type SourceSpec = Exclude<FieldSource, string>;

export function specOfSource(source: FieldSource): SourceSpec {
  return typeof source === 'string' ? { path: source } : source;
}

/** The value at the path; its default where the source has none, or an empty one. */
export function valueGetter(spec: SourceSpec): Getter {
  const get = compilePath(spec.path);
  const fallback = spec.default;
  if (fallback === undefined) return get;
  return (data) => {
    const value = get(data);
    return value === undefined || value === null || (typeof value === 'string' && tidy(value) === null)
      ? fallback
      : value;
  };
}

export function plainStep(name: string, spec: SourceSpec, field: FieldSpec, styles: Styles): Step {
  const get = valueGetter(spec);
  const read = readerOf(field, spec, styles);
  const named: Named = { field: name, label: spec.path };
  return ({ first }, draft) => {
    const raw = get(first);
    if (raw === undefined) return;
    const value = settle(draft, named, raw, read(raw));
    if (value !== undefined) draft.fields[name] = value;
  };
}

/** Money of one object, with its currency said by the value, a column, or the mapping. */
export function moneyAt(spec: SourceSpec, styles: Styles): (data: JsonObject, raw: Json) => Reading {
  const read = moneyReader(styles.number);
  const { currency } = spec;
  if (currency === undefined || isCurrency(currency)) return (_, raw) => read(raw, currency ?? null);
  const getCurrency = compilePath(currency);
  return (data, raw) => {
    const said = textOf(getCurrency(data) ?? null);
    const code = typeof said === 'string' ? said.toUpperCase() : null;
    if (code !== null && !isCurrency(code)) return notMoney('currency', styles.number);
    return read(raw, code);
  };
}

export function moneyStep(name: string, spec: SourceSpec, styles: Styles): Step {
  const get = valueGetter(spec);
  const read = moneyAt(spec, styles);
  const named: Named = { field: name, label: spec.path };
  return ({ first }, draft) => {
    const raw = get(first);
    if (raw === undefined) return;
    const value = settle(draft, named, raw, read(first, raw));
    if (value !== undefined) draft.fields[name] = value;
  };
}

/** Adds a column over the rows of a group, exactly. Empty cells add nothing; two currencies cannot be added. */
export function sumStep(name: string, spec: SourceSpec, styles: Styles): Step {
  const get = valueGetter(spec);
  const read = moneyAt(spec, styles);
  const named: Named = { field: name, label: spec.path };
  return ({ rows }, draft) => {
    const found: Money[] = [];
    let seen = false;
    for (const [at, row] of rows.entries()) {
      const raw = get(row);
      if (raw === undefined) continue;
      seen = true;
      const value = settle(draft, named, raw, checkedCurrency(read(row, raw), found[0]), at + 1);
      if (value === undefined) return;
      if (isMoney(value)) found.push(value);
    }
    if (seen) draft.fields[name] = total(found, draft, named);
  };
}

function isMoney(value: unknown): value is Money {
  return typeof value === 'object' && value !== null && 'currency' in value;
}

function checkedCurrency(reading: Reading, first: Money | undefined): Reading {
  if (first === undefined || !isMoney(reading) || reading.currency === first.currency) return reading;
  return new Unreadable(`an amount in ${first.currency}`, 'one currency in all rows that are added');
}

function total(found: readonly Money[], draft: Draft, named: Named): Money | null {
  const currency = found[0]?.currency;
  if (currency === undefined) return null;
  const amount = sumOf(found.map((each) => each.amount));
  if (amount !== null) return { amount, currency };
  settle(draft, named, null, new Unreadable('a sum that can be stored', 'at most 34 digits'));
  return null;
}

/** Parts that are mapped one by one (`address.city`), or one path to an object with parts of these names. */
export function addressStep(
  name: string,
  whole: SourceSpec | null,
  parts: readonly { part: AddressPart; spec: SourceSpec }[],
  styles: Styles,
): Step {
  const getWhole = whole ? valueGetter(whole) : null;
  const readers = parts.map(({ part, spec }) => ({
    part,
    get: valueGetter(spec),
    read: partReader(part, spec, styles),
    named: { field: `${name}.${part}`, label: spec.path },
  }));
  return ({ first }, draft) => {
    const raw = getWhole?.(first);
    let seen = raw !== undefined;
    const address: Address =
      raw === undefined ? {} : wholeAddress(name, whole?.path ?? name, raw, draft, styles);
    for (const { part, get, read, named } of readers) {
      const value = get(first);
      if (value === undefined) continue;
      seen = true;
      const text = settle(draft, named, value, read(value));
      if (typeof text === 'string') address[part] = text;
    }
    if (seen) draft.fields[name] = Object.keys(address).length === 0 ? null : address;
  };
}

function partReader(part: AddressPart, spec: SourceSpec, styles: Styles): Reader {
  return asReader(part === 'country' ? { as: 'country' } : spec, styles);
}

function wholeAddress(name: string, label: string, raw: Json, draft: Draft, styles: Styles): Address {
  if (!isJsonObject(raw)) {
    const street = settle(draft, { field: name, label }, raw, textOf(raw));
    return typeof street === 'string' ? { street } : {};
  }
  const address: Address = {};
  for (const part of ADDRESS_PARTS) {
    const value = raw[part];
    if (value === undefined) continue;
    const named = { field: `${name}.${part}`, label: `${label}.${part}` };
    const text = settle(draft, named, value, partReader(part, { path: label }, styles)(value));
    if (typeof text === 'string') address[part] = text;
  }
  return address;
}

/** The target's external id; whether it is there already is for the store to say. */
export function relationStep(name: string, spec: SourceSpec): Step {
  const get = valueGetter(spec);
  const named: Named = { field: name, label: spec.path };
  return ({ first }, draft) => {
    const raw = get(first);
    if (raw === undefined) return;
    const value = settle(draft, named, raw, textOf(raw));
    if (value !== undefined) draft.relations[name] = typeof value === 'string' ? value : null;
  };
}

/** A member by e-mail, else by the mapping's owners; another value leaves the owner empty and is kept beside it. */
export function ownerStep(spec: SourceSpec, rules: Pick<Rules, 'mapping' | 'members'>, styles: Styles): Step {
  const get = valueGetter(spec);
  const read = asReader(spec, styles);
  const members = new Set(rules.members.ids);
  const byEmail = new Map(Object.entries(rules.members.byEmail));
  const mapped = new Map(Object.entries(rules.mapping.owners));
  const folded = new Map([...mapped].map(([owner, member]) => [owner.trim().toLowerCase(), member]));
  const named: Named = { field: 'owner', label: spec.path };
  return ({ first }, draft) => {
    const raw = get(first);
    if (raw === undefined) return;
    const value = settle(draft, named, raw, read(raw));
    if (value === undefined) return;
    draft.fields['owner'] = null;
    if (typeof value !== 'string') return;
    const key = value.toLowerCase();
    const member =
      byEmail.get(key) ?? mapped.get(value) ?? folded.get(key) ?? (members.has(value) ? value : null);
    if (member !== null && members.has(member)) {
      draft.fields['owner'] = member;
      return;
    }
    draft.unmapped.owner = value;
    const why = `owner '${value.slice(0, 80)}' is no active member; the record has no owner until a member or the mapping's owners has it.`;
    draft.warnings.push(warning(draft, 'owner_unmapped', 'owner', value, why));
  };
}

/** By the mapping, else by the object's own names, else the neutral status, with the original kept beside it. */
export function statusStep(
  object: ObjectName,
  spec: SourceSpec,
  field: FieldSpec,
  rules: Rules,
  styles: Styles,
): Step {
  const get = valueGetter(spec);
  const read = asReader(spec, styles);
  const known = new Map<string, string>();
  for (const name of field.values ?? []) known.set(foldChoice(name), name);
  const mapped = Object.entries(rules.mapping.statuses[object] ?? {});
  for (const [value, status] of mapped) known.set(foldChoice(value), status);
  const exact = new Map(mapped);
  const neutral = field.neutral ?? '';
  const named: Named = { field: 'status', label: spec.path };
  return ({ first }, draft) => {
    const raw = get(first);
    if (raw === undefined) return;
    const value = settle(draft, named, raw, read(raw));
    if (value === undefined) return;
    // A record is never without a status: none at the source is the neutral one.
    draft.fields['status'] = neutral;
    if (typeof value !== 'string') return;
    const status = exact.get(value) ?? known.get(foldChoice(value));
    if (status !== undefined) {
      draft.fields['status'] = status;
      return;
    }
    draft.unmapped.status = value;
    const why = `status '${value.slice(0, 80)}' is not mapped; the record is '${neutral}' until the mapping's statuses name it.`;
    draft.warnings.push(warning(draft, 'status_unmapped', 'status', value, why));
  };
}
