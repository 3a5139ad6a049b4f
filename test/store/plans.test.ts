import { MongoClient, type CommandStartedEvent, type Document } from 'mongodb';
import { createMongoStore } from '../../activities/store/mongo/create-store.js';
import type { CollectionName } from '../../activities/store/mongo/collections.js';
import { INDEXES } from '../../activities/store/mongo/indexes.js';
import type { Store } from '../../activities/store/store.js';
import {
  APP,
  applying,
  begin,
  createPage,
  creating,
  entry,
  freshTurn,
  link,
  NOW,
  ORIGIN,
  record,
  REF,
  run,
  source,
  staging,
  undone,
  WS,
} from './makers.js';
import { openStore, testUri, type OpenedStore } from './open.js';

/**
 * Every question that an import asks on its way is answered from an index. The very commands that the store sends are taken down
 * and handed to the server's own `explain`.
 */

/** One document per object of a workspace, or per process: leases and counters, which compare and set. */
const SMALL = new Set(['turns', 'turnCounters', 'meta']);

let opened: OpenedStore;
let client: MongoClient;
let store: Store;
const sent: Document[] = [];

beforeAll(async () => {
  opened = await openStore();
  client = new MongoClient(testUri(), { monitorCommands: true });
  client.on('commandStarted', (event: CommandStartedEvent) => sent.push({ ...event.command }));
  store = createMongoStore({ client, database: opened.database });
  await populate(opened.store);
});
afterAll(async () => {
  await client.close();
  await opened.drop();
});

/** An empty collection is scanned by anybody: each gets some documents that are not asked for. */
async function populate(filled: Store): Promise<void> {
  await filled.runs.insert(run());
  for (let index = 0; index < 30; index += 1) {
    await filled.runs.insert(
      run({ runId: `other-${index}`, appId: `app-${index + 9}`, status: 'completed' }),
    );
  }
  const begun = await begin(filled);
  for (let seq = 0; seq < 3; seq += 1) {
    const pairs = Array.from({ length: 40 }, (_none, at) => [`e${seq}-${at}`, `r${seq}-${at}`] as const);
    begun.turn = await createPage(filled, begun, seq, pairs);
  }
  await filled.pages.stage(staging(begun.claim, 3, [[source('p')]]));
  const decided = creating([['p', 'rp']]);
  for (let index = 0; index < 30; index += 1) {
    const waits = {
      recordId: 'rp',
      object: 'contacts',
      field: `f${index}`,
      targetObject: 'accounts',
    } as const;
    decided.pending.push({ ...waits, targetExternalId: `a${index}` });
    decided.problems.push({
      severity: 'failed',
      code: 'value_invalid',
      externalId: `${index}`,
      message: 'No.',
    });
  }
  await filled.pages.apply(applying(begun.claim, begun.turn, 3, decided));
  await filled.turns.release(begun.turn);
}

/** What was sent while `work` ran, as filters on collections. */
async function asked(work: () => Promise<unknown>): Promise<{ collection: string; filter: Document }[]> {
  sent.length = 0;
  await work();
  return sent.flatMap((command) => {
    const filters = (list: Document[] | undefined, collection: unknown) =>
      (list ?? []).map((each) => ({ collection: String(collection), filter: each['q'] as Document }));
    const [stage] = (command['pipeline'] as Document[] | undefined) ?? [];
    return [
      ...(command['find']
        ? [{ collection: String(command['find']), filter: command['filter'] as Document }]
        : []),
      ...(stage ? [{ collection: String(command['aggregate']), filter: stage['$match'] as Document }] : []),
      ...filters(command['updates'] as Document[] | undefined, command['update']),
      ...filters(command['deletes'] as Document[] | undefined, command['delete']),
    ];
  });
}

function stagesOf(plan: Document): string[] {
  const inner = [
    plan['inputStage'],
    ...((plan['inputStages'] as Document[] | undefined) ?? []),
    plan['queryPlan'],
  ];
  const below = inner.filter((stage): stage is Document => stage !== undefined).flatMap(stagesOf);
  return [String(plan['stage']), ...below];
}

async function plansOf(
  work: () => Promise<unknown>,
): Promise<{ question: string; stages: string[]; uncovered: string[] }[]> {
  const large = (await asked(work)).filter(({ collection }) => !SMALL.has(collection));
  const unique = new Map(large.map((each) => [JSON.stringify(each), each]));
  return Promise.all(
    [...unique.values()].map(async ({ collection, filter }) => {
      const explained = await opened.client
        .db(opened.database)
        .collection(collection)
        .find(filter)
        .explain('queryPlanner');
      const plan = (explained['queryPlanner'] as Document)['winningPlan'] as Document;
      return {
        question: `${collection} ${JSON.stringify(filter).slice(0, 200)}`,
        stages: stagesOf(plan),
        uncovered: uncovered([{ collection, filter }]),
      };
    }),
  );
}

/** Stages in which a server may say that it asked an index or a key. */
const BY_INDEX = new Set([
  'IXSCAN',
  'IDHACK',
  'EXPRESS_IXSCAN',
  'EXPRESS_CLUSTERED_IXSCAN',
  'CLUSTERED_IXSCAN',
]);

/** Whatever a server tells of its plans: every filter begins with a key, or with the first field of an index of ours. */
function uncovered(asks: readonly { collection: string; filter: Document }[]): string[] {
  return asks
    .filter(({ collection, filter }) => {
      const indexes = INDEXES[collection as CollectionName] ?? [];
      const first = ['_id', ...indexes.map(({ key }) => Object.keys(key)[0])];
      return !Object.keys(filter).some((field) => first.includes(field));
    })
    .map(({ collection, filter }) => `${collection} ${JSON.stringify(filter).slice(0, 200)}`);
}

async function expectIndexed(work: () => Promise<unknown>): Promise<void> {
  const plans = await plansOf(work);
  expect(plans.length).toBeGreaterThan(0);
  const scanned = plans.filter(({ stages }) => stages.includes('COLLSCAN') || stages.includes('SORT'));
  expect(scanned).toEqual([]);
  expect(plans.flatMap((plan) => plan.uncovered)).toEqual([]);
  // A server that names no stage of either kind cannot be asked: then the shape of the question is all there is.
  const untold = plans.filter(({ stages }) => !stages.some((stage) => BY_INDEX.has(stage)));
  if (untold.length > 0) console.info(`explain says nothing of: ${JSON.stringify(untold, null, 1)}`);
}

const known = Array.from({ length: 40 }, (_none, at) => at);

it('has a test that can fail: a question without an index is noticed', async () => {
  const plans = await plansOf(() =>
    client.db(opened.database).collection('records').findOne({ version: 77 }),
  );
  expect(plans[0]?.stages).toContain('COLLSCAN');
  expect(plans[0]?.uncovered).toHaveLength(1);
});

it('claims, stages, applies and closes from keys', async () => {
  await expectIndexed(async () => {
    const claim = await store.transfers.claim(REF, 'contacts', { slice: 5, attempt: 1 });
    let turn = await store.turns.acquire(WS, 'contacts', 'plans', new AbortController().signal);
    await store.pages.stage(staging(claim, 4, [[source('x')], [source('y')]]));
    await store.pages.source(REF, 'contacts', 4);
    const decided = creating([['x', 'rx']]);
    decided.bumps.push({ recordId: 'r0-1', by: 1 });
    const [read] = await store.records.byIds(WS, ['r0-2']);
    decided.records.push({ record: { ...read!, version: 2 }, expectedVersion: 1 });
    const changed = link('e0-2', 'r0-2', { sourceHash: 'new' });
    decided.links.push(changed);
    decided.journal.push(entry('r0-2', { linkBefore: link('e0-2', 'r0-2'), linkAfter: changed }));
    decided.problems.push({ severity: 'warning', code: 'owner_unmapped', message: 'Nobody.' });
    expect(await store.pages.apply(applying(claim, turn, 4, decided))).toBe('applied');
    turn = await freshTurn(store, turn);
    await store.turns.release(turn);
    await store.transfers.setQuestion(REF, 'contacts', claim.apply.epoch, null);
    await store.transfers.all(REF);
    await store.transfers.close(REF, 'contacts', 'accepted');
  });
});

it('loads what a page depends on', async () => {
  await expectIndexed(async () => {
    await store.runs.control(WS, REF.runId);
    await store.links.byExternalIds(
      WS,
      ORIGIN,
      'contacts',
      known.map((at) => `e0-${at}`),
    );
    await store.links.byRecords(
      WS,
      known.map((at) => `r0-${at}`),
    );
    await store.records.byIds(
      WS,
      known.map((at) => `r1-${at}`),
    );
    await store.records.byKeys(
      WS,
      'contacts',
      known.map((at) => `email:${at}@corp.example`),
    );
    await store.records.byWeakKeys(
      WS,
      'contacts',
      known.map((at) => `phone:+49${at}`),
    );
    await store.links.ties(
      WS,
      known.map((at) => `r1-${at}`),
    );
    // One key alone is asked for in another way than several.
    await store.records.byWeakKeys(WS, 'contacts', ['phone:+491']);
    await store.links.any(WS, ORIGIN, 'contacts');
    await store.links.count(WS, ORIGIN, 'contacts');
  });
});

it('plans', async () => {
  const ref = { ...REF, runId: 'other-3' };
  const { apply } = await store.transfers.claim(ref, 'contacts', { slice: 0, attempt: 1 });
  const decided = creating(known.map((at) => [`e${at}`, `p${at}`] as const));
  decided.problems.push({ severity: 'warning', code: 'owner_unmapped', message: 'Nobody.' });
  const side = { position: 1, counts: decided.counts, chain: '', updatedAt: NOW };
  const page = { ref, object: 'contacts', seq: 0, epoch: apply.epoch, decided } as const;
  const ids = known.map((at) => `e${at}`);
  const targets = ids.map((externalId) => ({ object: 'contacts' as const, externalId }));
  const another = createMongoStore({ client, database: opened.database });
  await expectIndexed(async () => {
    await store.plans.commit({ ...page, side, outcomes: [], duplicates: [] });
    const lookups = { externalIds: ids, keys: [], weakKeys: [] };
    expect(await another.plans.states(ref, 'contacts', lookups, { round: 0, pages: 1 })).toHaveLength(40);
    expect(await another.plans.targets(ref, targets)).toHaveLength(40);
    await store.plans.outcomes(ref, 'contacts', 0);
    await store.plans.waiting(ref, 'contacts', 0, 1);
    await store.plans.changes(ref, { object: 'contacts' }, { limit: 5 });
    await store.plans.duplicates(ref, {}, { limit: 5 });
    await store.plans.restart(ref, 'contacts', 1);
  });
});

it('undoes', async () => {
  await expectIndexed(async () => {
    const none = { remove: 0, restore: 0, keep: 0, eventsDropped: 0, eventsDelivered: 0, conflictCount: 0 };
    const at = { mode: 'undo', state: 'running', object: null, note: null, by: null, at: NOW } as const;
    await store.runs.patch(WS, REF.runId, { cleanup: { ...at, ...none, conflicts: [] } });
    await store.pages.facts(REF, 'contacts', { limit: 100 });
    await store.pages.journal(REF, 'contacts', 0);
    const made = known.map((each) => `r0-${each}`);
    await store.records.versions(WS, made);
    await store.records.referrers(WS, made);
    await store.links.ties(WS, made);
    const turn = await store.turns.acquire(WS, 'contacts', 'undo', new AbortController().signal);
    const result = await store.pages.undo({
      ...{ ref: REF, object: 'contacts', seq: 1, origin: ORIGIN, turn, now: NOW },
      undone: undone({
        removals: [{ recordId: 'r1-1', expectedVersion: 1 }],
        removedLinks: [{ object: 'contacts', externalId: 'e1-1' }],
        restoredLinks: [link('e1-2', 'r1-2')],
        writes: [{ record: record('r1-2', { version: 2 }), expectedVersion: 1 }],
        pendingRemovedOf: ['r1-1'],
      }),
    });
    expect(result).toBe('applied');
    await store.turns.release(turn);
  });
});

it('builds checklists, reads runs and answers samples', async () => {
  await expectIndexed(async () => {
    await store.problems.summary(REF, 'contacts');
    await store.pending.countOf(REF, 'contacts');
    await store.pending.someOf(REF, 'contacts', 20);
    const failures = await store.problems.failures(REF, 'contacts', 1_000);
    expect(failures).toHaveLength(30);
    const earlier = { workspaceId: WS, runId: 'other-1' };
    const asked = (failures ?? []).map(({ failure }) => failure);
    expect(await store.problems.known(earlier, 'contacts', asked)).toEqual([]);
    expect((await store.problems.known(REF, 'contacts', asked)).length).toBe(30);
    expect(await store.runs.before({ ...REF, appId: 'app-9', runId: 'z' }, 20)).toHaveLength(1);
    await store.runs.get(WS, REF.runId);
    await store.runs.live(WS, APP);
    await store.runs.untouched(NOW, 10);
    await store.pages.changes(REF, { object: 'contacts' }, { limit: 5 });
    await store.pages.duplicates(REF, { object: 'contacts' }, { limit: 5 });
    await store.pages.sourceOf(REF, 'contacts', 'e0-1');
    await store.checklists.get(REF, 'contacts');
    await store.reviews.list(REF);
    await store.holds.live(null, 5);
  });
});
