import fc from 'fast-check';
import type { EditContext, RecordEdit } from '../../activities/records/edit.js';
import { applyEdit } from '../../activities/records/edit.js';
import { OBJECT_NAMES, specOf } from '../../activities/records/objects.js';
import type { StoredRecord } from '../../activities/records/types.js';
import { stored } from './stored.js';

const context: EditContext = {
  actor: { id: 'u1', name: 'Ann Lee' },
  now: '2024-03-02T10:00:00.000Z',
  members: new Set(['m1']),
};
const ann = stored(
  'contacts',
  { name: 'Ann Lee', firstName: 'Ann', lastName: 'Lee', email: 'ann@x.example' },
  {
    keys: ['email:ann@x.example'],
    relations: { account: { externalId: 'c1', recordId: 'acc1' } },
    unmapped: { owner: 'nobody', status: 'odd' },
  },
);

function edited(base: StoredRecord, edit: RecordEdit) {
  const result = applyEdit(base, edit, context);
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result;
}

describe("a person's edit", () => {
  it('sets and empties fields, with keys, name, writers and version that follow', () => {
    const { record, changed, bumps } = edited(ann, {
      fields: {
        email: 'Ann@New.example',
        lastName: 'Miller',
        title: 'Boss',
        phone: '+49 (0)30 1234567',
        notes: null,
      },
    });
    expect(record.fields).toEqual({
      name: 'Ann Miller',
      firstName: 'Ann',
      lastName: 'Miller',
      email: 'ann@new.example',
      title: 'Boss',
      phone: '+49301234567',
    });
    expect(record).toMatchObject({
      keys: ['email:ann@new.example'],
      weakKeys: ['phone:+49301234567'],
      version: 4,
      updatedAt: context.now,
      createdBy: { runId: 'run1' },
    });
    expect(changed.sort()).toEqual(['email', 'lastName', 'name', 'phone', 'title']);
    expect(record.writers).toEqual({
      '*': 'r:run1:app1:',
      ...Object.fromEntries(changed.map((field) => [field, 'a:u1:Ann Lee'])),
    });
    expect(bumps).toEqual([]);
    expect(edited(record, { fields: { email: null } }).record).toMatchObject({ keys: [], version: 5 });
  });

  it('that says what is so already changes nothing, not even the version', () => {
    const result = edited(ann, {
      fields: { email: 'ann@x.example', title: null },
      relations: { account: 'acc1' },
      archived: false,
    });
    expect(result.changed).toEqual([]);
    expect(result.record).toEqual(ann);
  });

  it('does not touch what it is given', () => {
    const before = structuredClone(ann);
    edited(ann, { fields: { title: 'x', owner: 'm1' }, relations: { account: null }, archived: true });
    expect(ann).toEqual(before);
  });

  it('settles an owner and a status that nobody could map', () => {
    const { record } = edited(ann, { fields: { owner: 'm1', status: 'lead' } });
    expect(record.unmapped).toEqual({});
    expect(record.fields).toMatchObject({ owner: 'm1', status: 'lead' });
    const kept = edited(ann, { fields: { owner: null } });
    expect(kept.record.unmapped).toEqual({ status: 'odd' });
    expect(kept.changed).toEqual(['owner']);
    expect(edited(record, { fields: { status: null } }).record.fields['status']).toBe('active');
  });

  it('leaves a name alone that was not made of its parts, and one that the edit gives', () => {
    const other = stored('contacts', { name: 'Annie', firstName: 'Ann' });
    expect(edited(other, { fields: { firstName: 'Anna' } }).record.fields['name']).toBe('Annie');
    expect(edited(ann, { fields: { firstName: 'Anna', name: 'A. L.' } }).record.fields['name']).toBe('A. L.');
  });

  it('moves relations and says whose references rise and fall', () => {
    const moved = edited(ann, { relations: { account: 'acc2' } });
    expect(moved.record.relations).toEqual({ account: { externalId: null, recordId: 'acc2' } });
    expect(moved.record.writers['@account']).toBe('a:u1:Ann Lee');
    expect(moved.bumps).toEqual([
      { recordId: 'acc2', by: 1 },
      { recordId: 'acc1', by: -1 },
    ]);
    expect(edited(ann, { relations: { account: null } })).toMatchObject({
      record: { relations: {} },
      bumps: [{ recordId: 'acc1', by: -1 }],
    });
  });

  it('archives and brings back', () => {
    const { record } = edited(ann, { archived: true });
    expect(record).toMatchObject({ archivedAt: context.now, archivedBy: 'a:u1:Ann Lee', version: 4 });
    expect(edited(record, { archived: false }).record).toMatchObject({
      archivedAt: null,
      archivedBy: null,
      version: 5,
    });
  });

  it('merges an address and an amount, and replaces lists', () => {
    const account = stored('accounts', { name: 'A', address: { city: 'Bonn', street: 'S 1' }, tags: ['a'] });
    const { record } = edited(account, {
      fields: { address: { street: null, country: 'Germany' }, tags: ['b'] },
    });
    expect(record.fields).toMatchObject({ address: { city: 'Bonn', country: 'DE' }, tags: ['b'] });
    const deal = stored('deals', { title: 'D', amount: { amount: '5', currency: 'EUR' } });
    expect(edited(deal, { fields: { amount: { amount: '6.50' } } }).record.fields['amount']).toEqual({
      amount: '6.50',
      currency: 'EUR',
    });
  });

  it('takes lines back as they were shown, and counts their products', () => {
    const product = { externalId: 'p1', recordId: 'prod1' };
    const waiting = { externalId: 'p2', recordId: null };
    const invoice = stored('invoices', {
      number: '7',
      lines: [{ quantity: '1', product }, { product: waiting }],
    });
    const shown = [
      { quantity: '2', product: { ...product, resolved: true } },
      { product: { ...waiting, resolved: false } },
      { description: 'New', product: 'prod2' },
    ];
    const { record, bumps, changed } = edited(invoice, { fields: { lines: shown } });
    expect(record.fields['lines']).toEqual([
      { quantity: '2', product },
      { product: waiting },
      { description: 'New', product: { externalId: null, recordId: 'prod2' } },
    ]);
    expect(changed).toEqual(['lines']);
    expect(bumps).toEqual([{ recordId: 'prod2', by: 1 }]);
  });

  it.each<[RecordEdit, (string | number)[]]>([
    [{ fields: { nmae: 'x' } }, ['fields', 'nmae']],
    [{ fields: { constructor: 'x' } }, ['fields', 'constructor']],
    [{ fields: { name: null } }, ['fields', 'name']],
    [{ fields: { name: '  ' } }, ['fields', 'name']],
    [{ fields: { name: 5 } }, ['fields', 'name']],
    [{ fields: { email: 'nobody' } }, ['fields', 'email']],
    [{ fields: { emails: 'a@x.example' } }, ['fields', 'emails']],
    [{ fields: { phone: '030 123456' } }, ['fields', 'phone']],
    [{ fields: { birthday: '1980-02-30' } }, ['fields', 'birthday']],
    [{ fields: { birthday: '02.03.1980' } }, ['fields', 'birthday']],
    [{ fields: { status: 'odd' } }, ['fields', 'status']],
    [{ fields: { owner: 'm2' } }, ['fields', 'owner']],
    [{ fields: { url: 'javascript:x' } }, ['fields', 'url']],
    [{ fields: { address: { planet: 'Mars' } } }, ['fields', 'address', 'planet']],
    [{ fields: { address: 'Bonn' } }, ['fields', 'address']],
    [{ relations: { parent: 'x' } }, ['relations', 'parent']],
    [{ relations: { account: 7 } }, ['relations', 'account']],
    [{ fields: { notes: 'x'.repeat(300_000) } }, ['fields']],
  ])('%j is refused at its place', (edit, path) => {
    const result = applyEdit(ann, edit, context);
    expect(result).toMatchObject({ ok: false, issues: [{ path }] });
  });

  it.each<[unknown, (string | number)[]]>([
    [{ amount: 12.5, currency: 'EUR' }, ['fields', 'amount', 'amount']],
    [{ amount: '12,50', currency: 'EUR' }, ['fields', 'amount', 'amount']],
    [{ amount: '1', currency: 'euro' }, ['fields', 'amount', 'currency']],
    [{ amount: '1' }, ['fields', 'amount', 'currency']],
    [{ amount: '1', currency: 'EUR', tax: 1 }, ['fields', 'amount', 'tax']],
    ['12.50 EUR', ['fields', 'amount']],
  ])('the amount %j is refused at its place', (amount, path) => {
    const result = applyEdit(stored('deals', { title: 'D' }), { fields: { amount } }, context);
    expect(result).toMatchObject({ ok: false, issues: [{ path }] });
  });

  it('cannot make a record its own parent', () => {
    const task = stored('tasks', { title: 'T' });
    expect(applyEdit(task, { relations: { parent: 'rec1' } }, context)).toMatchObject({ ok: false });
  });
});

describe('a record made by a person', () => {
  const start = { workspaceId: 'w1', recordId: 'new1', object: 'contacts' as const };

  it('has a neutral status, keys and its maker', () => {
    const result = applyEdit(
      start,
      { fields: { lastName: 'Lee', email: 'a@x.example' }, relations: { account: 'acc1' } },
      context,
    );
    expect(result).toMatchObject({
      ok: true,
      record: {
        recordId: 'new1',
        fields: { name: 'Lee', lastName: 'Lee', status: 'active' },
        keys: ['email:a@x.example'],
        version: 1,
        writers: { '*': 'a:u1:Ann Lee' },
        createdBy: { actor: context.actor },
        references: 0,
      },
      bumps: [{ recordId: 'acc1', by: 1 }],
    });
  });

  it('needs its name', () => {
    expect(applyEdit(start, { fields: { email: 'a@x.example' } }, context)).toMatchObject({
      ok: false,
      issues: [{ path: ['fields', 'name'] }],
    });
  });
});

describe('any edit', () => {
  it('is applied or refused with a path, never thrown, and says the same twice', () => {
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('a@x.example', '2024-03-02', 'active', '12.50'),
    );
    const anyEdit = fc.constantFrom(...OBJECT_NAMES).chain((object) =>
      fc.record({
        object: fc.constant(object),
        fields: fc.dictionary(
          fc.constantFrom(...Object.keys(specOf(object).fields), 'nonsense', '__proto__'),
          value,
        ),
        relations: fc.dictionary(fc.constantFrom('account', 'contact', 'parent', 'project'), value),
      }),
    );
    fc.assert(
      fc.property(anyEdit, ({ object, fields, relations }) => {
        const base = stored(object, {
          [specOf(object).nameField]: 'N',
          status: specOf(object).fields['status']!.neutral!,
        });
        const once = applyEdit(base, { fields, relations }, context);
        if (!once.ok) {
          expect(once.issues.every((issue) => issue.path.length > 0)).toBe(true);
          return;
        }
        expect(once.record.version).toBe(once.changed.length === 0 ? 3 : 4);
        expect(applyEdit(once.record, { fields, relations }, context)).toMatchObject({
          ok: true,
          changed: [],
        });
      }),
      { numRuns: 500 },
    );
  });
});
