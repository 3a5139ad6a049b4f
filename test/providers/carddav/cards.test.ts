import { foldOrganization, toAccount, toContact } from '../../../activities/providers/carddav/cards.js';

function read(...lines: string[]) {
  const vcard = ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n');
  return toContact({ key: '/b/a.vcf', state: 'read', vcard });
}

describe('a card as a source record', () => {
  it.each([
    ['2026-02-03T04:05:06Z', '2026-02-03T04:05:06Z'],
    ['20260203T040506Z', '2026-02-03T04:05:06Z'],
    ['2026-02-03T06:05:06+02:00', '2026-02-03T04:05:06Z'],
    ['2026-02-03T04:05:06', undefined],
    ['20260203', undefined],
    ['yesterday', undefined],
  ])('REV %s is the modified time %s', (sent, expected) => {
    expect(read('VERSION:3.0', 'UID:1', 'FN:A', `REV:${sent}`)?.modifiedAt).toBe(expected);
  });

  it('is named by its address where it has no UID', () => {
    expect(read('VERSION:2.1', 'N:Doe;Jane')?.externalId).toBe('href:/b/a.vcf');
  });

  it('keeps the id of a card that cannot be read, so that it is the same one once corrected', () => {
    const broken = read('VERSION:9.9', 'UID;X=1:u-1', 'FN:A');
    expect(broken).toMatchObject({ externalId: 'u-1', trouble: { code: 'row_broken' } });
    expect(broken?.trouble?.message).toMatch(/the others were read\. Correct it there\.$/);
  });

  it('that is gone is no record', () => {
    expect(toContact({ key: '/b/a.vcf', state: 'gone' })).toBeUndefined();
  });
});

describe('organizations', () => {
  it.each([
    ['Corp  GmbH', 'corp gmbh', true],
    ['ＣＯＲＰ GmbH', 'corp gmbh', true],
    ['Corp Inc', 'corp gmbh', false],
    ['Córp GmbH', 'corp gmbh', false],
  ])('%s is %s: %s', (one, other, same) => {
    expect(foldOrganization(one) === foldOrganization(other)).toBe(same);
  });

  it('with endless names stay apart and bounded', () => {
    const [one, other] = [`${'x'.repeat(5_000)}1`, `${'x'.repeat(5_000)}2`].map(foldOrganization);
    expect(one).not.toBe(other);
    expect(one?.length).toBeLessThanOrEqual(200);
  });

  it('come only from cards that name one', () => {
    const vcard = 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nORG: ;Sales\r\nEND:VCARD\r\n';
    expect(toAccount({ key: '/a', state: 'read', vcard })).toBeUndefined();
  });
});
