import type { Line, StoredRecord } from '../../records/types.js';
import { part } from './ids.js';

/**
 * What a record is looked up by besides its id. Every entry begins with the workspace:
 *
 * - `key`: its first strong duplicate key, `{ws}/{value}\nk{object}/{kind}`: the value stands first, so that a search by prefix finds it
 * - `search`: its folded name, title or number, `{ws}/{text}`
 * - `terms`: further keys, weak keys (`\nw`), and `{ws}/\u0001{recordId}` for each record that its relations point at
 *
 * `key` and `search` are single texts, because a range over a list matches what lies outside of it. `terms` is a text where there
 * is one and absent where there is none: each index entry is paid for by every record of an import.
 */
export interface Terms {
  key?: string;
  search?: string;
  terms?: string | string[];
}

const TARGET = '\u0001';
const SEARCHED = ['name', 'title', 'number', 'email'] as const;
/** Longer texts are found by what they begin with. */
const LONGEST = 100;
const PLAIN = /^[a-z0-9 @.+_-]*$/;

export type KeyStrength = 'k' | 'w';

export function keyTerm(ws: string, object: string, strength: KeyStrength, key: string): string {
  const colon = key.indexOf(':') + 1;
  return `${part(ws)}/${key.slice(colon)}\n${strength}${object}/${key.slice(0, colon)}`;
}

export function targetTerm(ws: string, recordId: string): string {
  return `${part(ws)}/${TARGET}${recordId}`;
}

/** Lower case without accents, single spaces. Stored, so it must never change without a migration. */
function folded(text: string): string {
  let plain = text.toLowerCase();
  if (!PLAIN.test(plain)) {
    plain = plain
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .replace(/[\s\p{C}]+/gu, ' ');
  }
  return plain.trim().slice(0, LONGEST);
}

/** The range of terms whose value begins with what is searched. */
export function searchRange(ws: string, q: string): { $gte: string; $lt: string } {
  const start = `${part(ws)}/${folded(q)}`;
  return { $gte: start, $lt: `${start}\u{10ffff}` };
}

export function termsOf(record: StoredRecord): Terms {
  const { workspaceId: ws, object } = record;
  const terms: string[] = [];
  const found: Terms = {};
  for (const key of record.keys) {
    const term = keyTerm(ws, object, 'k', key);
    if (found.key === undefined) found.key = term;
    else terms.push(term);
  }
  for (const key of record.weakKeys) terms.push(keyTerm(ws, object, 'w', key));
  for (const target of targetsOf(record)) terms.push(targetTerm(ws, target));
  const search = searchOf(record);
  if (search !== '') found.search = `${part(ws)}/${search}`;
  const [only] = terms;
  if (only !== undefined) found.terms = terms.length === 1 ? only : terms;
  return found;
}

function searchOf(record: StoredRecord): string {
  for (const field of SEARCHED) {
    const value = record.fields[field];
    const text = typeof value === 'string' ? folded(value) : '';
    if (text !== '') return text;
  }
  return '';
}

/** As a list, whichever way it is stored. */
export function listOf(terms: string | readonly string[] | undefined): readonly string[] {
  if (terms === undefined) return [];
  return typeof terms === 'string' ? [terms] : terms;
}

/** The keys of a record, read back in the order in which they were given. `start`: length of `{ws}/`. */
export function keysFrom(stored: Terms, start: number): { keys: string[]; weakKeys: string[] } {
  const keys: string[] = stored.key === undefined ? [] : [plainKey(stored.key, start)];
  const weakKeys: string[] = [];
  for (const term of listOf(stored.terms)) {
    const line = term.lastIndexOf('\n');
    if (line < 0) continue;
    (term[line + 1] === 'k' ? keys : weakKeys).push(plainKey(term, start));
  }
  return { keys, weakKeys };
}

function plainKey(term: string, start: number): string {
  const line = term.lastIndexOf('\n');
  return term.slice(term.indexOf('/', line) + 1) + term.slice(start, line);
}

/** Ids of the records that this one's relations point at, lines included; each once. */
export function targetsOf(record: StoredRecord): string[] {
  const targets = new Set<string>();
  for (const relation of Object.values(record.relations)) {
    if (relation.recordId !== null) targets.add(relation.recordId);
  }
  const lines = record.fields['lines'];
  if (Array.isArray(lines)) for (const line of lines) addProduct(line, targets);
  return targets.size === 0 ? [] : [...targets];
}

function addProduct(line: Line | string, targets: Set<string>): void {
  if (typeof line === 'string') return;
  const target = line.product?.recordId ?? null;
  if (target !== null) targets.add(target);
}
