import type { Parked } from '../../workflows/contract/activities.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { RunControl } from '../../workflows/contract/status.js';
import { keepOrPass } from '../keep-turn.js';
import { regain } from '../regain.js';
import { addCounts } from '../records/books.js';
import { judge, type Judgement } from '../records/breakers.js';
import { decidePage } from '../records/decide.js';
import { withUntouched } from '../records/untouched.js';
import { createShortCut, type ShortCut } from './short-cut.js';
import { decideLike, parkDrifted, refuses, type AsPlanned } from '../plan/as-planned.js';
import { lookupsOf } from '../records/lookups.js';
import { keptOf } from '../records/outcome-marks.js';
import type { DecidedPage, World } from '../records/page.js';
import { noCounts, type Counts, type Mapped, type Rules, type SourceRecord } from '../records/types.js';
import type { ApplySide } from '../store/run-documents.js';
import type { TurnHeld } from '../store/moving.js';
import type { Store } from '../store/store.js';
import type { Handover } from './handover.js';
import { loadWorld } from './load-world.js';
import { createPageReader, type ReadPage } from './page-reader.js';

export interface ApplyArgs {
  ref: RunRef;
  object: ObjectName;
  origin: string;
  rules: Rules;
  side: ApplySide;
  /** Apply no page of this number or above. */
  beforeSeq: number;
  idsMayRepeat: boolean;
  /** Only where an external id is made of a file's columns: then another file's ids can be other people's. */
  keysMayLie: boolean;
  /** Where the run was planned. */
  plan: AsPlanned | null;
  allowed: readonly FailureCode[];
  map: (record: SourceRecord) => Mapped;
  handover: Handover;
  holder: string;
  signal: AbortSignal;
  now: () => Date;
  newId: () => string;
}

export type ApplyEnd =
  | { state: 'caught_up'; totals: Counts }
  | { state: 'stopped'; control: Exclude<RunControl, 'go'> }
  | { state: 'parked'; parked: Parked };

/** A page that others keep changing under us is a sign of a bug, not of traffic: people edit single records. */
const MOST_REDOS = 50;

/**
 * Applies staged pages in order, each whole, once, or not at all. Safe to repeat at any moment: a page that was applied is
 * behind the stored position, and committing it again finds it applied.
 */
export async function applyLoop(store: Store, args: ApplyArgs): Promise<ApplyEnd> {
  const { ref, object, signal } = args;
  const reader = createPageReader(store, args);
  const shortCut = await createShortCut(store, { ...args, workspaceId: ref.workspaceId });
  let totals = args.side.counts;
  let turn: TurnHeld | null = null;
  try {
    for (let seq = args.side.position; seq < args.beforeSeq; seq += 1) {
      signal.throwIfAborted();
      // A slow provider must not keep others from the object.
      if (turn && !args.handover.isReady(seq)) {
        await store.turns.release(turn);
        turn = null;
      }
      const read = await reader.read(seq);
      if (!read) break;
      const control = await store.runs.control(ref.workspaceId, ref.runId);
      if (control === 'pause' || control === 'cancel') return { state: 'stopped', control };
      const known = await knownBefore(store, { ...ref, origin: args.origin, object }, totals);
      const stop = judge(args.rules.policies, totals, { allowed: args.allowed, canary: seq === 1, known });
      if (stop) return await park(store, args, stop);
      if (read.page.origin === 'absence') {
        const absent = await judgeAbsence(store, args, seq, totals);
        if (absent === 'unknown') break;
        if (absent) return await park(store, args, absent);
      }
      turn ??= await store.turns.acquire(ref.workspaceId, object, args.holder, signal);
      const onItsWay = (): void => reader.ahead(seq + 1);
      const applied = await applyPage(store, args, { ...read, turn, totals, shortCut, onItsWay });
      if (applied.state === 'question') return await park(store, args, applied.judgement);
      if (applied.state === 'parked') return applied;
      totals = addCounts(totals, applied.counts);
      turn = await keepOrPass(store, applied.turn);
    }
    return { state: 'caught_up', totals };
  } finally {
    args.handover.stop();
    if (turn) await store.turns.release(turn);
  }
}

type AppliedPage =
  | { state: 'applied'; counts: Counts; turn: TurnHeld }
  | { state: 'question'; judgement: Judgement }
  | { state: 'parked'; parked: Parked };

async function applyPage(
  store: Store,
  args: ApplyArgs,
  of: ReadPage & { turn: TurnHeld; totals: Counts; shortCut: ShortCut; onItsWay: () => void },
): Promise<AppliedPage> {
  const { ref, object } = args;
  const { page, totals } = of;
  let { turn } = of;
  for (let redo = 0; redo < MOST_REDOS; redo += 1) {
    const now = args.now().toISOString();
    const { decided, drifts } = await decideNow(store, args, of, now);
    if (refuses(args.plan, drifts, args.allowed)) return parkDrifted(store, args, drifts);
    const identity = args.keysMayLie ? judgeIdentity(args, decided) : null;
    const question = identity ?? (await judgeDeleted(store, args, totals, decided.counts.deleted));
    if (question) return { state: 'question', judgement: question };
    const rows = page.records.reduce((sum, record) => sum + (record.rows ?? 1), 0);
    const at = { ref, object, seq: page.seq, origin: args.origin, epoch: args.side.epoch };
    const commit = { ...at, pageOrigin: page.origin };
    const kept = keptOf(decided, page.seq);
    const applying = store.pages.apply({ ...commit, turn, decided, settled: [], rows, now, kept });
    of.onItsWay();
    const result = await applying;
    if (result !== 'conflict') return { state: 'applied', counts: { ...decided.counts, rows }, turn };
    turn = await regain(store, turn, args.signal);
  }
  throw new Error(`Page ${page.seq} of ${object} could not be applied: what it touches kept changing.`);
}

async function decideNow(
  store: Store,
  args: ApplyArgs,
  { page, planned, shortCut }: ReadPage & { shortCut: ShortCut },
  now: string,
): Promise<ReturnType<typeof decideLike>> {
  const { ref, object, origin, rules, map } = args;
  const context = { ...ref, origin, object, now, newId: args.newId, idsMayRepeat: args.idsMayRepeat };
  const at = { workspaceId: ref.workspaceId, origin, object };
  const load = (of: readonly Mapped[]): Promise<World> =>
    loadWorld(store, at, lookupsOf(of, object, rules.policies.matching));
  if (planned) {
    const { outcomes, mapped } = planned;
    return decideLike(outcomes, { mapped, world: await load(mapped), rules, context });
  }
  const untouched = await shortCut.of(page.records);
  const rest = page.records.filter((_record, index) => !untouched.has(index)).map(map);
  const decided = decidePage(rest, await load(rest), rules, context);
  return { decided: withUntouched(decided, page.records, untouched), drifts: [] };
}

/** What deletions are a share of: live links before this run marked any. Asked only where something was deleted. */
export async function knownBefore(
  store: Store,
  at: { workspaceId: string; origin: string; object: ObjectName },
  { deleted }: Counts,
): Promise<number> {
  if (deleted === 0) return 0;
  return (await store.links.count(at.workspaceId, at.origin, at.object)) + deleted;
}

/** Before the page is written: a mass deletion applies nothing of it. */
async function judgeDeleted(
  store: Store,
  { ref, object, origin, rules, allowed }: ApplyArgs,
  totals: Counts,
  more: number,
): Promise<Judgement | null> {
  if (more === 0) return null;
  const known = (await store.links.count(ref.workspaceId, origin, object)) + totals.deleted;
  const counts = { ...noCounts(), deleted: totals.deleted + more };
  return judge(rules.policies, counts, { allowed, known });
}

/** Absent records are judged as a whole, so not before all of them are known. */
async function judgeAbsence(
  store: Store,
  args: ApplyArgs,
  seq: number,
  totals: Counts,
): Promise<Judgement | 'unknown' | null> {
  const { ref, object } = args;
  const sides = await store.transfers.get(ref, object);
  if (sides?.fetch.done !== true) return 'unknown';
  let absent = 0;
  for (let below = sides.fetch.position; below > seq;) {
    const facts = await store.pages.facts(ref, object, { below, limit: FACTS_READ });
    for (const fact of facts) if (fact.seq >= seq && fact.origin === 'absence') absent += fact.records;
    below = facts.at(-1)?.seq ?? seq;
  }
  return judgeDeleted(store, args, totals, absent);
}

const FACTS_READ = 500;

function judgeIdentity(args: ApplyArgs, { identity }: DecidedPage): Judgement | null {
  return judge(args.rules.policies, null, { allowed: args.allowed, pageIdentity: identity });
}

/** The evidence goes to the store, because samples of records must not enter history. */
export async function park(
  store: Store,
  args: Pick<ApplyArgs, 'ref' | 'object' | 'side'>,
  tripped: Judgement,
): Promise<Extract<ApplyEnd, { state: 'parked' }>> {
  const { code, message, evidence } = tripped;
  await store.transfers.setQuestion(args.ref, args.object, args.side.epoch, {
    code,
    evidence: { ...evidence },
  });
  return {
    state: 'parked',
    parked: { reason: 'breaker', code, message, choices: ['resume', 'skip_object', 'stop'] },
  };
}
