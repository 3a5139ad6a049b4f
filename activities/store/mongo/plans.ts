import type { RunRef } from '../../../workflows/contract/ids.js';
import { OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import type { PlannedOutcome } from '../../records/plan.js';
import type { PlannedDuplicateFound, PlannedWaiting, Plans } from '../planning.js';
import type { ApplyStored, Database, PlanStored } from './collections.js';
import { updateAll } from './commands.js';
import { readGuard } from './guards.js';
import { range } from './ids.js';
import { fromBlob } from './json.js';
import { listEntries, mayHave } from './page-entries.js';
import { pageKey, PAGES_AT_ONCE, seqOf } from './page-keys.js';
import { placeKey, plannedPrefix } from './page-problems.js';
import { planPrefix, readStates, readStatesOfRecords, readTargets } from './plan-index.js';
import { commitPlan, readPlannedChanges } from './plan-page.js';
import { createSieves } from './plan-sieves.js';
import { removeRange } from './remove-range.js';
import { transact } from './transaction.js';
import { APPLY, newApply, sideKey } from './transfer-codec.js';

type Part = Partial<Record<keyof PlanStored, 1>>;

export function createPlans(database: Database): Plans {
  const plans = database.collection('plans');
  const sieves = createSieves(database);
  return {
    commit: (commit) => commitPlan(database, sieves, commit),
    states: (ref, object, lookups, soFar) => readStates(database, sieves, { ref, object, soFar }, lookups),
    ofRecords: (ref, object, recordIds, soFar) =>
      readStatesOfRecords(database, sieves, { ref, object, soFar }, recordIds),
    targets: (ref, targets) => readTargets(database, sieves, ref, targets),
    async outcomes(ref, object, seq) {
      const found = await plans.findOne({ _id: pageKey(ref, object, seq) }, { projection: { outcomes: 1 } });
      return found?.outcomes ? ((await fromBlob(found.outcomes)) as PlannedOutcome[]) : null;
    },
    async waiting(ref, object, from, to) {
      const all: PlannedWaiting[] = [];
      for await (const { waiting } of plansBetween(database, { ref, object }, { from, to }, { waiting: 1 })) {
        if (waiting) all.push(...((await fromBlob(waiting)) as PlannedWaiting[]));
      }
      return all;
    },
    changes: (ref, filter, query) =>
      listEntries(database, {
        ref,
        object: filter.object,
        query,
        walk: (at, span) => plansBetween(database, at, span, { counts: 1 }),
        pages: (page) => mayHave(page, filter.outcome),
        entries: async (page, object) => {
          const entries = await readPlannedChanges(database, ref, object, seqOf(page));
          return entries.map((entry) => ({
            ...{ ...entry, planned: true as const, undone: false },
            fields: entry.fields.map((field) => ({ ...field, undone: false })),
          }));
        },
        wanted: (entry) => filter.outcome === undefined || entry.outcome === filter.outcome,
      }),
    duplicates: (ref, filter, query) =>
      listEntries(database, {
        ref,
        object: filter.object,
        query,
        walk: (at, span) => plansBetween(database, at, span, { duplicates: 1 }),
        pages: (page) => page.duplicates !== undefined,
        entries: async (page, object) => {
          const found = page.duplicates ? ((await fromBlob(page.duplicates)) as PlannedDuplicateFound[]) : [];
          return found.map((duplicate) => ({ ...duplicate, object }));
        },
        wanted: () => true,
      }),
    restart: (ref, object, round) => restart(database, ref, object, round),
    async forget(ref, what) {
      sieves.forget(ref);
      await removeRange(database, 'planIndex', planPrefix(ref));
      if (what === 'all') await removeRange(database, 'plans', planPrefix(ref));
      await forgetProblems(database, ref);
    },
  };
}

/** Pages `from` (included) to `to` (excluded), upwards. Those that were not planned are left out. */
async function* plansBetween(
  database: Database,
  at: { ref: RunRef; object: ObjectName },
  { from, to }: { from: number; to: number },
  projection: Part,
): AsyncIterable<PlanStored> {
  for (let first = from; first < to; first += PAGES_AT_ONCE) {
    const size = Math.min(PAGES_AT_ONCE, to - first);
    const keys = Array.from({ length: size }, (_none, index) => pageKey(at.ref, at.object, first + index));
    const found = await database
      .collection('plans')
      .find({ _id: { $in: keys } })
      .project<PlanStored>(projection)
      .toArray();
    yield* found.sort((a, b) => seqOf(a) - seqOf(b));
  }
}

async function restart(database: Database, ref: RunRef, object: ObjectName, round: number): Promise<number> {
  const key = sideKey(ref, object, APPLY);
  return transact(database, async (tx) => {
    const side = await readGuard<ApplyStored>(tx, 'transfers', key, { plan: 1, closedFor: 1 });
    if (!side?.plan || side.closedFor !== null) return 0;
    if ((side.plan.round ?? 0) >= round) return side.plan.position;
    const updatedAt = database.now().toISOString();
    const plan = { position: 0, counts: newApply(key).counts, chain: '', round, updatedAt };
    const u = { $set: { plan, updatedAt }, $inc: { epoch: 1 } };
    await updateAll(tx, 'transfers', [{ q: { _id: key }, u }]);
    return 0;
  });
}

/** Only those: what applying lists meanwhile is under other keys, whoever comes late. */
async function forgetProblems(database: Database, ref: RunRef): Promise<void> {
  const problems = database.collection('problems');
  for (const object of OBJECTS) {
    for (;;) {
      const found = await problems
        .find({ place: placeKey(ref, object), _id: range(plannedPrefix(ref, object)) })
        .project<{ _id: string }>({ _id: 1 })
        .limit(1_000)
        .toArray();
      if (found.length === 0) break;
      await problems.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    }
  }
}
