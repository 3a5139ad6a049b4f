import type { NumberStyle } from './decimals.js';
import { readDecimal } from './decimals.js';
import type { Money } from './types.js';

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

export function isCurrency(text: string): boolean {
  return CURRENCIES.has(text);
}

/** Signs that mean one currency everywhere. `$`, `¥` and `kr` do not. */
const SIGNS: Readonly<Record<string, string>> = {
  '€': 'EUR',
  '£': 'GBP',
  '₹': 'INR',
  '₩': 'KRW',
  '₽': 'RUB',
  '₺': 'TRY',
  '₴': 'UAH',
  '₪': 'ILS',
  '₫': 'VND',
  '฿': 'THB',
  US$: 'USD',
  R$: 'BRL',
};
const AMBIGUOUS = new Set(['$', '¥', 'kr']);

const AROUND =
  /^(?<open>\()?\s*(?<sign>[-+−])?\s*(?<before>\p{L}{0,3}\p{Sc}|\p{L}{2,3})?\s*(?<inner>[-+−])?\s*(?<amount>[\d.,'’\s]*\d[\d.,]*)\s*(?<after>\p{L}{0,3}\p{Sc}|\p{L}{2,3})?(?<close>\))?$/u;

/** Longer texts are no amounts; it also bounds what the expression above can cost. */
const LONGEST = 64;

export type MoneyReading = { ok: true; money: Money } | { ok: false; why: 'number' | 'currency' };

/**
 * An amount as text, perhaps with its currency beside it (`12.50`, `€ 12.50`, `12.50 EUR`, `(12.50)` for a negative one). What
 * the value says of its currency beats `currency`; a sign that many countries use says nothing.
 */
export function readMoney(text: string, style: NumberStyle, currency: string | null): MoneyReading {
  const bare = readDecimal(text, style);
  if (bare !== null) return withCurrency(bare, currency);
  const parts = text.length > LONGEST ? undefined : AROUND.exec(text)?.groups;
  if (!parts || (parts['open'] === undefined) !== (parts['close'] === undefined))
    return { ok: false, why: 'number' };
  const { before, after, amount = '' } = parts;
  if (before !== undefined && after !== undefined) return { ok: false, why: 'number' };
  const minus = [parts['sign'], parts['inner']].filter((sign) => sign !== undefined && sign !== '+').length;
  const negative = minus + (parts['open'] === undefined ? 0 : 1);
  const value = readDecimal(`${negative === 1 ? '-' : ''}${amount.trim()}`, style);
  if (value === null || negative > 1) return { ok: false, why: 'number' };
  const said = before ?? after;
  if (said === undefined || AMBIGUOUS.has(said.toLowerCase())) return withCurrency(value, currency);
  const known = SIGNS[said] ?? said.toUpperCase();
  return isCurrency(known) ? withCurrency(value, known) : { ok: false, why: 'currency' };
}

export function withCurrency(amount: string, currency: string | null): MoneyReading {
  return currency === null ? { ok: false, why: 'currency' } : { ok: true, money: { amount, currency } };
}
