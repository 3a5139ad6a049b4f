import type { Draft } from './draft.js';
import { canonicalText } from './hash.js';
import { MAX_EXTRA_BYTES, MAX_EXTRA_KEYS } from './limits.js';
import type { JsonObject, Leftovers } from './paths.js';
import { setOwn } from './paths.js';
import { warning } from './problem-words.js';
import type { Source } from './steps.js';
import type { Json } from './types.js';
import { plainJson } from './values.js';

/**
 * Keeps what maps to nothing under `extra`, as far as its bounds allow. `mayBeLarge`: the source could pass the bound of bytes
 * at all, which few do. A group keeps one value where its rows agree, else the values of all its rows in order.
 */
export function keepExtra(source: Source, leftovers: Leftovers, draft: Draft, mayBeLarge: boolean): void {
  const left = source.rows.length > 1 ? ofRows(source.rows.map(leftovers)) : leftovers(source.first);
  const names = Object.keys(left);
  if (names.length === 0) return;
  let bytes = 0;
  let keys = Object.keys(draft.extra).length;
  const cut: string[] = [];
  for (const name of names) {
    const raw = left[name] ?? null;
    const value = typeof raw === 'object' || typeof raw === 'string' ? plainJson(raw) : raw;
    const size = mayBeLarge ? Buffer.byteLength(canonicalText(value)) + Buffer.byteLength(name) : 0;
    if (keys >= MAX_EXTRA_KEYS || bytes + size > MAX_EXTRA_BYTES) {
      cut.push(name);
      continue;
    }
    bytes += size;
    keys += 1;
    draft.extra[extraName(name)] = value;
  }
  if (cut.length > 0) draft.warnings.push(cutWarning(draft, cut));
}

function cutWarning(draft: Draft, cut: readonly string[]): Draft['warnings'][number] {
  const named = cut.slice(0, 5).join(', ');
  const why =
    `${cut.length} unmapped ${cut.length === 1 ? 'field was' : 'fields were'} left out of extra (${named.slice(0, 200)}${cut.length > 5 ? ' …' : ''}): ` +
    `it holds ${MAX_EXTRA_KEYS} fields and ${MAX_EXTRA_BYTES / 1024} KiB. The source as sent is kept with the run.`;
  return warning(draft, 'extra_cut', 'extra', named, why);
}

/** Names that no store or program may mistake for something else. */
function extraName(name: string): string {
  const plain = name.includes('\0') ? name.replaceAll('\0', '') : name;
  return plain === '__proto__' ? '_proto_' : plain;
}

function ofRows(rows: readonly JsonObject[]): JsonObject {
  const left: JsonObject = {};
  for (const row of rows) {
    for (const name of Object.keys(row)) {
      if (!Object.hasOwn(left, name)) setOwn(left, name, ofColumn(rows, name));
    }
  }
  return left;
}

function ofColumn(rows: readonly JsonObject[], name: string): Json {
  const first = cell(rows[0], name);
  for (const row of rows) {
    const value = cell(row, name);
    if (
      value === first ||
      (isNested(value) && isNested(first) && canonicalText(value) === canonicalText(first))
    )
      continue;
    return rows.map((each) => cell(each, name));
  }
  return first;
}

function cell(row: JsonObject | undefined, name: string): Json {
  return row !== undefined && Object.hasOwn(row, name) ? (row[name] ?? null) : null;
}

function isNested(value: Json): boolean {
  return typeof value === 'object' && value !== null;
}
