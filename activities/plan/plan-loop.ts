import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { RunControl } from '../../workflows/contract/status.js';
import { addCounts } from '../records/books.js';
import { decidePage } from '../records/decide.js';
import { lookupsOf } from '../records/lookups.js';
import type { DecidedPage, Lookups, World } from '../records/page.js';
import { writesWhatIsLookedUp } from '../records/plan-overlap.js';
import { chained, plannedOutcomes } from '../records/plan.js';
import { noCounts, type Mapped, type Rules, type SourceRecord } from '../records/types.js';
import type { StagedPage } from '../store/moving.js';
import type { PlanCommit, PlannedDuplicateFound } from '../store/planning.js';
import type { ApplySide, PlanSide } from '../store/run-documents.js';
import type { Store } from '../store/store.js';
import type { Handover } from '../transfer/handover.js';
import { loadPlannedWorld } from './plan-world.js';

export interface PlanArgs {
  ref: RunRef;
  object: ObjectName;
  origin: string;
  rules: Rules;
  side: ApplySide;
  /** Decide no page of this number or above. */
  beforeSeq: number;
  idsMayRepeat: boolean;
  map: (record: SourceRecord) => Mapped;
  handover: Handover;
  signal: AbortSignal;
  now: () => Date;
  newId: () => string;
}

export type PlanEnd = { state: 'planned' } | { state: 'stopped'; control: Exclude<RunControl, 'go'> };

/**
 * Decides staged pages in order, by the same fold as applying, against the store and what the plan did so far, and keeps what was
 * decided. While a page is on its way to the store the next one is decided; anew where the first wrote what the next looked up.
 * Safe to repeat at any moment: a page that was decided is behind the stored position.
 */
export async function planLoop(store: Store, args: PlanArgs): Promise<PlanEnd> {
  const { ref, object, signal } = args;
  let side: PlanSide = args.side.plan ?? { position: 0, counts: noCounts(), chain: '', updatedAt: '' };
  let before: OnItsWay | null = null;
  try {
    for (let seq = side.position; seq < args.beforeSeq; seq += 1) {
      signal.throwIfAborted();
      const page = (await args.handover.take(seq)) ?? (await store.pages.source(ref, object, seq));
      if (!page) break;
      const control = await store.runs.control(ref.workspaceId, ref.runId);
      if (control === 'pause' || control === 'cancel') {
        await before?.arrived();
        return { state: 'stopped', control };
      }
      const mapped = page.records.map(args.map);
      const lookups = lookupsOf(mapped, object, args.rules.policies.matching);
      const read = { page, mapped, lookups };
      let planned = await planPage(store, args, read, side, before ? seq - 1 : seq);
      await before?.arrived();
      if (before && writesWhatIsLookedUp(before.decided, object, lookups, planned.world)) {
        planned = await planPage(store, args, read, side, seq);
      }
      before = send(store, planned.commit);
      side = planned.commit.side;
    }
    await before?.arrived();
    return { state: 'planned' };
  } finally {
    args.handover.stop();
    await before?.settled;
  }
}

/** A decided page that is being kept. */
interface OnItsWay {
  decided: DecidedPage;
  /** Throws what keeping it threw. */
  arrived(): Promise<void>;
  /** Never throws. */
  settled: Promise<unknown>;
}

function send(store: Store, commit: PlanCommit): OnItsWay {
  const settled = store.plans.commit(commit).then(
    () => null,
    (error: unknown) => ({ error }),
  );
  return {
    decided: commit.decided,
    settled,
    async arrived() {
      const failed = await settled;
      if (failed) throw failed.error;
    },
  };
}

interface ReadPage {
  page: StagedPage;
  mapped: readonly Mapped[];
  lookups: Lookups;
}

/** `pages`: those below are in the store. */
async function planPage(
  store: Store,
  args: PlanArgs,
  { page, mapped, lookups }: ReadPage,
  before: PlanSide,
  pages: number,
): Promise<{ world: World; commit: PlanCommit }> {
  const { ref, object, origin, rules, idsMayRepeat, newId } = args;
  const now = args.now().toISOString();
  const soFar = { round: before.round ?? 0, pages };
  const world = await loadPlannedWorld(store, { ref, origin, object }, lookups, soFar);
  const context = { ...ref, origin, object, now, newId, idsMayRepeat };
  const decided = decidePage(mapped, world, rules, context);
  const outcomes = plannedOutcomes(decided, world);
  const rows = page.records.reduce((sum, record) => sum + (record.rows ?? 1), 0);
  const isOfRun = madeBy(ref, decided, world);
  const side: PlanSide = {
    ...before,
    position: page.seq + 1,
    counts: addCounts(before.counts, { ...decided.counts, rows }),
    chain: chained(before.chain, outcomes, isOfRun),
    updatedAt: now,
  };
  const duplicates = withPlanned(decided, world, isOfRun);
  const at = { ref, object, seq: page.seq, epoch: args.side.epoch };
  return { world, commit: { ...at, decided, outcomes, duplicates, side } };
}

/** Whether this plan makes the record. */
function madeBy(ref: RunRef, decided: DecidedPage, world: World): (recordId: string) => boolean {
  const made = new Set(
    decided.records.flatMap(({ record, expectedVersion }) =>
      expectedVersion === null ? [record.recordId] : [],
    ),
  );
  return (recordId) => {
    if (made.has(recordId)) return true;
    const by = world.records.get(recordId)?.createdBy;
    return by !== undefined && 'runId' in by && by.runId === ref.runId;
  };
}

/** A candidate that only the plan knows cannot be looked up by whoever looks at the list. */
function withPlanned(
  decided: DecidedPage,
  world: World,
  isOfRun: (recordId: string) => boolean,
): PlannedDuplicateFound[] {
  const written = new Map(decided.records.map(({ record }) => [record.recordId, record]));
  return decided.duplicates.map((duplicate) => {
    const planned = duplicate.candidates.flatMap((recordId) => {
      const record = written.get(recordId) ?? world.records.get(recordId);
      return record && isOfRun(recordId) ? [[recordId, record.fields] as const] : [];
    });
    return planned.length === 0 ? duplicate : { ...duplicate, planned: Object.fromEntries(planned) };
  });
}
