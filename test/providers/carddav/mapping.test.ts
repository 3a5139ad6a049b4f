import { toAccount, toContact } from '../../../activities/providers/carddav/cards.js';
import type { FetchedCard } from '../../../activities/providers/carddav/cards.js';
import { carddav } from '../../../activities/providers/carddav/describe.js';
import { compileMapping } from '../../../activities/records/mapping.js';
import type { Mapping, Policies, Rules, SourceRecord } from '../../../activities/records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';

const mapping: Mapping = {
  objects: Object.fromEntries(carddav.objects.map((offer) => [offer.object, offer.defaultMapping])),
  owners: {},
  statuses: {},
};
const rules: Rules = {
  mapping,
  policies: { required: {} } as Policies,
  members: { byEmail: {}, ids: [] },
  locale: null,
  timeZone: null,
  country: null,
  version: '1',
};
const card: FetchedCard = {
  key: '/ann/book/1.vcf',
  state: 'read',
  vcard: [
    'BEGIN:VCARD',
    'VERSION:3.0',
    'UID:1',
    'FN:Zoë Müller',
    'N:Müller;Zoë;;;',
    'EMAIL;TYPE=work:zoe@corp.example',
    'EMAIL;TYPE=home:zoe@home.example',
    'TEL;TYPE=cell:+49 170 1234567',
    'ORG:Corp GmbH;Sales',
    'TITLE:Buyer',
    'BDAY:1980-02-03',
    'ADR;TYPE=work:;;Main St 1;Berlin;;10115;Germany',
    'CATEGORIES:vip,trade fair',
    `PHOTO;ENCODING=b:${'A'.repeat(100_000)}`,
    'END:VCARD',
    '',
  ].join('\r\n'),
};

function mapped(object: ObjectName, source: SourceRecord | undefined) {
  if (source === undefined) throw new Error('no source record');
  const result = compileMapping(object, rules)(source);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.record;
}

describe('the default mapping', () => {
  it('makes a contact of a card, related to its organization', () => {
    const record = mapped('contacts', toContact(card));
    expect(record.fields).toMatchObject({
      name: 'Zoë Müller',
      firstName: 'Zoë',
      lastName: 'Müller',
      email: 'zoe@corp.example',
      emails: ['zoe@corp.example', 'zoe@home.example'],
      phone: '+491701234567',
      title: 'Buyer',
      birthday: '1980-02-03',
      address: { city: 'Berlin', postalCode: '10115', country: 'DE' },
      tags: ['vip', 'trade fair'],
    });
    expect(record.relations).toEqual({ account: 'corp gmbh' });
    expect(record.warnings).toEqual([]);
  });

  it('keeps the text as sent out of the record, however large a picture in it is', () => {
    const record = mapped('contacts', toContact(card));
    expect(JSON.stringify(record.extra)).not.toContain('AAAA');
  });

  it('makes the account that the contact names', () => {
    const record = mapped('accounts', toAccount(card));
    expect([record.externalId, record.fields['name']]).toEqual(['corp gmbh', 'Corp GmbH']);
  });
});
