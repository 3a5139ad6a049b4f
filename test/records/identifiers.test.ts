import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { emailKey, readDomain, readEmail, readPhone } from '../../activities/records/identifiers.js';

describe('e-mail', () => {
  it.each([
    ['Ann@Corp.Example', 'ann@corp.example'],
    [' ann+x@sub.corp.example ', 'ann+x@sub.corp.example'],
    ['mailto:ann@corp.example', 'ann@corp.example'],
    ['Ann Lee <Ann@corp.example>', 'ann@corp.example'],
    ['jürgen@müller.example', 'jürgen@müller.example'],
    ["o'neil@corp.example", "o'neil@corp.example"],
  ])('%s is read', (text, expected) => {
    expect(readEmail(text)).toBe(expected);
  });

  it.each([
    'ann',
    'ann@',
    '@corp.example',
    'ann@corp',
    'ann@corp..example',
    'a b@corp.example',
    'ann@corp.example, bob@corp.example',
    'ann@10.0.0.1',
    `${'a'.repeat(65)}@corp.example`,
    `ann@${'a.'.repeat(200)}example`,
  ])('%s is refused', (text) => {
    expect(readEmail(text)).toBeNull();
  });

  it('does not take long over a long text', () => {
    const started = performance.now();
    expect(readEmail(`a@${'a.'.repeat(100_000)}`)).toBeNull();
    expect(readEmail(`a@${'a'.repeat(120)}${'.a'.repeat(60)}!`)).toBeNull();
    expect(performance.now() - started).toBeLessThan(200);
  });

  it('has one key for both spellings of a domain', () => {
    expect(emailKey('jo@müller.example')).toBe(emailKey('jo@xn--mller-kva.example'));
  });
});

describe('phone', () => {
  it.each([
    ['+14155551234', null, '+14155551234'],
    ['+1 (415) 555-1234', null, '+14155551234'],
    ['(415) 555-1234', 'US', '+14155551234'],
    ['+49 (0)30 1234567', null, '+49301234567'],
    ['0049 30 1234567', null, '+49301234567'],
    ['030 1234567', 'DE', '+49301234567'],
    ['tel:+41-44-668-18-00', null, '+41446681800'],
    ['020 7946 0018', 'GB', '+442079460018'],
    ['+1 555 0100', null, '+15550100'],
  ])('%s (%s) is %s', (text, country, value) => {
    expect(readPhone(text, country)).toEqual({ kind: 'e164', value, extension: null });
  });

  it('keeps a number as written when its country cannot be told', () => {
    expect(readPhone('030 1234567', null)).toEqual({ kind: 'national', value: '030 1234567' });
    expect(readPhone('030 1234567', 'US')).toEqual({ kind: 'national', value: '030 1234567' });
  });

  it('tells an extension', () => {
    expect(readPhone('+1 415 555 1234 ext. 12', null)).toEqual({
      kind: 'e164',
      value: '+14155551234',
      extension: '12',
    });
  });

  it.each(['call me', '12', '', '+4912', '+12345678901234567890', 'n/a'])('%p is none', (text) => {
    expect(readPhone(text, 'US').kind).toBe('none');
  });

  it('agrees with the library wherever that finds a number possible', () => {
    const code = fc.constantFrom(
      '1',
      '33',
      '34',
      '39',
      '41',
      '43',
      '44',
      '45',
      '46',
      '47',
      '48',
      '49',
      '61',
      '86',
    );
    const digits = fc.stringMatching(/^\d{6,11}$/);
    fc.assert(
      fc.property(code, digits, (country, national) => {
        const text = `+${country} ${national.slice(0, 3)} ${national.slice(3)}`;
        const known = parsePhoneNumberFromString(text);
        fc.pre(known?.isPossible() === true);
        expect(readPhone(text, null)).toMatchObject({ kind: 'e164', value: known.number });
      }),
      { numRuns: 1000 },
    );
  });

  it('reads what it wrote as the same', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(\+|00|0|)[1-9][0-9 ()./-]{3,14}$/), (text) => {
        const once = readPhone(text, 'DE');
        if (once.kind === 'e164') expect(readPhone(once.value, null)).toMatchObject({ value: once.value });
        if (once.kind === 'national') expect(readPhone(once.value, 'DE')).toEqual(once);
      }),
    );
  });
});

describe('domain', () => {
  it.each([
    ['https://www.acme.co.uk/about', 'acme.co.uk'],
    ['ACME.example', 'acme.example'],
    ['ann@mail.acme.com', 'acme.com'],
    ['acme.github.io', 'acme.github.io'],
    ['müller.example', 'xn--mller-kva.example'],
  ])('%s is %s', (text, expected) => {
    expect(readDomain(text)).toBe(expected);
  });

  it.each(['acme', '127.0.0.1', 'co.uk', '', 'two words.com'])('%p is none', (text) => {
    expect(readDomain(text)).toBeNull();
  });
});
