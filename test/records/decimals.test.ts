import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { decimalOfNumber, numberStyle, readDecimal, sumOf } from '../../activities/records/decimals.js';
import { readMoney } from '../../activities/records/money.js';

describe('decimals', () => {
  it.each([
    [null, '12.50', '12.50'],
    [null, '-0.5', '-0.5'],
    [null, '007.5', '7.5'],
    [null, '+5', '5'],
    [null, '.5', '0.5'],
    [null, '-0', '0'],
    [null, '1,234.50', '1234.50'],
    [null, '1,234,567', '1234567'],
    ['de-DE', '12,50', '12.50'],
    ['de-DE', '1.234,5', '1234.5'],
    ['de-DE', '1.234', '1234'],
    ['en-US', '1,234', '1234'],
    ['fr-FR', '1 234,5', '1234.5'],
    ['fr-FR', '1\u202f234,5', '1234.5'],
    ['de-CH', "1'234.5", '1234.5'],
    ['en-IN', '12,34,567.8', '1234567.8'],
  ])('in %s %s is %s', (locale, text, expected) => {
    expect(readDecimal(text, numberStyle(locale))).toBe(expected);
  });

  it.each([
    [null, '12,50'],
    [null, '1,234'],
    [null, '1.234,50'],
    ['en-US', '12,50'],
    ['de-DE', '12.50'],
    ['de-DE', '1.23.456'],
    [null, '1e5'],
    [null, 'twelve'],
    [null, ''],
    [null, '.'],
    [null, '1.2.3'],
    [null, '1'.repeat(35)],
    [null, '٣'],
  ])('in %s %p is refused, never guessed', (locale, text) => {
    expect(readDecimal(text, numberStyle(locale))).toBeNull();
  });

  it('keeps 34 digits exactly', () => {
    const text = `${'9'.repeat(30)}.1234`;
    expect(readDecimal(text, numberStyle(null))).toBe(text);
  });

  it.each([
    ['1e21', '1000000000000000000000'],
    ['1.5e-7', '0.00000015'],
    ['12.50', '12.50'],
    ['1e400', null],
    ['1e-300', null],
    ['NaN', null],
  ])('the JSON number %s is %s', (digits, expected) => {
    expect(decimalOfNumber(digits)).toBe(expected);
  });

  it('reads back every number in the style of its locale', () => {
    const locale = fc.constantFrom(
      'en-US',
      'de-DE',
      'fr-FR',
      'en-IN',
      'de-CH',
      'pt-BR',
      'sv-SE',
      'pl-PL',
      'es-ES',
    );
    const cents = fc.integer({ min: -999_999_999_999, max: 999_999_999_999 });
    fc.assert(
      fc.property(locale, cents, (name, value) => {
        const text = new Intl.NumberFormat(name, { minimumFractionDigits: 2 }).format(value / 100);
        const read = readDecimal(text.replace('−', '-'), numberStyle(name));
        expect(new Decimal(read ?? 'NaN').times(100).toNumber()).toBe(value);
      }),
    );
  });

  it('adds exactly, in any order, with the finest number of decimals', () => {
    expect(sumOf(['0.1', '0.2'])).toBe('0.3');
    expect(sumOf(['12.50', '0.50'])).toBe('13.00');
    expect(sumOf([])).toBe('0');
    expect(sumOf(['9'.repeat(34), '1'])).toBeNull();
    const amount = fc.integer({ min: -1e9, max: 1e9 }).map((n) => `${n < 0 ? '-' : ''}${Math.abs(n)}.0001`);
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1 }), (amounts) => {
        expect(sumOf(amounts)).toBe(sumOf([...amounts].reverse()));
      }),
    );
  });
});

describe('money', () => {
  const style = numberStyle(null);
  it.each([
    ['12.50', 'EUR', '12.50', 'EUR'],
    ['$1,234.50', 'USD', '1234.50', 'USD'],
    ['€ 12.50', 'USD', '12.50', 'EUR'],
    ['12.50 gbp', null, '12.50', 'GBP'],
    ['USD -3', null, '-3', 'USD'],
    ['(12.50)', 'EUR', '-12.50', 'EUR'],
    ['-£5', null, '-5', 'GBP'],
    ['US$ 7', null, '7', 'USD'],
  ])('%s with %s', (text, currency, amount, expected) => {
    expect(readMoney(text, style, currency)).toEqual({ ok: true, money: { amount, currency: expected } });
  });

  it.each([
    ['12.50', null, 'currency'],
    ['$12.50', null, 'currency'],
    ['12.50 XQQ', 'EUR', 'currency'],
    ['12,50', 'EUR', 'number'],
    ['free', 'EUR', 'number'],
    ['€12 USD', null, 'number'],
    ['(-5)', 'EUR', 'number'],
    ['9'.repeat(5000), 'EUR', 'number'],
  ])('%s with %s is refused for its %s', (text, currency, why) => {
    expect(readMoney(text, style, currency)).toEqual({ ok: false, why });
  });
});
