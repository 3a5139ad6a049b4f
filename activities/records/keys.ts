import type { ObjectName } from '../../workflows/contract/objects.js';
import { foldName, foldText } from './fold.js';
import { emailKey, readDomain, readEmail, readPhone } from './identifiers.js';
import type { FieldValue } from './types.js';

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
        keys: unique('email', [fields['email'], ...list(fields['emails'])], emailPart),
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
  return key.slice(0, key.indexOf(':'));
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
  return typeof value === 'string' ? readDomain(value) : null;
}

function taxIdPart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? value.toUpperCase().replace(/[^\p{L}\p{N}]+/gu, '') : null;
}

function skuPart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ') : null;
}

function namePart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? foldName(value) : null;
}

function foldPart(value: FieldValue | null | undefined): Part {
  return typeof value === 'string' ? foldText(value) : null;
}
