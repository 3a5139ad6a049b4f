import { Decimal128 } from 'mongodb';

const EXACT = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
const MOST_DIGITS = 34;

/** Plain decimal text as the database's decimal; text that it could not give back digit by digit stays text. */
export function toDecimal(text: string): Decimal128 | string {
  if (text.length > MOST_DIGITS + 2 || !EXACT.test(text)) return text;
  const digits = text.length - (text.startsWith('-') ? 1 : 0) - (text.includes('.') ? 1 : 0);
  return digits > MOST_DIGITS ? text : Decimal128.fromString(text);
}

/** Never in exponent form; zeros at the end stay. */
export function fromDecimal(decimal: Decimal128): string {
  const text = decimal.toString();
  const split = /^(-?)(\d+)(?:\.(\d+))?E([+-]\d+)$/.exec(text);
  if (!split) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = split;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
