import fc from 'fast-check';
import { foldName } from '../../activities/records/fold.js';
import { keysOf, lookedUpBy } from '../../activities/records/keys.js';
import { readPhone } from '../../activities/records/identifiers.js';
import { defaultPolicies, patchPolicies, policiesSchema } from '../../activities/records/policies.js';
import type { Mapped, Policies } from '../../activities/records/types.js';
import { outcomes, run } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { source } from '../support/record-makers.js';

const IGNORE: Pick<Policies, 'matching'> = { matching: { plusTags: 'ignore' } };
const KEEP: Pick<Policies, 'matching'> = { matching: { plusTags: 'keep' } };

const emailKeys = (email: string): string[] => keysOf('contacts', { email }, {}).keys;
const found = (a: string, b: string, matching?: Policies['matching']): boolean => {
  const wanted = lookedUpBy(emailKeys(a), matching);
  return emailKeys(b).some((key) => wanted.includes(key));
};

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const address = fc.record({ local: word, tag: fc.option(word, { nil: null }), host: word });
const written = ({ local, tag, host }: { local: string; tag: string | null; host: string }): string =>
  `${local}${tag === null ? '' : `+${tag}`}@${host}.example`;

describe('one e-mail address', () => {
  it('is one key however it is written', () => {
    const spellings: ((email: string) => string)[] = [
      (email) => email.toUpperCase(),
      (email) => `  ${email}\t`,
      (email) => `mailto:${email}`,
      (email) => `MAILTO:${email}?subject=Hello`,
      (email) => `Ann Example <${email}>`,
    ];
    fc.assert(
      fc.property(address, fc.constantFrom(...spellings), (parts, spell) => {
        expect(emailKeys(spell(written(parts)))).toEqual(emailKeys(written(parts)));
      }),
    );
  });

  it('has one key in either spelling of an international domain', () => {
    expect(emailKeys('ann@Bücher.example')).toEqual(emailKeys('ann@xn--bcher-kva.example'));
  });

  it('keeps its tag unless the setting says otherwise, whichever of two came first and whenever the setting changed', () => {
    fc.assert(
      fc.property(address, address, (a, b) => {
        const [one, two] = [written(a), written(b)];
        const bare = (parts: typeof a): string => written({ ...parts, tag: null });
        expect(found(one, two, { plusTags: 'keep' })).toBe(one === two);
        expect(found(one, two)).toBe(one === two);
        expect(found(one, two, { plusTags: 'ignore' })).toBe(bare(a) === bare(b));
        const other = written({ ...a, tag: b.tag });
        expect(found(one, other, { plusTags: 'ignore' })).toBe(true);
      }),
    );
  });

  it('that is nothing but a tag is left as it is', () => {
    expect(emailKeys('+news@corp.example')).toEqual(['email:+news@corp.example']);
  });

  it.each<[string, Partial<Policies>, string]>([
    ['keep', KEEP, 'created'],
    ['ignore', IGNORE, 'updated'],
  ])('%s: a record that was stored under the default is met accordingly', (_, policies, outcome) => {
    const person = (id: string, email: string): Mapped => source(id, { fields: { name: 'Bo', email } });
    for (const [first, second] of [
      ['bo+news@x.example', 'bo@x.example'],
      ['bo@x.example', 'bo+shop@x.example'],
      ['bo+news@x.example', 'bo+shop@x.example'],
    ] as const) {
      const store = createPureStore();
      run(store, [person('1', first)]);
      const page = run(store, [person('77', second)], { appId: 'app2', runId: 'runB', policies });
      expect(outcomes(page)).toEqual([outcome]);
      expect(page.duplicates.map(({ matchedOn }) => matchedOn)).toEqual(
        outcome === 'updated' ? [['email']] : [],
      );
    }
  });
});

describe('the setting', () => {
  it('is checked, shown and taken back like every policy', () => {
    const ignoring = patchPolicies(defaultPolicies(), { matching: { plusTags: 'ignore' } });
    expect(policiesSchema.parse(ignoring).matching).toEqual({ plusTags: 'ignore' });
    expect(patchPolicies(ignoring, { matching: null }).matching).toEqual({ plusTags: 'keep' });
    expect(patchPolicies(ignoring, { matching: { plusTags: null } }).matching).toEqual({ plusTags: 'keep' });
    const { matching: _, ...before } = defaultPolicies();
    expect(policiesSchema.parse(patchPolicies(before, { priority: 1 })).matching).toBeUndefined();
    expect(policiesSchema.safeParse({ ...defaultPolicies(), matching: { plusTags: 'x' } }).success).toBe(
      false,
    );
  });
});

describe('one company', () => {
  const forms = [
    ...[
      'GmbH',
      'gGmbH',
      'AG',
      'SE',
      'KG',
      'GmbH & Co. KG',
      'e.K.',
      'Inc.',
      'Inc',
      'LLC',
      'L.L.C.',
      'Ltd',
      'Ltd.',
    ],
    ...[
      'Limited',
      'plc',
      'Corp.',
      'S.A.',
      'S. A.',
      'SA',
      'SAS',
      'SARL',
      'S.à r.l.',
      'S.r.l.',
      'S.p.A.',
      'B.V.',
    ],
    ...[
      'B. V.',
      'N.V.',
      'Oy',
      'Oy Ab',
      'AB',
      'A/S',
      'ApS',
      'AS',
      'Sp. z o.o.',
      's.r.o.',
      'd.o.o.',
      'Kft.',
      'Pty Ltd',
    ],
  ];
  it.each(forms)('is the same with and without %s', (form) => {
    expect(foldName(`Blå Øst ${form}`)).toBe('bla ost');
    expect(foldName(`BLÅ ØST, ${form.toUpperCase()}`)).toBe('bla ost');
  });

  it.each([
    ['Groß', 'GROSS'],
    ['Ærø', 'aero'],
    ['Łódź', 'lodz'],
    ['Œuvre', 'oeuvre'],
    ['  Acme—Works  ', 'acme works'],
    ["O'Neill", 'ONeill'],
  ])('%s is %s', (a, b) => {
    expect(foldName(a)).toBe(foldName(b));
  });

  it('keeps a name that ends in single letters which are no legal form, and never becomes empty', () => {
    expect(foldName('Plan B')).toBe('plan b');
    expect(foldName('A/S')).not.toBe('');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(foldName(name) === '').toBe(foldName(`${name} x`) === 'x');
        expect(foldName(foldName(name)).length).toBeLessThanOrEqual(foldName(name).length);
      }),
    );
  });

  it('has one domain key however its site is written', () => {
    const domain = (text: string): string[] => keysOf('accounts', { domain: text }, {}).keys;
    fc.assert(
      fc.property(
        word,
        fc.constantFrom('', 'http://', 'HTTPS://', 'https://www.', 'www.', 'https://shop.'),
        fc.constantFrom('', '/', '/about?x=1#y', ':8080/x', '.'),
        (name, before, after) => {
          expect(domain(`${before}${name}.example${after}`)).toEqual([`domain:${name}.example`]);
        },
      ),
    );
    expect(domain('https://Bücher.example/x')).toEqual(domain('xn--bcher-kva.example'));
  });

  it('is not told by where anybody may have mail, nor by words for none', () => {
    expect(keysOf('accounts', { domain: 'gmail.com', taxId: 'n/a' }, {}).keys).toEqual([]);
    expect(keysOf('accounts', { taxId: '000000000' }, {}).keys).toEqual([]);
    expect(keysOf('products', { sku: 'N/A' }, {}).keys).toEqual([]);
    expect(keysOf('products', { sku: '-' }, {}).keys).toEqual([]);
    expect(keysOf('accounts', { taxId: 'de 123.456-789' }, {}).keys).toEqual(
      keysOf('accounts', { taxId: 'DE123456789' }, {}).keys,
    );
  });
});

describe('one telephone', () => {
  it("has one key whatever stands between its digits, read by the workspace's country", () => {
    const digits = fc.stringMatching(/^30[1-9][0-9]{6}$/);
    fc.assert(
      fc.property(digits, fc.constantFrom(' ', '-', '.', '/', ''), (number, gap) => {
        const national = `0${number.slice(0, 2)}${gap}${number.slice(2)}`;
        const readings = [national, `+49 ${number}`, `0049${number}`, `+49 (0)${number}`].map((text) =>
          readPhone(text, 'DE'),
        );
        for (const reading of readings)
          expect(reading).toMatchObject({ kind: 'e164', value: `+49${number}` });
        expect(readPhone(national, null).kind).not.toBe('e164');
      }),
    );
  });
});
