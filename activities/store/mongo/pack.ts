import { LosslessNumber } from 'lossless-json';
import { isExactNumber } from './json.js';

/**
 * Documents with free keys (settings, mappings, evidence ...) as the database may hold them: a key with `.`, `$` or a zero byte
 * is escaped, a number with more digits than a double holds is `{ "%n": digits }`. `unpack(pack(x))` equals `x`.
 */
const UNSAFE = /[.$%\0]/g;
const HAS_UNSAFE = /[.$%\0]/;
const ESCAPED = /%(2E|24|25|00)/g;
const NUMBER = '%n';

const CODES: Readonly<Record<string, string>> = { '.': '%2E', $: '%24', '%': '%25', '\0': '%00' };
const CHARS: Readonly<Record<string, string>> = { '2E': '.', '24': '$', '25': '%', '00': '\0' };

export function safeKey(key: string): string {
  return HAS_UNSAFE.test(key) ? key.replace(UNSAFE, (char) => CODES[char] ?? char) : key;
}

export function plainKey(key: string): string {
  return key.includes('%') ? key.replace(ESCAPED, (_all, code: string) => CHARS[code] ?? '') : key;
}

export function pack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(pack);
  if (isExactNumber(value)) return { [NUMBER]: value.toString() };
  const packed: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    if (each !== undefined) setOwn(packed, safeKey(key), pack(each));
  }
  return packed;
}

export function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === NUMBER) return new LosslessNumber(String(first[1]));
  const plain: Record<string, unknown> = {};
  for (const [key, each] of entries) setOwn(plain, plainKey(key), unpack(each));
  return plain;
}

/** Assigning `__proto__` would change the object's kind instead of its content. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** A document as its collection keeps it. */
export function packDoc(id: string, doc: object): { _id: string } & Record<string, unknown> {
  return { ...(pack(doc) as Record<string, unknown>), _id: id };
}

/** The document without its key. The caller knows what it wrote. */
export function unpackDoc(stored: { _id: string }): unknown {
  const { _id, ...rest } = stored;
  return unpack(rest);
}
