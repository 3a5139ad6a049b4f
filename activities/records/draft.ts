import type { Misread, Place } from './problem-words.js';
import { valueInvalid, warning } from './problem-words.js';
import type { FieldValue, Json, ProblemDraft } from './types.js';
import type { Reading } from './values.js';
import { Noted, plainJson, shown, Unreadable } from './values.js';

/** A record while it is mapped. */
export interface Draft extends Place {
  fields: Record<string, FieldValue | null>;
  relations: Record<string, string | null>;
  extra: Record<string, Json>;
  unmapped: { owner?: string; status?: string };
  warnings: ProblemDraft[];
  problems: ProblemDraft[];
}

/** Which field is read from where. */
export interface Named {
  field: string;
  /** The column or path, as the source calls it. */
  label: string;
}

/** A row with a hundred bad cells is one bad row. */
const MOST_PROBLEMS = 10;

export function newDraft(place: Place): Draft {
  return {
    externalId: place.externalId,
    position: place.position,
    fields: {},
    relations: {},
    extra: {},
    unmapped: {},
    warnings: [],
    problems: [],
  };
}

/**
 * Takes a reading to its value. What could not be read becomes a problem of the draft (`undefined`), what was read
 * with a note a warning.
 */
export function settle(
  draft: Draft,
  named: Named,
  raw: Json,
  reading: Reading,
  line?: number,
): FieldValue | null | undefined {
  if (reading instanceof Unreadable) {
    const { is, expected } = reading;
    misread(draft, {
      field: named.field,
      label: named.label,
      value: reading.value ?? shown(raw),
      is,
      expected,
      ...(line === undefined ? {} : { line }),
    });
    return undefined;
  }
  if (reading instanceof Noted) {
    const text = shown(raw);
    draft.warnings.push(
      warning(
        draft,
        reading.code,
        named.field,
        text,
        `${named.label} '${text.slice(0, 80)}' ${reading.why}.`,
      ),
    );
    if (reading.keep) draft.extra[named.label] = plainJson(raw);
    return reading.value;
  }
  return reading;
}

export function misread(draft: Draft, what: Misread): void {
  if (draft.problems.length < MOST_PROBLEMS) draft.problems.push(valueInvalid(draft, what));
}
