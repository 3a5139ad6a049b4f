import { linesOf } from './relations.js';
import type { FieldValue } from './types.js';

const LONGEST = 200;

/** A field's value in one short line, for people. */
export function sourceText(value: FieldValue): string {
  const text = plainText(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function plainText(value: FieldValue): string {
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    return value.every((each) => typeof each === 'string')
      ? value.join(', ')
      : `${linesOf(value).length} lines`;
  }
  if ('amount' in value) return `${value.amount} ${value.currency}`;
  return Object.values(value).join(', ');
}
