import { createHash } from 'node:crypto';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { sumCounts } from '../records/books.js';
import { noCounts, type Counts } from '../records/types.js';
import type { Claim } from '../store/moving.js';
import type { PlannedDuplicateFound, PlannedWaiting } from '../store/planning.js';
import type { PinnedDoc, PlanDoc, PlannedDuplicate } from '../store/run-documents.js';
import type { Store } from '../store/store.js';

const DUPLICATES_SHOWN = 20;
const RELATIONS_SHOWN = 100;
const PAGES_AT_ONCE = 10;

/** Everything a person must know before applying, summed up from what was decided. Repeatable: the same decisions make the same plan. */
export async function summedUp(
  store: Store,
  ref: RunRef,
  pinned: PinnedDoc,
  objects: readonly ObjectName[],
  now: Date,
): Promise<PlanDoc> {
  const claims = new Map((await store.transfers.all(ref)).map((claim) => [claim.apply.object, claim]));
  const counted = objects.map((object) => ({ object, counts: countsOf(claims.get(object)) }));
  const problems = await Promise.all(
    objects.map(async (object) =>
      (await store.problems.summary(ref, object)).map((problem) => ({ ...problem, object })),
    ),
  );
  const coded = (code: string): (typeof problems)[number] =>
    problems.flat().filter((problem) => problem.code === code);
  const total = sumCounts(counted.map(({ counts }) => counts));
  const waiting = await stillWaiting(store, ref, pinned.origin, objects, claims);
  const { fetched, created, updated, unchanged, skipped, failed, deleted } = total;
  return {
    hash: hashOf(ref, pinned, objects, claims),
    mappingVersion: pinned.mappingVersion,
    counts: { fetched, created, updated, unchanged, skipped, failed, deleted },
    objects: counted,
    duplicates: { total: total.duplicates, items: await duplicatesOf(store, ref, total.duplicates) },
    unmapped: {
      owners: byValue(coded('owner_unmapped')),
      statuses: coded('status_unmapped').map(({ object, value, count }) => ({ object, value, count })),
    },
    required: coded('required_missing').map(({ object, field, count }) => ({ object, field, count })),
    ...waiting,
    madeAt: now.toISOString(),
    applied: null,
  };
}

function countsOf(claim: Claim | undefined): Counts {
  return claim?.apply.plan?.counts ?? noCounts();
}

/** Of this run only: another run's plan is never this one, even where both decided the same. */
function hashOf(
  { runId }: RunRef,
  { rules, mappingVersion, locales }: PinnedDoc,
  objects: readonly ObjectName[],
  claims: ReadonlyMap<ObjectName, Claim>,
): string {
  const decided = objects.map((object) => {
    const plan = claims.get(object)?.apply.plan;
    return [object, plan?.position ?? 0, plan?.chain ?? ''];
  });
  const all = JSON.stringify([runId, mappingVersion, rules.version, locales, decided]);
  return createHash('sha256').update(all).digest('hex');
}

/** One owner may be missing in several objects. */
function byValue(found: readonly { value: string | null; count: number }[]): PlanDoc['unmapped']['owners'] {
  const counts = new Map<string | null, number>();
  for (const { value, count } of found) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

const DECISIONS = { tied: 'update', created: 'create', skipped: 'skip', listed: 'create' } as const;

async function duplicatesOf(store: Store, ref: RunRef, total: number): Promise<PlannedDuplicate[]> {
  if (total === 0) return [];
  const { items } = await store.plans.duplicates(ref, {}, { limit: DUPLICATES_SHOWN });
  return besideRecords(store, ref.workspaceId, items);
}

/** Both sides of each: what comes in, and the records it looks like, also those that only the plan knows. */
export async function besideRecords(
  store: Pick<Store, 'records'>,
  workspaceId: string,
  items: readonly (PlannedDuplicateFound & { object: ObjectName })[],
): Promise<PlannedDuplicate[]> {
  const ids = [...new Set(items.flatMap(({ candidates }) => candidates))];
  const records = new Map((await store.records.byIds(workspaceId, ids)).map((each) => [each.recordId, each]));
  return items.map(({ object, externalId, incoming, candidates, matchedOn, decision, planned = {} }) => ({
    ...{ object, externalId, incoming, matchedOn, decision: DECISIONS[decision] },
    candidates: candidates.map((recordId) => ({
      recordId,
      fields: records.get(recordId)?.fields ?? planned[recordId] ?? null,
    })),
  }));
}

/** A target may be planned on a later page, or in a later object. */
async function stillWaiting(
  store: Store,
  ref: RunRef,
  origin: string,
  objects: readonly ObjectName[],
  claims: ReadonlyMap<ObjectName, Claim>,
): Promise<Pick<PlanDoc, 'unresolved' | 'waiting'>> {
  const found: Pick<PlanDoc, 'unresolved' | 'waiting'> = { unresolved: 0, waiting: [] };
  for (const object of objects) {
    const pages = claims.get(object)?.apply.plan?.position ?? 0;
    for (let from = 0; from < pages; from += PAGES_AT_ONCE) {
      const waiting = await store.plans.waiting(ref, object, from, Math.min(pages, from + PAGES_AT_ONCE));
      for (const each of await missing(store, ref, origin, waiting)) {
        found.unresolved += 1;
        if (found.waiting.length === RELATIONS_SHOWN) continue;
        const { externalId, relation, targetObject, targetExternalId } = each;
        const target = { object: targetObject, externalId: targetExternalId };
        found.waiting.push({ object, externalId, relation, target });
      }
    }
  }
  return found;
}

async function missing(
  store: Store,
  ref: RunRef,
  origin: string,
  waiting: readonly PlannedWaiting[],
): Promise<PlannedWaiting[]> {
  if (waiting.length === 0) return [];
  const keyed = new Map(waiting.map((each) => [keyOf(each), each]));
  const targets = [...keyed.values()].map((each) => ({
    ...{ object: each.targetObject, externalId: each.targetExternalId },
  }));
  const here = new Set<string>();
  for (const { object, externalId, gone } of await store.plans.targets(ref, targets)) {
    if (!gone) here.add(`${object}/${externalId}`);
  }
  for (const object of new Set(targets.map((target) => target.object))) {
    const ids = targets.filter((target) => target.object === object).map(({ externalId }) => externalId);
    for (const link of await store.links.byExternalIds(ref.workspaceId, origin, object, ids)) {
      if (link.goneAt === null) here.add(`${object}/${link.externalId}`);
    }
  }
  return waiting.filter((each) => !here.has(keyOf(each)));
}

function keyOf({ targetObject, targetExternalId }: PlannedWaiting): string {
  return `${targetObject}/${targetExternalId}`;
}
