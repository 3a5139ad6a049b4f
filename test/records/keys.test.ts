import fc from 'fast-check';
import { foldName, foldText } from '../../activities/records/fold.js';
import { keyKind, keysOf } from '../../activities/records/keys.js';

describe('folding', () => {
  it.each([
    ['Müller GmbH', 'MULLER'],
    ['Acme, Inc.', 'acme'],
    ['ACME Ltd', 'Acme Limited'],
    ['Société Générale S.A.', 'societe generale'],
    ['Bar & Foo', 'Bar and Foo'],
    ['Schmidt & Co. KG', 'Schmidt'],
    ['Nowak Sp. z o.o.', 'nowak'],
    ['Straße 1', 'strasse  1'],
  ])('%s and %s are one name', (a, b) => {
    expect(foldName(a)).toBe(foldName(b));
  });

  it('leaves a name that is nothing but a legal form, and tells different names apart', () => {
    expect(foldName('Co')).toBe('co');
    expect(foldName('Müller')).not.toBe(foldName('Möller'));
    expect(foldName('山田商事')).not.toBe(foldName('田中商事'));
  });

  it('folds what is folded to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(foldText(foldText(text))).toBe(foldText(text));
      }),
    );
  });
});

describe('duplicate keys', () => {
  it('of a contact are all its addresses, once each, whatever their case', () => {
    const fields = {
      email: 'Ann@Corp.example',
      emails: ['ann@corp.example', 'a@x.example'],
      phone: '+4930123456',
      phones: ['+4930123456', '030 1'],
    };
    expect(keysOf('contacts', fields, {})).toEqual({
      keys: ['email:ann@corp.example', 'email:a@x.example'],
      weakKeys: ['phone:+4930123456'],
    });
  });

  it('of an account are domain and tax id; its name is weak', () => {
    const fields = { name: 'Acme, Inc.', domain: 'www.acme.example', taxId: 'DE 123.456-7' };
    expect(keysOf('accounts', fields, {})).toEqual({
      keys: ['domain:acme.example', 'taxId:DE1234567'],
      weakKeys: ['name:acme'],
    });
  });

  it('of a product is its SKU, of an invoice its number, weakly', () => {
    expect(keysOf('products', { sku: ' AB-1 ' }, {})).toEqual({ keys: ['sku:ab-1'], weakKeys: [] });
    expect(keysOf('invoices', { number: '1' }, {})).toEqual({ keys: [], weakKeys: ['number:1'] });
  });

  it('of a task needs title, date and project: a composite key with an empty part does not exist', () => {
    const fields = { title: 'Call Ann', dueDate: '2024-03-02' };
    expect(keysOf('tasks', fields, { project: 'p1' }).weakKeys).toEqual([
      'title+dueDate+project:call ann|2024-03-02|p1',
    ]);
    expect(keysOf('tasks', fields, {}).weakKeys).toEqual([]);
    expect(keysOf('tasks', fields, { project: null }).weakKeys).toEqual([]);
    expect(keysOf('tasks', { title: 'Call Ann' }, { project: 'p1' }).weakKeys).toEqual([]);
    expect(keysOf('projects', { name: 'Site' }, { account: 'a1' }).weakKeys).toEqual([
      'name+account:site|a1',
    ]);
    expect(keysOf('projects', { name: '!!!' }, { account: 'a1' }).weakKeys).toEqual([]);
  });

  it('does not exist for what is empty, unreadable or endless', () => {
    const fields = { email: null, emails: ['nobody'], phone: '030 1234' };
    expect(keysOf('contacts', fields, {})).toEqual({ keys: [], weakKeys: [] });
    expect(keysOf('products', { sku: 'x'.repeat(1000) }, {}).keys).toEqual([]);
  });

  it('says on what records matched', () => {
    expect(keyKind('email:a:b@x.example')).toBe('email');
    expect(keyKind('title+dueDate+project:a|b|c')).toBe('title+dueDate+project');
  });
});
