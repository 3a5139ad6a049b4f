import { isLosslessNumber } from 'lossless-json';
import { countryReader } from './countries.js';
import type { DateStyle } from './dates.js';
import { dateReader, dateStyle, datetimeReader, expectedDate, knownLocale } from './dates.js';
import type { NumberStyle } from './decimals.js';
import { decimalOfNumber, numberStyle, readDecimal } from './decimals.js';
import { readDomain, readEmail, readPhone } from './identifiers.js';
import { isCurrency, readMoney, withCurrency } from './money.js';
import type { FieldSpec } from './objects.js';
import { isJsonObject } from './paths.js';
import type { As, Json, Rules } from './types.js';
import type { Reading } from './values.js';
import { Noted, readBoolean, readList, textOf, Unreadable } from './values.js';

export type Reader = (value: Json) => Reading;
export type MoneyReader = (value: Json, currency: string | null) => Reading;

/** How this run's sources write things down. */
export interface Styles {
  number: NumberStyle;
  date: DateStyle;
  country: (text: string) => string;
  /** Of phone numbers without a country code. */
  phoneCountry: string | null;
}

export function stylesOf(rules: Pick<Rules, 'locale' | 'timeZone' | 'country'>): Styles {
  const locale = knownLocale(rules.locale);
  return {
    number: numberStyle(locale),
    date: dateStyle(locale, rules.timeZone),
    country: countryReader(locale),
    phoneCountry: rules.country ?? (locale === null ? null : (new Intl.Locale(locale).region ?? null)),
  };
}

export interface ReadAs {
  as?: As;
  format?: string;
}

/** The reader of one column into one field; the field's type decides, `as` says how a text is to be understood first. */
export function readerOf(spec: FieldSpec, how: ReadAs, styles: Styles): Reader {
  switch (spec.type) {
    case 'text':
      return asReader(how, styles);
    case 'texts':
      return readList;
    case 'url':
      return textual(readUrl, 'a web address', 'an address that starts with https://');
    case 'email':
      return textual(readEmail, 'an e-mail address', 'an address such as name@company.com');
    case 'emails':
      return listed(readEmail, 'an e-mail address', 'addresses such as name@company.com');
    case 'phone':
      return (value) => phone(value, styles.phoneCountry);
    case 'phones':
      return (value) => phones(value, styles.phoneCountry);
    case 'domain':
      return textual(remembered(readDomain), 'a domain', 'a name such as company.com');
    case 'date':
      return textual(
        remembered(dateReader(styles.date, how.format ?? null)),
        'a date',
        expectedDate(styles.date, how.format ?? null),
      );
    case 'datetime':
      return textual(
        datetimeReader(styles.date, how.format ?? null),
        'a date and time',
        how.format ?? 'a time such as 2024-03-02T10:30:00Z',
      );
    case 'percent':
      return percent(styles.number);
    case 'choice':
      return chosen(asReader(how, styles), spec.values ?? []);
    // Read with more than the value at hand: see `steps.ts`.
    case 'status':
    case 'owner':
    case 'money':
    case 'address':
    case 'lines':
      return asReader(how, styles);
  }
}

/** A text, understood as what `as` says and written down plainly. */
export function asReader(how: ReadAs, styles: Styles): Reader {
  switch (how.as ?? 'text') {
    case 'text':
      return textOf;
    case 'number':
    case 'money':
      return decimalReader(styles.number);
    case 'date':
      return readerOf({ type: 'date' }, how, styles);
    case 'datetime':
      return readerOf({ type: 'datetime' }, how, styles);
    case 'boolean':
      return textual(readBoolean, 'a yes or no', 'true or false');
    case 'phone':
      return readerOf({ type: 'phone' }, how, styles);
    case 'email':
      return readerOf({ type: 'email' }, how, styles);
    case 'country':
      return textual(styles.country, 'a country', 'a name or an ISO code');
    case 'list':
      return (value) => {
        const list = readList(value);
        return Array.isArray(list) ? list.join(', ') : list;
      };
  }
}

export function decimalReader(style: NumberStyle): Reader {
  return (value) => {
    const digits = digitsOf(value);
    if (digits !== null) return decimalOfNumber(digits) ?? new Unreadable('a number', 'at most 34 digits');
    const text = textOf(value);
    if (text === null || text instanceof Unreadable) return text;
    return (
      (text.length > 200 ? null : readDecimal(text, style)) ??
      new Unreadable('a number', expectedNumber(style))
    );
  };
}

function expectedNumber(style: NumberStyle): string {
  return style.group === null
    ? `digits such as ${style.example}, or a locale in the app's settings`
    : `digits such as ${style.example}`;
}

/** A JSON number says exactly what it is: no locale is asked. */
function digitsOf(value: Json): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : null;
  return isLosslessNumber(value) ? value.value : null;
}

/** A text, a number, or `{ amount, currency }`. */
export function moneyReader(style: NumberStyle): MoneyReader {
  return (value, currency) => {
    if (isJsonObject(value)) return moneyObject(value, style, currency);
    const digits = digitsOf(value);
    if (digits !== null) {
      const amount = decimalOfNumber(digits);
      return amount === null
        ? notMoney('number', style)
        : (moneyOf(withCurrency(amount, currency), style) ?? null);
    }
    const text = textOf(value);
    if (text === null || text instanceof Unreadable) return text;
    return moneyOf(readMoney(text, style, currency), style);
  };
}

function moneyObject(value: Record<string, Json>, style: NumberStyle, currency: string | null): Reading {
  const amount = value['amount'] ?? value['value'];
  const said = value['currency'] ?? value['currencyCode'];
  if (amount === undefined || isJsonObject(amount)) return notMoney('number', style);
  const own = typeof said === 'string' ? said.trim().toUpperCase() : currency;
  if (own !== null && !isCurrency(own)) return notMoney('currency', style);
  return moneyReader(style)(amount, own);
}

function moneyOf(reading: ReturnType<typeof readMoney>, style: NumberStyle): Reading {
  return reading.ok ? reading.money : notMoney(reading.why, style);
}

export function notMoney(why: 'number' | 'currency', style: NumberStyle): Unreadable {
  return why === 'number'
    ? new Unreadable('an amount', expectedNumber(style))
    : new Unreadable(
        'an amount with a known currency',
        "an ISO 4217 code such as EUR, in the value or in the mapping's currency",
      );
}

function textual(read: (text: string) => string | null, is: string, expected: string): Reader {
  const wrong = new Unreadable(is, expected);
  return (value) => {
    const text = textOf(value);
    if (text === null) return null;
    return text instanceof Unreadable ? wrong : (read(text) ?? wrong);
  };
}

function listed(read: (text: string) => string | null, is: string, expected: string): Reader {
  return (value) => {
    const list = readList(value);
    if (list === null || list instanceof Unreadable) return list;
    const found: string[] = [];
    for (const each of list) {
      const one = read(each);
      if (one === null) return new Unreadable(is, expected, each);
      if (!found.includes(one)) found.push(one);
    }
    return found;
  };
}

const NO_PHONE = new Unreadable('a phone number', 'a number such as +49 30 1234567');
const UNKNOWN_COUNTRY =
  "has no country code, so it is kept as written; say the country in the app's locale to have it recognised";

function phone(value: Json, country: string | null): Reading {
  const text = textOf(value);
  if (text === null || text instanceof Unreadable) return text;
  const read = readPhone(text, country);
  if (read.kind === 'none') return NO_PHONE;
  if (read.kind === 'national') return new Noted(read.value, 'phone_unread', UNKNOWN_COUNTRY, false);
  return read.extension === null
    ? read.value
    : new Noted(read.value, 'phone_extension', 'has an extension, which is kept under extra', true);
}

function phones(value: Json, country: string | null): Reading {
  const list = readList(value);
  if (list === null || list instanceof Unreadable) return list;
  const found: string[] = [];
  let note: Noted | null = null;
  for (const each of list) {
    const one = phone(each, country);
    if (one instanceof Unreadable) return new Unreadable(one.is, one.expected, each);
    const number = one instanceof Noted ? one.value : one;
    if (one instanceof Noted && (note === null || one.keep)) note = one;
    if (typeof number === 'string' && !found.includes(number)) found.push(number);
  }
  return note === null ? found : new Noted(found, note.code, note.why, note.keep);
}

/** Shown as a link one day: nothing that a browser would run. */
function readUrl(text: string): string | null {
  return /^\s*(?:javascript|data|vbscript)\s*:/i.test(text) || text.length > 8192 ? null : text;
}

function percent(style: NumberStyle): Reader {
  const wrong = new Unreadable('a percentage', 'a whole number from 0 to 100');
  const decimal = decimalReader(style);
  return (value) => {
    const text = typeof value === 'string' ? value.replace(/\s*%\s*$/, '') : value;
    const read = decimal(text);
    if (typeof read !== 'string') return read === null ? null : wrong;
    const number = Number(read);
    return Number.isInteger(number) && number >= 0 && number <= 100 ? number : wrong;
  };
}

/** Spaces, hyphens and case do not matter: "In Progress" is `in_progress`. */
export function foldChoice(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, '_');
}

const ALSO: Readonly<Record<string, string>> = { medium: 'normal', no_priority: 'none' };

function chosen(read: Reader, values: readonly string[]): Reader {
  return (value) => {
    const text = read(value);
    if (typeof text !== 'string') return text;
    const folded = foldChoice(text);
    const known = values.find((each) => each === folded || each === ALSO[folded]);
    if (known !== undefined) return known;
    return new Noted(
      null,
      'choice_unmapped',
      `is none of ${values.join(', ')}; it is kept under extra`,
      true,
    );
  };
}

const REMEMBERED = 5000;

/** Columns repeat themselves: days, domains. Forgets everything when full, so that a long file needs no more memory. */
function remembered(read: (text: string) => string | null): (text: string) => string | null {
  const known = new Map<string, string | null>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = read(text);
    if (known.size >= REMEMBERED) known.clear();
    if (text.length <= 256) known.set(text, value);
    return value;
  };
}
