import { isoDate } from './dates.js';
import { MAX_LINES } from './limits.js';
import { isCurrency } from './money.js';
import type { FieldSpec } from './objects.js';
import { ADDRESS_PARTS } from './objects.js';
import { readerOf, stylesOf } from './readers.js';
import type { Address, FieldValue, Json, Line, Money, Relation } from './types.js';
import { Noted, tidy, Unreadable } from './values.js';
import { readDecimal } from './decimals.js';

/** The value is refused; the text says what the field takes. */
export class Refused {
  readonly expected: string;
  /** Inside the field: `['amount']`, `[3, 'product']`. */
  readonly path: (string | number)[];
  constructor(expected: string, path: (string | number)[] = []) {
    this.expected = expected;
    this.path = path;
  }
}

/** JSON says what it means: no locale, no format, and numbers of phones only with their country code. */
const STYLES = stylesOf({ locale: null, timeZone: null, country: null });

type Parts = Readonly<Record<string, unknown>>;

/**
 * Reads one field of a person's edit. `null` and empty text empty it. What is made of parts is merged with what is there
 * (RFC 7396), lists are replaced.
 */
export function editValue(
  spec: FieldSpec,
  value: unknown,
  before: FieldValue | undefined,
): FieldValue | null | Refused {
  if (value === null) return spec.type === 'status' ? (spec.neutral ?? null) : null;
  switch (spec.type) {
    case 'text':
    case 'owner':
      return typeof value === 'string' ? tidy(value) : new Refused('a text');
    case 'status':
    case 'choice':
      return oneOf(spec.values ?? [], value);
    case 'texts':
    case 'emails':
    case 'phones':
      return isTextList(value) ? read(spec, value) : new Refused('a list of texts');
    case 'url':
    case 'email':
    case 'phone':
    case 'domain':
    case 'datetime':
      return typeof value === 'string' ? read(spec, value) : new Refused('a text');
    case 'date':
      return typeof value === 'string' && isoDate(value) !== null
        ? value
        : new Refused('a date as YYYY-MM-DD');
    case 'percent':
      return typeof value === 'number' ? read(spec, value) : new Refused('a whole number from 0 to 100');
    case 'money':
      return money(value, before);
    case 'address':
      return address(value, before);
    case 'lines':
      return lines(value, before);
  }
}

function oneOf(values: readonly string[], value: unknown): string | Refused {
  return typeof value === 'string' && values.includes(value)
    ? value
    : new Refused(`one of ${values.join(', ')}`);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_LINES && value.every((each) => typeof each === 'string');
}

function read(spec: FieldSpec, value: Json): FieldValue | null | Refused {
  const reading = readerOf(spec, {}, STYLES)(value);
  if (reading instanceof Unreadable) return new Refused(`${reading.is}: ${reading.expected}`);
  if (!(reading instanceof Noted)) return reading;
  return new Refused('a number with its country code and without an extension, such as +49 30 1234567');
}

function isObject(value: unknown): value is Parts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function money(value: unknown, before: unknown): Money | Refused {
  if (!isObject(value)) return new Refused('{ "amount": "12.50", "currency": "EUR" }');
  const old = isObject(before) ? before : {};
  const unknown = Object.keys(value).find((name) => name !== 'amount' && name !== 'currency');
  if (unknown !== undefined) return new Refused('nothing but amount and currency', [unknown]);
  const { amount, currency } = { ...old, ...value } as Parts;
  const digits = typeof amount === 'string' ? readDecimal(amount.slice(0, 100), STYLES.number) : null;
  if (digits === null || digits !== amount) return new Refused('decimal text such as "12.50"', ['amount']);
  if (typeof currency !== 'string' || !isCurrency(currency))
    return new Refused('an ISO 4217 code such as EUR', ['currency']);
  return { amount: digits, currency };
}

function address(value: unknown, before: unknown): Address | null | Refused {
  if (!isObject(value)) return new Refused(`an object with ${ADDRESS_PARTS.join(', ')}`);
  const merged: Address = isObject(before) ? { ...before } : {};
  for (const [name, each] of Object.entries(value)) {
    const part = ADDRESS_PARTS.find((known) => known === name);
    if (!part) return new Refused(`nothing but ${ADDRESS_PARTS.join(', ')}`, [name]);
    if (each !== null && typeof each !== 'string') return new Refused('a text', [name]);
    const text = each === null ? null : tidy(each);
    if (text === null) Reflect.deleteProperty(merged, part);
    else merged[part] = part === 'country' ? STYLES.country(text) : text;
  }
  return Object.keys(merged).length === 0 ? null : merged;
}

function lines(value: unknown, before: unknown): Line[] | null | Refused {
  if (!Array.isArray(value)) return new Refused('a list of lines');
  if (value.length > MAX_LINES) return new Refused(`at most ${MAX_LINES} lines`);
  const found: Line[] = [];
  for (const [at, each] of value.entries()) {
    const old: unknown = Array.isArray(before) ? before[at] : undefined;
    const line = lineOf(each, isObject(old) ? old : {});
    if (line instanceof Refused) return new Refused(line.expected, [at, ...line.path]);
    found.push(line);
  }
  return found.length === 0 ? null : found;
}

function lineOf(value: unknown, before: Line): Line | Refused {
  if (!isObject(value))
    return new Refused('an object with description, quantity, unitPrice, amount, product');
  const line: Line = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === null) continue;
    const refused = setPart(line, name, each, before);
    if (refused) return new Refused(refused.expected, [name, ...refused.path]);
  }
  return line;
}

function setPart(line: Line, name: string, value: unknown, before: Line): Refused | null {
  switch (name) {
    case 'description': {
      if (typeof value !== 'string') return new Refused('a text');
      const text = tidy(value);
      if (text !== null) line.description = text;
      return null;
    }
    case 'quantity': {
      const digits = typeof value === 'string' ? readDecimal(value.slice(0, 100), STYLES.number) : null;
      if (digits === null) return new Refused('decimal text such as "2"');
      line.quantity = digits;
      return null;
    }
    case 'unitPrice':
    case 'amount': {
      const read = money(value, undefined);
      if (read instanceof Refused) return read;
      line[name] = read;
      return null;
    }
    case 'product': {
      const product = productOf(value, before.product);
      if (product instanceof Refused) return product;
      if (product) line.product = product;
      return null;
    }
    default:
      return new Refused('nothing but description, quantity, unitPrice, amount, product');
  }
}

/** A record's id, or the relation as a record over HTTP shows it, so that lines can be sent back as they came. */
function productOf(value: unknown, before: Relation | undefined): Relation | null | Refused {
  const recordId = isObject(value) ? value['recordId'] : value;
  const externalId = isObject(value) ? (value['externalId'] ?? null) : null;
  if (recordId === null || recordId === undefined) {
    return before?.recordId === null && before.externalId === externalId ? before : null;
  }
  if (typeof recordId !== 'string' || recordId === '') return new Refused("a product's record id");
  return before?.recordId === recordId ? before : { externalId: null, recordId };
}
