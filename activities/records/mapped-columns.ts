import type { ObjectName } from '../../workflows/contract/objects.js';
import { isCurrency } from './money.js';
import { requiredFields } from './objects.js';
import { specOfSource } from './steps.js';
import type { FieldSource, ObjectMapping } from './types.js';

/** A column that a mapping names and the source does not have. */
export interface MissingColumn {
  column: string;
  /** Where the mapping names it first: `['fields', 'email']`. */
  path: (string | number)[];
  /** A key or a required field is made of it: no record could be made, and a run stops at its preflight. */
  needed: boolean;
}

interface Named {
  column: string;
  path: (string | number)[];
  needed: boolean;
}

/** Each column once, those that are needed first. Pure: a preflight and a changed mapping are judged alike. */
export function missingColumns(
  object: ObjectName,
  mapping: ObjectMapping,
  columns: readonly string[],
): MissingColumn[] {
  const known = new Set(columns);
  const has = (path: string): boolean =>
    path === '' ||
    // What is made of the row itself.
    path.startsWith('#') ||
    known.has(path) ||
    columns.some((name) => path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
  const missing = named(object, mapping).filter(({ column }) => !has(column));
  const found = new Map<string, MissingColumn>();
  for (const each of [...missing.filter(({ needed }) => needed), ...missing.filter(({ needed }) => !needed)])
    if (!found.has(each.column)) found.set(each.column, each);
  return [...found.values()];
}

function named(object: ObjectName, mapping: ObjectMapping): Named[] {
  const required = requiredFields(object);
  const keys = (mapping.key ?? []).map((column, n) => ({ column, path: ['key', n], needed: true }));
  const fields = Object.entries(mapping.fields).flatMap(([target, source]) =>
    columnsOf(source).map(({ column, fallback }) => ({
      ...{ column, path: ['fields', target] },
      needed: required.includes(target) && !fallback,
    })),
  );
  const lines = Object.entries(mapping.lines ?? {}).flatMap(([target, source]) =>
    columnsOf(source).map(({ column }) => ({ column, path: ['lines', target], needed: false })),
  );
  return [...keys, ...fields, ...(mapping.group === true ? lines : [])];
}

/** With a default, a field is there although its column is not. */
function columnsOf(source: FieldSource | null): { column: string; fallback: boolean }[] {
  if (source === null) return [];
  const { path, currency, default: fallback } = specOfSource(source);
  const own = { column: path, fallback: fallback !== undefined };
  return currency === undefined || isCurrency(currency) ? [own] : [own, { column: currency, fallback: true }];
}
