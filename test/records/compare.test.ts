import { compareFields, rawReader } from '../../activities/records/compare.js';
import { compileMapping } from '../../activities/records/mapping.js';
import { recordView } from '../../activities/records/record-view.js';
import type { Json, StoredRecord } from '../../activities/records/types.js';
import { recordOf, rulesFor, sourceOf } from './rules.js';
import { linked, stored } from './stored.js';

const fields = { name: 'Name', email: 'Mail', title: 'Job', owner: 'Who', account: 'Company' };
const rules = rulesFor('contacts', { fields });
const data = { Name: 'Ann', Mail: 'ANN@x.example', Job: 'Buyer', Who: 'nobody', Company: 'c1', Segment: 'S' };
const fromSource: Partial<StoredRecord> = {
  relations: { account: { externalId: 'c1', recordId: 'acc1' } },
  extra: { Segment: 'S' },
  unmapped: { owner: 'nobody' },
};
const imported = { name: 'Ann', email: 'ann@x.example', title: 'Buyer', status: 'active' };
const applied = { name: 'Ann', email: 'ann@x.example', title: 'Buyer', owner: null, '@account': 'c1' };

function compare(record: StoredRecord, link = linked({ applied }), sent: Json = data) {
  const source = sourceOf(sent);
  const mapped = recordOf(compileMapping('contacts', rules)(source));
  const items = compareFields({ source: mapped, raw: rawReader('contacts', rules)(source), record, link });
  return Object.fromEntries(items.map((item) => [item.field, item]));
}

describe('provider and record side by side', () => {
  it('are the same after an import, and say where they are written differently', () => {
    const items = compare(stored('contacts', imported, fromSource));
    expect(items).toEqual({
      name: { field: 'name', provider: 'Ann', record: 'Ann', same: true },
      email: {
        field: 'email',
        provider: 'ANN@x.example',
        record: 'ann@x.example',
        same: true,
        why: 'mapped',
      },
      title: { field: 'title', provider: 'Buyer', record: 'Buyer', same: true },
      owner: { field: 'owner', provider: 'nobody', record: null, same: false, why: 'unmapped' },
      account: {
        field: 'account',
        provider: 'c1',
        record: { recordId: 'acc1', externalId: 'c1', resolved: true },
        same: true,
      },
      'extra.Segment': { field: 'extra.Segment', provider: 'S', record: 'S', same: true, why: 'unmapped' },
    });
  });

  it.each([
    ['edited', { writers: { '*': 'r:run1:app1:', title: 'a:u1:Ann' } }, linked({ applied })],
    ['kept', { writers: { '*': 'r:run1:app1:', title: 'r:run9:app9:' } }, linked({ applied })],
    ['kept', {}, linked({ applied, notOurs: ['title'] })],
    ['wrong', {}, linked({ applied })],
  ])('a title that differs is %s', (why, more, link) => {
    const record = stored('contacts', { ...imported, title: 'Boss' }, { ...fromSource, ...more });
    expect(compare(record, link)['title']).toEqual({
      field: 'title',
      provider: 'Buyer',
      record: 'Boss',
      same: false,
      why,
    });
  });

  it('a title that changed at the provider since is edited there, not wrong', () => {
    const record = stored('contacts', imported, fromSource);
    expect(compare(record, linked({ applied }), { ...data, Job: 'Boss' })['title']).toMatchObject({
      same: false,
      why: 'edited',
    });
  });

  it('a relation that a person set is edited', () => {
    const relations = { account: { externalId: null, recordId: 'other' } };
    const record = stored('contacts', imported, {
      ...fromSource,
      relations,
      writers: { '*': 'r:run1:app1:', '@account': 'a:u1:Ann' },
    });
    expect(compare(record)['account']).toMatchObject({ same: false, why: 'edited' });
  });

  it('say when extra could not hold all', () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`c${n}`, 'v']));
    const items = compare(stored('contacts', imported, fromSource), linked({ applied }), {
      ...data,
      ...many,
    });
    expect(items['extra']).toMatchObject({ same: false, why: 'truncated' });
  });
});

describe('a record over HTTP', () => {
  it('shows relations and products of lines as what they are resolved to, and nothing internal', () => {
    const record = stored(
      'invoices',
      {
        number: '7',
        lines: [{ quantity: '1', product: { externalId: 'p1', recordId: null } }, { description: 'Work' }],
      },
      { relations: { account: { externalId: 'c1', recordId: 'acc1' } }, keys: ['k'], archivedAt: null },
    );
    const link = linked({ object: 'invoices', modifiedAt: '2024-01-01T00:00:00Z' });
    const view = recordView(record, [link, linked({ goneAt: '2024-02-01T00:00:00Z' })], (each) =>
      each === link ? 'https://crm.example/7' : undefined,
    );
    expect(view).toEqual({
      recordId: 'rec1',
      object: 'invoices',
      fields: {
        number: '7',
        lines: [
          { quantity: '1', product: { externalId: 'p1', recordId: null, resolved: false } },
          { description: 'Work' },
        ],
      },
      extra: {},
      relations: { account: { externalId: 'c1', recordId: 'acc1', resolved: true } },
      unmapped: {},
      links: [
        {
          appId: 'app1',
          externalId: 'x1',
          modifiedAt: '2024-01-01T00:00:00Z',
          lastSeenAt: '2024-01-02T00:00:00.000Z',
          url: 'https://crm.example/7',
        },
        {
          appId: 'app1',
          externalId: 'x1',
          modifiedAt: null,
          lastSeenAt: '2024-01-02T00:00:00.000Z',
          goneAt: '2024-02-01T00:00:00Z',
        },
      ],
      version: 3,
      createdAt: '2024-01-01T00:00:00.000Z',
      updatedAt: '2024-01-02T00:00:00.000Z',
      archivedAt: null,
      createdBy: { runId: 'run1' },
    });
  });
});
