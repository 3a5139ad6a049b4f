import { Decimal } from 'decimal.js';
import { MAX_DIGITS } from './limits.js';

/** Wide enough that adding 1,000 amounts of 34 digits rounds nothing. */
const Exact = Decimal.clone({ precision: 120, toExpNeg: -200, toExpPos: 200 });

/** How a locale writes numbers. Without a locale only `.` is a decimal mark, and a lone comma is never guessed at. */
export interface NumberStyle {
  decimal: string;
  /** `null`: no locale says so. */
  group: RegExp | null;
  /** A whole text in this style: sign, digits with well-formed groups, fraction. */
  shape: RegExp;
  example: string;
}

const NO_LOCALE: NumberStyle = {
  decimal: '.',
  group: null,
  // Groups are read where nothing else can be meant: "1,234.50" and "1,234,567", not "1,234".
  shape: /^[-+]?(?:\d+(?:\.\d*)?|\.\d+|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,})$/,
  example: '1234.56',
};

export function numberStyle(locale: string | null): NumberStyle {
  if (locale === null) return NO_LOCALE;
  const parts = new Intl.NumberFormat(`${locale}-u-nu-latn`).formatToParts(1234567.5);
  const decimal = parts.find((part) => part.type === 'decimal')?.value ?? '.';
  const group = parts.find((part) => part.type === 'group')?.value ?? ',';
  const lakhs = parts.filter((part) => part.type === 'integer')[1]?.value.length === 2;
  const mark = /\s/.test(group) ? '\\s' : /['’]/.test(group) ? "['’]" : escape(group);
  const middle = lakhs ? `(?:${mark}\\d{2})*` : `(?:${mark}\\d{3})*`;
  const grouped = `\\d{1,3}${middle}${mark}\\d{3}`;
  const fraction = `(?:${escape(decimal)}\\d*)?`;
  return {
    decimal,
    group: new RegExp(mark, 'g'),
    shape: new RegExp(`^[-+]?(?:(?:\\d+|${grouped})${fraction}|${escape(decimal)}\\d+)$`),
    example: `1${group}234${decimal}56`,
  };
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const PLAIN = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;

/** Plain decimal text (`-1234.50`: digits as written, no group marks) or `null`. Never more than 34 digits. */
export function readDecimal(text: string, style: NumberStyle): string | null {
  if (style.decimal === '.' && PLAIN.test(text)) return text === '-0' ? '0' : text;
  if (!style.shape.test(text)) return null;
  const ungrouped = style.group ? text.replace(style.group, '') : text.replace(/,/g, '');
  return plain(style.decimal === '.' ? ungrouped : ungrouped.replace(style.decimal, '.'));
}

/** The digits of a JSON number: never through a locale. `null` when there are more than 34. */
export function decimalOfNumber(digits: string): string | null {
  if (PLAIN.test(digits)) return digits === '-0' ? '0' : digits;
  if (/^[-+]?\d*\.?\d*$/.test(digits)) return plain(digits);
  if (!/^-?\d+(?:\.\d+)?e[-+]?\d{1,3}$/i.test(digits)) return null;
  const value = new Exact(digits);
  return Math.abs(value.e) > MAX_DIGITS ? null : plain(value.toFixed());
}

/** Tidies a sign, leading zeros and a bare point; keeps the number of decimals as written. */
function plain(text: string): string | null {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace(/^[-+]/, '').split('.');
  const digits = whole.replace(/^0+/, '');
  const significant = digits === '' ? fraction.replace(/^0+/, '').length : digits.length + fraction.length;
  if ((whole === '' && fraction === '') || significant > MAX_DIGITS || fraction.length > MAX_DIGITS)
    return null;
  const value = `${digits || '0'}${fraction === '' ? '' : `.${fraction}`}`;
  return negative && /[1-9]/.test(value) ? `-${value}` : value;
}

/** The exact sum, with as many decimals as the finest summand. `null` when it has more than 34 digits. */
export function sumOf(values: readonly string[]): string | null {
  let sum = new Exact(0);
  let scale = 0;
  for (const value of values) {
    sum = sum.plus(value);
    const point = value.indexOf('.');
    if (point >= 0) scale = Math.max(scale, value.length - point - 1);
  }
  return plain(sum.toFixed(scale));
}

/** Equal as numbers: `12.5` and `12.50`. Both must be plain decimal text. */
export function sameDecimal(a: string, b: string): boolean {
  return a === b || new Exact(a).equals(new Exact(b));
}
