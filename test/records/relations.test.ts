import type { Mapped } from '../../activities/records/types.js';
import { outcomes, record, run } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { source } from '../support/record-makers.js';

const second = { runId: 'run2' };

describe('relations', () => {
  const at = (account: string | null): Mapped =>
    source('c1', { fields: { name: 'Bo' }, relations: { account } });
  const acme = (id: string, parent?: string): Mapped =>
    source(
      id,
      { fields: { name: id }, ...(parent === undefined ? {} : { relations: { parent } }) },
      'accounts',
    );
  const accounts = { object: 'accounts' } as const;

  it('find their target, leave it, and bump both', () => {
    const store = createPureStore();
    run(store, [acme('A1'), acme('A2')], accounts);
    run(store, [at('A1')]);
    expect(record(store, 'A1', 'accounts')).toMatchObject({ references: 1, version: 2 });
    const page = run(store, [at('A2')], second);
    expect(page.bumps.map(({ by }) => by)).toEqual([-1, 1]);
    expect(page.journal[0]?.fields).toMatchObject([
      { field: '@account', before: { externalId: 'A1' }, after: { externalId: 'A2' } },
    ]);
    run(store, [at(null)], { runId: 'run3' });
    expect(record(store, 'c1').relations).toEqual({});
  });

  it('wait for a target that is not here or gone', () => {
    const store = createPureStore();
    const page = run(store, [at('A1')]);
    expect(record(store, 'c1').relations).toEqual({ account: { externalId: 'A1', recordId: null } });
    expect(page.pending).toMatchObject([
      { field: 'account', targetObject: 'accounts', targetExternalId: 'A1' },
    ]);
    run(store, [acme('A2')], accounts);
    run(store, [source('A2', { deleted: true }, 'accounts')], { ...accounts, ...second });
    expect(run(store, [at('A2')], second).pending).toHaveLength(1);
  });

  it('find a target that was made in the same page', () => {
    const store = createPureStore();
    const page = run(store, [acme('A1'), acme('A2', 'A1'), acme('A3', 'A4')], accounts);
    const parent = record(store, 'A1', 'accounts');
    expect(record(store, 'A2', 'accounts').relations['parent']?.recordId).toBe(parent.recordId);
    expect([parent.references, page.bumps]).toEqual([1, []]);
    expect(page.pending).toMatchObject([{ targetExternalId: 'A4' }]);
  });

  it('of lines too', () => {
    const store = createPureStore();
    const product = (id: string): Mapped => source(id, { fields: { name: id } }, 'products');
    const invoice = (...products: string[]): Mapped =>
      source(
        'i1',
        {
          fields: {
            number: '1',
            lines: products.map((id) => ({ product: { externalId: id, recordId: null } })),
          },
        },
        'invoices',
      );
    run(store, [product('P1'), product('P2')], { object: 'products' });
    const page = run(store, [invoice('P1', 'P1', 'P9')], { object: 'invoices' });
    expect(record(store, 'P1', 'products').references).toBe(2);
    expect(page.pending).toMatchObject([
      { field: 'lines.2.product', targetObject: 'products', targetExternalId: 'P9' },
    ]);
    expect(
      outcomes(run(store, [invoice('P1', 'P1', 'P9')], { object: 'invoices', ...second, version: 'v2' })),
    ).toEqual(['unchanged']);
    run(store, [invoice('P2')], { object: 'invoices', runId: 'run3' });
    expect(record(store, 'P1', 'products').references).toBe(0);
    expect(record(store, 'P2', 'products').references).toBe(1);
  });

  it('bump a target even where one comes as another leaves', () => {
    const store = createPureStore();
    run(store, [acme('A1')], accounts);
    run(store, [at('A1')]);
    const other = source('c2', { fields: { name: 'Di' }, relations: { account: 'A1' } });
    expect(run(store, [at(null), other], second).bumps).toEqual([
      { recordId: record(store, 'A1', 'accounts').recordId, by: 0 },
    ]);
  });
});
