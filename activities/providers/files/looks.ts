/** What the values of a column look like; `null` where they look like nothing in particular. */
export type Look =
  | 'email'
  | 'url'
  | 'domain'
  | 'phone'
  | 'boolean'
  | 'integer'
  | 'number'
  | 'decimal_comma'
  | 'grouped_number'
  | 'money'
  | 'date'
  | 'datetime'
  | 'day_dots'
  | 'day_slashes';

/** In this order, because a date looks like a phone number, too. */
const LOOKS: [Look, RegExp][] = [
  ['integer', /^[+-]?\d{1,18}$/],
  ['number', /^[+-]?\d*\.\d+$/],
  ['decimal_comma', /^[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+$/],
  ['grouped_number', /^[+-]?\d{1,3}([,' \u00a0\u202f]\d{3})+(\.\d+)?$/],
  [
    'money',
    /^[+-]?\(?(\p{Sc}|[A-Z]{3}\s|[A-Z]{1,2}\$)\s?[+-]?[\d.,' \u00a0\u202f]+\)?$|^[+-]?[\d.,' \u00a0\u202f]*\d\s?(\p{Sc}|[A-Z]{3})$/u,
  ],
  ['email', /^(mailto:)?[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+$/i],
  ['date', /^\d{4}[-./]\d{1,2}[-./]\d{1,2}$/],
  ['datetime', /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/],
  ['day_dots', /^\d{1,2}\.\s?\d{1,2}\.\s?\d{4}( \d{1,2}:\d{2}(:\d{2})?)?$/],
  ['day_slashes', /^\d{1,2}[/-]\d{1,2}[/-]\d{4}( \d{1,2}:\d{2}(:\d{2})?( ?[ap]m)?)?$/i],
  ['boolean', /^(true|false|yes|no|ja|nein|oui|non)$/i],
  ['url', /^(https?:\/\/|www\.)\S+$/i],
  ['domain', /^([a-z0-9-]+\.)+[a-z]{2,24}$/i],
  ['phone', /^\+?[\d\s()./-]{6,24}(\s?(x|ext\.?)\s?\d+)?$/i],
];

export function lookOf(value: string): Look | null {
  if (value.length > 200) return null;
  return LOOKS.find(([, pattern]) => pattern.test(value))?.[0] ?? null;
}

/** Signs that mean one currency everywhere; `$`, `¥` and `kr` do not. The mapping reads the same ones out of values. */
const SIGNS: Record<string, string> = { '€': 'EUR', '£': 'GBP', '₹': 'INR', US$: 'USD', R$: 'BRL' };
const CODES = new Set(Intl.supportedValuesOf('currency'));

/** The currency that a text names (`12.50 EUR`, `Price (€)`), as ISO 4217. */
export function currencyIn(text: string): string | undefined {
  for (const [sign, code] of Object.entries(SIGNS)) if (text.includes(sign)) return code;
  return text.match(/\b[A-Z]{3}\b/g)?.find((code) => CODES.has(code));
}
