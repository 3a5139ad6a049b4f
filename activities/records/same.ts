import { isLosslessNumber } from 'lossless-json';
import { sameDecimal } from './decimals.js';
import type { Address, FieldValue, Json, Line, Money, Relation } from './types.js';

/**
 * Whether two field values say the same thing. Money and quantities compare as numbers (`12.5` and `12.50`), lists in order,
 * addresses part by part, and a line's product by its external id: that its record arrived meanwhile is no change.
 */
export function sameValue(a: FieldValue | null | undefined, b: FieldValue | null | undefined): boolean {
  if (a === b) return true;
  if (a === null || a === undefined || b === null || b === undefined) return isNothing(a) && isNothing(b);
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, n) => sameItem(each, b[n]));
  if (Array.isArray(b)) return false;
  if ('amount' in a) return 'amount' in b && sameMoney(a, b);
  return !('amount' in b) && sameAddress(a, b);
}

export function sameRelation(a: Relation | null | undefined, b: Relation | null | undefined): boolean {
  const left = a ?? NO_RELATION;
  const right = b ?? NO_RELATION;
  return (
    left.externalId === right.externalId && (left.externalId !== null || left.recordId === right.recordId)
  );
}

export function isNoRelation(relation: Relation | null | undefined): boolean {
  return !relation || (relation.externalId === null && relation.recordId === null);
}

/** JSON of `extra`: order of keys does not matter, digits do. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  const digits = digitsOf(a);
  if (digits !== null) return digits === digitsOf(b);
  if (isLosslessNumber(a) || isLosslessNumber(b)) return false;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((each, n) => sameJson(each, b[n]))
    );
  }
  const left: { [key: string]: Json } = a;
  const right: { [key: string]: Json } = b;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

/** Negative when `a` is earlier. Both ISO 8601 UTC; as precise as each says it (`…00Z` and `…00.000250Z`). */
export function compareTimes(a: string, b: string): number {
  if (a === b) return 0;
  const [secondsA, fractionA] = splitTime(a);
  const [secondsB, fractionB] = splitTime(b);
  if (secondsA !== secondsB) return secondsA < secondsB ? -1 : 1;
  const digits = Math.max(fractionA.length, fractionB.length);
  const left = fractionA.padEnd(digits, '0');
  const right = fractionB.padEnd(digits, '0');
  return left === right ? 0 : left < right ? -1 : 1;
}

const NO_RELATION: Relation = { externalId: null, recordId: null };

function isNothing(value: FieldValue | null | undefined): boolean {
  return (
    value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
  );
}

function digitsOf(value: Json | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return isLosslessNumber(value) ? value.value : null;
}

function splitTime(time: string): [string, string] {
  const bare = time.endsWith('Z') ? time.slice(0, -1) : time;
  const point = bare.indexOf('.');
  return point < 0 ? [bare, ''] : [bare.slice(0, point), bare.slice(point + 1)];
}

function sameItem(a: string | Line, b: string | Line | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b;
  return (
    (a.description ?? '') === (b.description ?? '') &&
    sameText(a.quantity, b.quantity, sameDecimal) &&
    sameOptionalMoney(a.unitPrice, b.unitPrice) &&
    sameOptionalMoney(a.amount, b.amount) &&
    sameRelation(a.product, b.product)
  );
}

function sameText(
  a: string | undefined,
  b: string | undefined,
  same: (a: string, b: string) => boolean,
): boolean {
  return a === undefined || b === undefined ? a === b : same(a, b);
}

function sameOptionalMoney(a: Money | undefined, b: Money | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameMoney(a, b);
}

function sameMoney(a: Money, b: Money): boolean {
  return a.currency === b.currency && sameDecimal(a.amount, b.amount);
}

function sameAddress(a: Address, b: Address): boolean {
  return (
    a.street === b.street &&
    a.city === b.city &&
    a.region === b.region &&
    a.postalCode === b.postalCode &&
    a.country === b.country
  );
}
