import fc from 'fast-check';
import { booksClosed } from '../../activities/records/books.js';
import { decidePage } from '../../activities/records/decide.js';
import type { DecidedPage, JournalEntry } from '../../activities/records/page.js';
import { resolvePage } from '../../activities/records/resolve.js';
import type { Mapped, Policies, Rules } from '../../activities/records/types.js';
import type { UndonePage } from '../../activities/records/undo-types.js';
import { undoPage } from '../../activities/records/undo.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { PureStore } from './pure-store.js';
import { ANN, context, failedSource, NOW, rules, source } from './record-makers.js';

/** Random histories of a small store: few ids, few values, so that everything meets everything. */
export type Step =
  | { do: 'page'; object: ObjectName; records: Mapped[] }
  | { do: 'resolve'; object: ObjectName }
  | { do: 'edit'; which: number; field: string; value: string | null }
  | { do: 'archive'; which: number; archived: boolean };

export interface RunOfPages {
  runId: string;
  appId: string;
  rules: Rules;
  idsMayRepeat: boolean;
  steps: Step[];
}

/** One page as it was written, for undoing it. */
export interface Written {
  runId: string;
  appId: string;
  journal: JournalEntry[];
}

const pick = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 4 });
const time = pick('2026-05-01T00:00:00Z', '2026-05-01T00:00:00.5Z', '2026-06-01T00:00:00Z');

function record(object: ObjectName, ids: string[], said: fc.Arbitrary<object>): fc.Arbitrary<Mapped> {
  const known = fc
    .tuple(pick(...ids), said, time, fc.nat(9))
    .map(([id, what, modifiedAt, chance]) =>
      source(id, { ...what, modifiedAt, deleted: chance === 0 }, object),
    );
  return fc.oneof({ weight: 15, arbitrary: known }, { weight: 1, arbitrary: pick(...ids).map(failedSource) });
}

const contact = record(
  'contacts',
  ['c1', 'c2', 'c3', 'c4'],
  fc.record({
    fields: fc.record(
      {
        name: pick('Bo', 'Di'),
        email: maybe(pick('x@x.example', 'y@x.example')),
        title: maybe(pick('CEO', 'CTO')),
        owner: pick(null, 'm1'),
        tags: maybe(pick(['a'], ['a', 'b'])),
      },
      { requiredKeys: ['name'] },
    ),
    relations: fc.record({ account: maybe(pick('a1', 'a2', 'a3')) }, { requiredKeys: [] }),
    extra: fc.record({ Fax: pick('1', '2'), Tier: pick(1, 2) }, { requiredKeys: [] }),
    unmapped: fc.record({ owner: pick('jane', 'joe') }, { requiredKeys: [] }),
  }),
);
const account = record(
  'accounts',
  ['a1', 'a2', 'a3'],
  fc.record({
    fields: fc.record(
      { name: pick('Acme', 'Bolt'), domain: maybe(pick('a.example', 'b.example')) },
      { requiredKeys: ['name'] },
    ),
    relations: fc.record({ parent: maybe(pick('a1', 'a2', 'a3')) }, { requiredKeys: [] }),
  }),
);
const line = fc.record({
  quantity: pick('1', '2'),
  product: pick('a1', 'p1', 'p2').map((externalId) => ({ externalId, recordId: null })),
});
const invoice = record(
  'invoices',
  ['i1', 'i2'],
  fc.record({
    fields: fc.record(
      { number: pick('1', '2'), lines: maybe(fc.array(line, { minLength: 1, maxLength: 3 })) },
      { requiredKeys: ['number'] },
    ),
    relations: fc.record({ contact: maybe(pick('c1', 'c2')) }, { requiredKeys: [] }),
  }),
);
const product = record(
  'products',
  ['p1', 'p2'],
  fc.record({ fields: fc.record({ name: pick('Nut', 'Bolt') }) }),
);

function page(object: ObjectName, of: fc.Arbitrary<Mapped>): fc.Arbitrary<Step> {
  return fc.array(of, { minLength: 1, maxLength: 5 }).map((records) => ({ do: 'page', object, records }));
}

const anyPage = fc.oneof(
  { weight: 3, arbitrary: page('contacts', contact) },
  { weight: 3, arbitrary: page('accounts', account) },
  { weight: 1, arbitrary: page('products', product) },
  { weight: 2, arbitrary: page('invoices', invoice) },
);
const resolve: fc.Arbitrary<Step> = pick<ObjectName>('accounts', 'contacts', 'products').map((object) => ({
  do: 'resolve',
  object,
}));
/** Pages alone, without tombstones: what a file is. */
export const pages = anyPage.filter(
  (step) => step.do === 'page' && step.records.every((each) => !each.ok || !each.record.deleted),
);
export const writing = fc.oneof({ weight: 5, arbitrary: anyPage }, { weight: 2, arbitrary: resolve });
export const person: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      which: fc.nat(9),
      field: pick('title', 'owner', 'name'),
      value: pick('Hers'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('archive' as const), which: fc.nat(9), archived: fc.boolean() }),
  },
);

const policy: fc.Arbitrary<Partial<Policies>> = fc.record({
  edits: pick('keep' as const, 'overwrite' as const),
  sameApp: pick('create' as const, 'update' as const, 'skip' as const),
  existing: fc.record({ contacts: pick('update' as const, 'skip' as const, 'create' as const) }),
  linked: fc.oneof(
    { weight: 4, arbitrary: fc.constant('update' as const) },
    { weight: 1, arbitrary: fc.constant('skip' as const) },
  ),
  priority: pick(0, 1),
});

export function runOf(runId: string, step: fc.Arbitrary<Step> = writing): fc.Arbitrary<RunOfPages> {
  return fc.record({
    runId: fc.constant(runId),
    appId: pick('app1', 'app2'),
    rules: fc.tuple(policy, pick('v1', 'v2')).map(([policies, version]) => rules(policies, version)),
    idsMayRepeat: fc.boolean(),
    steps: fc
      .tuple(fc.boolean(), fc.array(step, { minLength: 1, maxLength: 6 }))
      .map(([timed, steps]) => (timed ? steps : steps.map(withoutTimes))),
  });
}

/** A provider says when all of its records changed, or of none. */
function withoutTimes(step: Step): Step {
  if (step.do !== 'page') return step;
  const records = step.records.map((each) =>
    each.ok ? { ...each, record: { ...each.record, modifiedAt: null } } : each,
  );
  return { ...step, records };
}

/** Applies a run, page by page. Every page's books are closed, and every record's references are true after it. */
export function play(store: PureStore, run: RunOfPages): Written[] {
  const written: Written[] = [];
  for (const step of run.steps) {
    const { runId, appId } = run;
    const decided = playStep(store, run, step);
    if (decided) written.push({ runId, appId, journal: structuredClone(decided.journal) });
    store.checkReferences();
  }
  return written;
}

function playStep(store: PureStore, run: RunOfPages, step: Step): DecidedPage | null {
  const { runId, appId } = run;
  switch (step.do) {
    case 'page': {
      const at = context({ runId, appId, object: step.object, idsMayRepeat: run.idsMayRepeat });
      const page = decidePage(step.records, store.world(step.records, at.origin, step.object), run.rules, at);
      if (!booksClosed(page.counts) || page.outcomes.length !== step.records.length)
        throw new Error('open books');
      store.apply(page);
      return page;
    }
    case 'resolve': {
      const waiting = [...store.pending.values()].filter((each) => each.targetObject === step.object);
      const { decided, settled } = resolvePage(waiting, store.resolveWorld(waiting, appId), {
        runId,
        appId,
        now: NOW,
      });
      store.apply(decided, settled);
      return decided;
    }
    case 'edit':
    case 'archive': {
      const recordId = [...store.records.keys()].sort()[step.which];
      if (recordId === undefined) return null;
      if (step.do === 'edit') store.edit(recordId, { [step.field]: step.value }, ANN);
      else store.archive(recordId, step.archived, ANN);
      return null;
    }
  }
}

/** What undoing one page would do, without doing it. */
export function previewPage(store: PureStore, { runId, appId, journal }: Written): UndonePage {
  const undoing = { workspaceId: 'w1', runId, appId, now: NOW };
  return undoPage(journal, store.undoWorld(journal, appId), undoing);
}

/** Takes pages back, the last one first. */
export function undoAll(store: PureStore, pages: readonly Written[]): UndonePage[] {
  return pages.toReversed().map((page) => {
    const undone = previewPage(store, page);
    store.undo(undone, page.appId);
    store.checkReferences();
    return undone;
  });
}

export function totals(pages: readonly UndonePage[]): UndonePage['counts'] & { conflicts: number } {
  const sum = { remove: 0, restore: 0, keep: 0, conflicts: 0 };
  for (const { counts, conflicts } of pages) {
    sum.remove += counts.remove;
    sum.restore += counts.restore;
    sum.keep += counts.keep;
    sum.conflicts += conflicts.length;
  }
  return sum;
}
