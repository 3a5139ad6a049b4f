import type { ProblemDraft } from './types.js';

/** Sentences about one source record: what is wrong, whether anything was written, what to do. */

const LONGEST_VALUE = 200;
const LONGEST_SHOWN = 80;

/** Where it is, as its reader would look for it. */
export interface Place {
  externalId: string;
  position: string | null;
}

export interface Misread {
  field: string;
  /** The column or path, as the source calls it. */
  label: string;
  value: string;
  /** "a date", "an e-mail address". */
  is: string;
  /** "YYYY-MM-DD". */
  expected: string;
  /** Inside a group or a list of lines: 1 is the first. */
  line?: number;
}

function isRow(place: Place): boolean {
  return place.position !== null && /^\d/.test(place.position);
}

function where(place: Place): string {
  if (place.position === null) return `Record ${short(place.externalId)}`;
  if (!isRow(place)) return `Record ${short(place.externalId)} (${place.position})`;
  return /^\d+$/.test(place.position) ? `Row ${place.position}` : `Rows ${place.position}`;
}

function nothingWritten(place: Place, remedy: string): string {
  return isRow(place)
    ? `Nothing was written for this row; ${remedy} and upload again.`
    : `Nothing was written for this record; ${remedy} at the source and run again.`;
}

function failed(
  place: Place,
  draft: Omit<ProblemDraft, 'severity' | 'externalId' | 'position'>,
): ProblemDraft {
  return { severity: 'failed', ...from(place), ...draft };
}

function from(place: Place): Pick<ProblemDraft, 'externalId' | 'position'> {
  return { externalId: place.externalId, ...(place.position === null ? {} : { position: place.position }) };
}

export function valueInvalid(place: Place, misread: Misread): ProblemDraft {
  const { label, value, is, expected, line } = misread;
  const at = line === undefined ? where(place) : `${where(place)}, line ${line}`;
  return failed(place, {
    code: 'value_invalid',
    field: misread.field,
    value: value.slice(0, LONGEST_VALUE),
    message: `${at}, ${label} '${short(value)}' is not ${is} (expected ${expected}). ${nothingWritten(place, 'correct it')}`,
  });
}

export function requiredMissing(place: Place, field: string, label: string | null): ProblemDraft {
  const what = label === null ? `${field} is not in the mapping` : `${label} is empty`;
  return failed(place, {
    code: 'required_missing',
    field,
    message: `${where(place)}: ${what}, and ${field} is required. ${nothingWritten(place, 'fill it in')}`,
  });
}

export function tooLarge(place: Place, what: string, limit: string): ProblemDraft {
  return failed(place, {
    code: 'too_large',
    message: `${where(place)}: ${what} is larger than ${limit}. ${nothingWritten(place, 'make it smaller')}`,
  });
}

export function unmappable(place: Place, why: string): ProblemDraft {
  return failed(place, {
    code: 'unmappable',
    message: `${where(place)} cannot be read as a record: ${why}. ${nothingWritten(place, 'correct it')}`,
  });
}

/** Trouble that the provider itself met with this record: passed on as it is. */
export function troubled(
  place: Place,
  trouble: { code: string; message: string; field?: string; value?: string },
): ProblemDraft {
  return failed(place, {
    code: trouble.code,
    message: trouble.message,
    ...(trouble.field === undefined ? {} : { field: trouble.field }),
    ...(trouble.value === undefined ? {} : { value: trouble.value.slice(0, LONGEST_VALUE) }),
  });
}

/** The record is written all the same. */
export function warning(
  place: Place,
  code: string,
  field: string,
  value: string | null,
  why: string,
): ProblemDraft {
  return {
    severity: 'warning',
    code,
    ...from(place),
    field,
    ...(value === null ? {} : { value: value.slice(0, LONGEST_VALUE) }),
    message: `${where(place)}: ${why}`,
  };
}

export function short(value: string): string {
  const line = value.replace(/\s+/g, ' ');
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line;
}
