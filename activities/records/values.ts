import { isLosslessNumber } from 'lossless-json';
import { isJsonObject } from './paths.js';
import type { FieldValue, Json } from './types.js';

/** The value is not what the field holds. `value` narrows it down where only a part is wrong. */
export class Unreadable {
  readonly is: string;
  readonly expected: string;
  readonly value: string | null;
  constructor(is: string, expected: string, value: string | null = null) {
    this.is = is;
    this.expected = expected;
    this.value = value;
  }
}

/** The value was read, with something to tell. `keep`: the field cannot say all of it, so the original goes to `extra`. */
export class Noted {
  readonly value: FieldValue | null;
  readonly code: string;
  readonly why: string;
  readonly keep: boolean;
  constructor(value: FieldValue | null, code: string, why: string, keep: boolean) {
    this.value = value;
    this.code = code;
    this.why = why;
    this.keep = keep;
  }
}

export type Reading = FieldValue | null | Unreadable | Noted;

/** Trimmed; `null` when nothing is left. NUL is no text (and no store takes it). */
export function tidy(text: string): string | null {
  const plain = text.includes('\0') ? text.replaceAll('\0', '') : text;
  const trimmed = plain.trim();
  return trimmed === '' ? null : trimmed;
}

/** A scalar as text; the scalars of an array one after the other; `null` for nothing; `Unreadable` for an object. */
export function textOf(value: Json): string | null | Unreadable {
  if (typeof value === 'string') return tidy(value);
  if (value === null) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    const texts = textsOf(value);
    return texts instanceof Unreadable ? texts : texts.length === 0 ? null : texts.join(', ');
  }
  return isLosslessNumber(value) ? value.value : new Unreadable('text', 'a text or a number, not an object');
}

function textsOf(values: readonly Json[]): string[] | Unreadable {
  const texts: string[] = [];
  for (const each of values) {
    if (Array.isArray(each)) return new Unreadable('a list', 'a list of texts, not of lists');
    const text = textOf(each);
    if (text instanceof Unreadable) return text;
    if (text !== null && !texts.includes(text)) texts.push(text);
  }
  return texts;
}

/** `a; b`, `a, b`, `["a","b"]` or a JSON list; without repeats. Semicolons win, so that a part may hold a comma. */
export function readList(value: Json): string[] | null | Unreadable {
  const parts = Array.isArray(value) ? value : splitList(value);
  if (parts === null || parts instanceof Unreadable) return parts;
  const texts = textsOf(parts);
  return texts instanceof Unreadable ? texts : texts.length === 0 ? null : texts;
}

function splitList(value: Json): Json[] | null | Unreadable {
  const text = textOf(value);
  if (text === null || text instanceof Unreadable) return text;
  if (text.startsWith('[') && text.endsWith(']')) {
    const list = jsonList(text);
    if (list) return list;
  }
  return text.split(text.includes(';') ? ';' : ',');
}

function jsonList(text: string): Json[] | null {
  try {
    const parsed = JSON.parse(text) as Json;
    return Array.isArray(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

const YES = new Set(['true', 'yes', 'y', '1', 'on', 'ja', 'wahr', 'oui', 'vrai', 'si', 'sí']);
const NO = new Set(['false', 'no', 'n', '0', 'off', 'nein', 'falsch', 'non', 'faux']);

export function readBoolean(text: string): 'true' | 'false' | null {
  const folded = text.toLowerCase();
  return YES.has(folded) ? 'true' : NO.has(folded) ? 'false' : null;
}

/** For messages: any value on one line. */
export function shown(value: Json): string {
  const text = textOf(value);
  if (text === null) return '';
  if (!(text instanceof Unreadable)) return text;
  return JSON.stringify(value, (_, each: unknown) => (isLosslessNumber(each) ? each.value : each));
}

/** A deep copy in which numbers that a double cannot hold are their digits as text: fit for any store and any JSON. */
export function plainJson(value: Json): Json {
  if (value === null || typeof value !== 'object')
    return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '') : value;
  if (Array.isArray(value)) return value.map(plainJson);
  if (!isJsonObject(value)) return isLosslessNumber(value) ? value.value : null;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name.replaceAll('\0', ''), plainJson(each)]),
  );
}
