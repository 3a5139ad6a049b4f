import { LosslessNumber } from 'lossless-json';
import type { Json } from '../../records/types.js';

/**
 * The value at a path as mappings write it: a column's name as it is, else a dotted path (`address.city`, `emails[0].value`).
 * `undefined`: the row has no such place.
 */
export function valueAt(data: Json, path: string): Json | undefined {
  const column = own(data, path);
  if (column !== undefined || !/[.[]/.test(path)) return column;
  let value: Json | undefined = data;
  for (const step of path.replace(/\[(\d+)\]/g, '.$1').split('.')) {
    if (value === undefined || value === null) return value;
    value = Array.isArray(value) ? value[/^\d{1,9}$/.test(step) ? Number(step) : -1] : own(value, step);
  }
  return value;
}

export function isPlainObject(value: Json | undefined): value is { [key: string]: Json } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber)
  );
}

function own(data: Json, name: string): Json | undefined {
  return isPlainObject(data) && Object.hasOwn(data, name) ? data[name] : undefined;
}

/** As text without blanks around it; empty for what is absent. Objects and lists as JSON with sorted names. */
export function textOfValue(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value.trim() : canonicalJson(value);
}

/** The same text for the same value, whatever the order of its names; numbers as they were written. */
export function canonicalJson(value: Json): string {
  if (value instanceof LosslessNumber) return value.value;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isPlainObject(value)) return typeof value === 'string' ? JSON.stringify(value) : String(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`).join(',')}}`;
}
