import type { ObjectName } from '../../workflows/contract/objects.js';
import { foldName, foldText } from './fold.js';
import { emailKey, isPublicMail, readDomain, readEmail, readPhone, withoutPlusTag } from './identifiers.js';
import type { FieldValue, Policies } from './types.js';

export interface RecordKeys {
  /** Strong: two records that share one are taken for the same thing (as the policy says). */
  keys: string[];
  /** Weak: listed for a person, never tied. */
  weakKeys: string[];
}

/** Longer texts are no keys: nobody types them twice, and an index should not carry them. */
const LONGEST_KEY = 400;

type Part = string | null;
type FieldsIn = Readonly<Record<string, FieldValue | null>>;
/** The target's external id, or whatever names it the same way each time. */
type RelationsIn = Readonly<Record<string, string | null>>;

/**
 * The duplicate keys of a record: `email:ann@corp.example`, `title+dueDate+project:…`. What stands before the first colon
 * says on what two records matched. Empty fields make no key, and a composite key with an empty part does not exist.
 */
export function keysOf(object: ObjectName, fields: FieldsIn, relations: RelationsIn): RecordKeys {
  switch (object) {
    case 'contacts':
      return {
        keys: withBases(unique('email', [fields['email'], ...list(fields['emails'])], emailPart)),
        weakKeys: unique('phone', [fields['phone'], ...list(fields['phones'])], phonePart),
      };
    case 'accounts':
      return {
        keys: [
          ...unique('domain', [fields['domain']], domainPart),
          ...unique('taxId', [fields['taxId']], taxIdPart),
        ],
        weakKeys: unique('name', [fields['name']], namePart),
      };
    case 'products':
      return { keys: unique('sku', [fields['sku']], skuPart), weakKeys: [] };
    case 'invoices':
      return { keys: [], weakKeys: unique('number', [fields['number']], skuPart) };
    case 'tasks':
      return {
        keys: [],
        weakKeys: composite('title+dueDate+project', [
          foldPart(fields['title']),
          plainPart(fields['dueDate']),
          plainPart(relations['project']),
        ]),
      };
    case 'projects':
      return {
        keys: [],
        weakKeys: composite('name+account', [namePart(fields['name']), plainPart(relations['account'])]),
      };
    case 'deals':
      return { keys: [], weakKeys: [] };
  }
}

/** `email:…` → `email`: what a duplicate was matched on. */
export function keyKind(key: string): string {
  const kind = key.slice(0, key.indexOf(':'));
  return kind === BASE ? 'email' : kind;
}

const EMAIL = 'email';
/** An address that has a tag is also kept without it, under a kind of its own: no look-up finds it unless tags are ignored. */
const BASE = 'emailBase';

function withBases(emails: string[]): string[] {
  const keys = [...emails];
  for (const key of emails) {
    const base = withoutPlusTag(key.slice(EMAIL.length + 1));
    if (base !== null && !keys.includes(`${BASE}:${base}`)) keys.push(`${BASE}:${base}`);
  }
  return keys;
}

/**
 * What to look for where a record has these strong keys. What is stored never depends on the setting, so that a change of it holds
 * for every record there is: `keep` (the default) looks for whole addresses only, `ignore` for every address that is the same
 * without its tag.
 */
export function lookedUpBy(keys: readonly string[], matching: Policies['matching']): string[] {
  const whole = keys.filter((key) => !key.startsWith(`${BASE}:`));
  if (matching?.plusTags !== 'ignore') return whole;
  const found = new Set<string>();
  for (const key of whole) {
    found.add(key);
    if (!key.startsWith(`${EMAIL}:`)) continue;
    const email = key.slice(EMAIL.length + 1);
    const base = withoutPlusTag(email) ?? email;
    found.add(`${EMAIL}:${base}`).add(`${BASE}:${base}`);
  }
  return [...found];
}

function list(value: FieldValue | null | undefined): FieldValue[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function unique(
  kind: string,
  values: readonly (FieldValue | null | undefined)[],
  part: (value: FieldValue | null | undefined) => Part,
): string[] {
  const keys: string[] = [];
  for (const value of values) {
    if (value === null || value === undefined) continue;
    const text = part(value);
    if (text === null || text === '' || text.length > LONGEST_KEY) continue;
    const key = `${kind}:${text}`;
    if (!keys.includes(key)) keys.push(key);
  }
  return keys;
}

function composite(kind: string, parts: readonly Part[]): string[] {
  if (parts.some((part) => part === null || part === '')) return [];
  const key = parts.join('|');
  return key.length > LONGEST_KEY ? [] : [`${kind}:${key}`];
}

function plainPart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? value : null;
}

function emailPart(value: FieldValue | null | undefined): Part {
  const email = typeof value === 'string' ? readEmail(value) : null;
  return email === null ? null : emailKey(email);
}

/** A number whose country is unknown is another number in each country. */
function phonePart(value: FieldValue | null | undefined): Part {
  const phone = typeof value === 'string' && value.startsWith('+') ? readPhone(value, null) : null;
  return phone?.kind === 'e164' ? phone.value : null;
}

function domainPart(value: FieldValue | null | undefined): Part {
  const domain = typeof value === 'string' ? readDomain(value) : null;
  return domain === null || isPublicMail(domain) ? null : domain;
}

/** `DE 123.456-7` is `DE1234567`. Without two different digits it is no number but a word for none (`n/a`, `000000`). */
function taxIdPart(value: FieldValue | null | undefined): Part {
  if (typeof value !== 'string') return null;
  const text = value
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
  return new Set(text.match(/\p{N}/gu)).size < 2 ? null : text;
}

/** What people and programs write where there is none. */
const NO_CODE = new Set(['n/a', 'na', 'none', 'null', 'nil', 'unknown', 'undefined', 'tbd', 'tba']);

function skuPart(value: FieldValue | null | undefined): Part {
  if (typeof value !== 'string') return null;
  const text = value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');
  return NO_CODE.has(text) || !/[\p{L}\p{N}]/u.test(text) ? null : text;
}

function namePart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? foldName(value) : null;
}

function foldPart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? foldText(value) : null;
}
