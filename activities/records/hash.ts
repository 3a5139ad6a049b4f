import { hash } from 'node:crypto';
import { isLosslessNumber } from 'lossless-json';
import type { Json, Mapping, Policies, Rules } from './types.js';

/** Raised when the code that maps, keys or merges would make something else of the same source: stored hashes then count for nothing. */
const CODE_VERSION = 1;

/** The keys of one object in sorted order, ready to be written. */
interface Shape {
  keys: readonly string[];
  sorted: readonly string[];
  labels: readonly string[];
}

const REMEMBERED = 8;

/** Writes JSON with sorted keys. Records of one source have the same keys, so their order is remembered, not sorted again. */
function createWriter(): (value: unknown) => string {
  const shapes: Shape[] = [];
  let next = 0;

  function shapeOf(keys: readonly string[]): Shape {
    for (const shape of shapes) if (sameKeys(shape.keys, keys)) return shape;
    const sorted = [...keys].sort();
    const labels = sorted.map((key, at) => `${at === 0 ? '' : ','}${JSON.stringify(key)}:`);
    const shape = { keys, sorted, labels };
    shapes[next] = shape;
    next = (next + 1) % REMEMBERED;
    return shape;
  }

  function write(value: unknown): string {
    if (typeof value === 'string') return quoted(value);
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value !== 'object' || value === null) return 'null';
    if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
    if (isLosslessNumber(value)) return value.value;
    const shape = shapeOf(Object.keys(value));
    const record = value as Readonly<Record<string, unknown>>;
    let text = '{';
    for (let at = 0; at < shape.sorted.length; at += 1) {
      text += (shape.labels[at] ?? '') + write(record[shape.sorted[at] ?? '']);
    }
    return `${text}}`;
  }
  return write;
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** Most texts need no escape, and looking is faster than escaping. */
function quoted(text: string): string {
  return text.length < 256 && PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
const PLAIN = /^[ !#-[\]-~]*$/;

const write = createWriter();

/** JSON text that is equal exactly when two values are: keys sorted, digits as sent. */
export function canonicalText(value: Json): string {
  return write(value);
}

/** 132 bits of SHA-256: of the hashes of 128 bits and more the fastest here, and nobody can make two records share one. */
export function hashText(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** The same for the same data in any order of keys. */
export function sourceHash(data: Json): string {
  return hashText(write(data));
}

/** Names everything besides the source that decides what a record becomes. Another version never takes the hash short cut. */
export function rulesVersion(
  parts: Omit<Rules, 'version'> & { mapping: Mapping; policies: Policies },
): string {
  const { mapping, policies, members, locale, timeZone, country } = parts;
  const ids = [...members.ids].sort();
  return hashText(
    write({ code: CODE_VERSION, mapping, policies, members: { ...members, ids }, locale, timeZone, country }),
  );
}
