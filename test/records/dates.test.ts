import fc from 'fast-check';
import {
  dateReader,
  dateStyle,
  datetimeReader,
  isDateFormat,
  knownLocale,
} from '../../activities/records/dates.js';

const none = dateStyle(null, null);

describe('dates', () => {
  it.each([
    [null, null, '1980-02-29', '1980-02-29'],
    [null, null, '19800412', '1980-04-12'],
    [null, null, '2024/3/2', '2024-03-02'],
    [null, null, '2024-03-02T23:30:00-05:00', '2024-03-02'],
    [null, null, '2 March 2024', '2024-03-02'],
    [null, null, 'Mar 2, 2024', '2024-03-02'],
    ['en-US', null, '02/03/2024', '2024-02-03'],
    ['en-GB', null, '02/03/2024', '2024-03-02'],
    ['de-DE', null, '2.3.2024', '2024-03-02'],
    ['de-DE', null, '2. März 2024', '2024-03-02'],
    ['en-US', null, '2/3/2024 4:05 PM', '2024-02-03'],
    [null, 'dd/MM/yyyy', '02/03/2024', '2024-03-02'],
    [null, 'DD/MM/YYYY', '02/03/2024', '2024-03-02'],
    [null, 'MM/dd/yy', '02/03/24', '2024-02-03'],
    ['en-US', 'dd/MM/yyyy', '2024-03-02', '2024-03-02'],
  ])('in %s as %s: %s is %s', (locale, format, text, expected) => {
    expect(dateReader(dateStyle(locale, null), format)(text)).toBe(expected);
  });

  it.each([
    [null, null, '02/03/2024'],
    [null, null, '25/12/2023'],
    [null, null, '1980-02-30'],
    [null, null, '2023-02-29'],
    [null, null, '2024-13-01'],
    [null, null, '2024-03'],
    [null, null, '2024'],
    [null, null, '45000'],
    [null, null, '0000-01-01'],
    [null, null, 'soon'],
    ['en-US', null, '25/12/2023'],
    ['en-GB', null, '02/03/24'],
    ['de-DE', null, '30.02.2024'],
    [null, 'dd/MM/yyyy', '31/02/2024'],
    [null, 'dd/MM/yyyy', '2/3/24'],
    [null, null, '2024-03-02T25:00:00Z'],
  ])('in %s as %s: %s is refused', (locale, format, text) => {
    expect(dateReader(dateStyle(locale, null), format)(text)).toBeNull();
  });

  it('accepts exactly the days of the calendar', () => {
    const read = dateReader(none, null);
    const part = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(fc.integer({ min: 1900, max: 2100 }), part(14), part(33), (year, month, day) => {
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
        const at = new Date(Date.UTC(year, month - 1, day));
        const exists =
          at.getUTCMonth() === month - 1 && at.getUTCDate() === day && at.getUTCFullYear() === year;
        expect(read(text)).toBe(exists ? text : null);
      }),
      { numRuns: 500 },
    );
  });

  it('has a style for a locale as people write it, and none for what is no locale', () => {
    expect(knownLocale('de_DE')).toBe('de-DE');
    expect(knownLocale('not a locale')).toBeNull();
    expect(dateStyle('th-TH', null).order).toBe('dmy');
    expect(dateStyle('en-US', 'Nowhere/At_All').zone).toBe('utc');
  });

  it.each([
    ['dd.MM.yyyy', true],
    ['YYYY-MM-DD', true],
    ['X', true],
    ['yyyy-MM-dd HH:mm', true],
    ['HH:mm', false],
    ['banana', false],
    ['', false],
  ])('format %s can be used: %s', (format, usable) => {
    expect(isDateFormat(format)).toBe(usable);
  });
});

describe('times', () => {
  it.each([
    [null, null, '2024-03-02T10:00:00Z', '2024-03-02T10:00:00.000Z'],
    [null, null, '2024-03-02T10:00:00.123456+02:00', '2024-03-02T08:00:00.123Z'],
    [null, null, '2024-03-02 10:00', '2024-03-02T10:00:00.000Z'],
    [null, null, '20240302T100000Z', '2024-03-02T10:00:00.000Z'],
    [null, null, '2024-01-01T00:30:00+01:00', '2023-12-31T23:30:00.000Z'],
    ['Europe/Berlin', null, '2024-07-01 10:00', '2024-07-01T08:00:00.000Z'],
    ['Europe/Berlin', null, '2024-07-01', '2024-06-30T22:00:00.000Z'],
    ['Europe/Berlin', null, '2024-07-01T10:00:00Z', '2024-07-01T10:00:00.000Z'],
    [null, null, '2024-03-02', '2024-03-02T00:00:00.000Z'],
    [null, null, 'Sat, 02 Mar 2024 10:00:00 +0100', '2024-03-02T09:00:00.000Z'],
    [null, 'X', '1709373600', '2024-03-02T10:00:00.000Z'],
    ['Europe/Berlin', 'dd.MM.yyyy HH:mm', '01.07.2024 10:00', '2024-07-01T08:00:00.000Z'],
  ])('in %s as %s: %s is %s', (zone, format, text, expected) => {
    expect(datetimeReader(dateStyle(null, zone), format)(text)).toBe(expected);
  });

  it('reads every moment back that JavaScript writes', () => {
    const read = datetimeReader(none, null);
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (at) => {
          expect(read(at.toISOString())).toBe(at.toISOString());
        },
      ),
    );
  });

  it.each([
    '2024-02-30T10:00:00Z',
    '2024-03-02T24:00:00Z',
    '02/03/2024 10:00',
    '2024-03-02T10:00:00+99:00',
    'noon',
  ])('%s is refused', (text) => {
    expect(datetimeReader(none, null)(text)).toBeNull();
  });
});
