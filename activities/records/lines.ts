import type { Draft } from './draft.js';
import { settle } from './draft.js';
import { MAX_LINES } from './limits.js';
import type { LineField } from './objects.js';
import { isLineField, LINE_FIELDS } from './objects.js';
import type { JsonObject } from './paths.js';
import { isJsonObject } from './paths.js';
import { tooLarge } from './problem-words.js';
import type { Styles } from './readers.js';
import { asReader, decimalReader } from './readers.js';
import type { SourceSpec, Step } from './steps.js';
import { moneyAt, specOfSource, valueGetter } from './steps.js';
import type { FieldSource, FieldValue, Json, Line } from './types.js';
import type { Reading } from './values.js';
import { textOf, Unreadable } from './values.js';

interface LinePart {
  name: LineField;
  label: string;
  get: (data: JsonObject) => Json | undefined;
  read: (data: JsonObject, raw: Json) => Reading;
}

/** Lines of a record: one per row of its group, or one per object of the array at `path`. */
export function linesStep(
  path: SourceSpec | null,
  lines: Readonly<Record<string, FieldSource>>,
  styles: Styles,
): Step {
  const parts = Object.entries(lines).flatMap(([name, source]) =>
    isLineField(name) ? [linePart(name, specOfSource(source), styles)] : [],
  );
  const get = path ? valueGetter(path) : null;
  return (source, draft) => {
    const rows = get ? rowsAt(get(source.first), path?.path ?? 'lines', draft) : source.rows;
    if (rows === undefined) return;
    if (rows.length > MAX_LINES) {
      draft.problems.push(tooLarge(draft, `its number of lines (${rows.length})`, `${MAX_LINES} lines`));
      return;
    }
    const found: Line[] = [];
    for (const [at, row] of rows.entries()) {
      const line = readLine(parts, row, draft, at + 1);
      if (Object.keys(line).length > 0) found.push(line);
    }
    draft.fields['lines'] = found.length === 0 ? null : found;
  };
}

function rowsAt(value: Json | undefined, label: string, draft: Draft): readonly JsonObject[] | undefined {
  if (value === undefined) return undefined;
  if (value === null) return [];
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  settle(
    draft,
    { field: 'lines', label },
    value,
    new Unreadable('a list of lines', 'a JSON list of objects'),
  );
  return undefined;
}

function linePart(name: LineField, spec: SourceSpec, styles: Styles): LinePart {
  return { name, label: spec.path, get: valueGetter(spec), read: lineReader(name, spec, styles) };
}

function lineReader(name: LineField, spec: SourceSpec, styles: Styles): LinePart['read'] {
  const type = LINE_FIELDS[name];
  switch (type) {
    case 'money':
      return moneyAt(spec, styles);
    case 'decimal': {
      const read = decimalReader(styles.number);
      return (_, raw) => read(raw);
    }
    case 'text': {
      const read = asReader(spec, styles);
      return (_, raw) => read(raw);
    }
    case 'relation':
      return (_, raw) => textOf(raw);
  }
}

function readLine(parts: readonly LinePart[], row: JsonObject, draft: Draft, number: number): Line {
  const line: Line = {};
  for (const { name, label, get, read } of parts) {
    const raw = get(row);
    if (raw === undefined) continue;
    const named = { field: `lines.${number - 1}.${name}`, label };
    const value = settle(draft, named, raw, read(row, raw), number);
    if (value !== undefined && value !== null) setPart(line, name, value);
  }
  return line;
}

function setPart(line: Line, name: LineField, value: FieldValue): void {
  if (name === 'unitPrice' || name === 'amount') {
    if (typeof value === 'object' && 'currency' in value) line[name] = value;
    return;
  }
  if (typeof value !== 'string') return;
  if (name === 'product') line.product = { externalId: value, recordId: null };
  else line[name] = value;
}
