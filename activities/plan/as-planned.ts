import type { OnDrift, Parked } from '../../workflows/contract/activities.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { decidePage } from '../records/decide.js';
import type { DecidedPage, PageContext, World } from '../records/page.js';
import { decideAsPlanned, driftWords, type Drift, type PlannedOutcome } from '../records/plan.js';
import type { Mapped, Rules } from '../records/types.js';
import type { ApplySide } from '../store/run-documents.js';
import type { Store } from '../store/store.js';

/** What applying keeps to where the run was planned. */
export interface AsPlanned {
  onDrift: OnDrift;
  /** Of a staged page; null: it was not planned. */
  outcomes(seq: number): Promise<PlannedOutcome[] | null>;
}

const MOST_SHOWN = 20;

/** One page, decided as it was planned: records that the plan makes get the ids they have in it. */
export function decideLike(
  planned: readonly PlannedOutcome[],
  args: { mapped: readonly Mapped[]; world: World; rules: Rules; context: PageContext },
): { decided: DecidedPage; drifts: Drift[] } {
  const { mapped, world, rules, context } = args;
  const ids = new Map<string, string>();
  for (const { externalId, outcome, recordId } of planned) {
    if (outcome === 'created' && recordId !== null) ids.set(externalId, recordId);
  }
  const newId = (externalId: string): string => ids.get(externalId) ?? context.newId(externalId);
  return decideAsPlanned(mapped, planned, world, (some) =>
    decidePage(some, world, rules, { ...context, newId }),
  );
}

/** Whether these stop the page. A person who was asked once has said so for the object. */
export function refuses(
  plan: AsPlanned | null,
  drifts: readonly Drift[],
  allowed: readonly FailureCode[],
): boolean {
  return plan?.onDrift === 'refuse' && drifts.length > 0 && !allowed.includes('plan_drifted');
}

/** The evidence goes to the store, because ids of records must not enter history. */
export async function parkDrifted(
  store: Store,
  at: { ref: RunRef; object: ObjectName; side: ApplySide },
  drifts: readonly Drift[],
): Promise<{ state: 'parked'; parked: Parked }> {
  const code = 'plan_drifted';
  const records = drifts.slice(0, MOST_SHOWN).map((drift) => ({
    ...{ externalId: drift.planned.externalId, recordId: drift.now.recordId ?? drift.planned.recordId },
    what: driftWords(drift),
  }));
  const evidence = { drifted: drifts.length, records };
  await store.transfers.setQuestion(at.ref, at.object, at.side.epoch, { code, evidence });
  const message = `The store has changed since the plan was made: ${drifts.length} of the next page's records of ${at.object} would be decided otherwise now. That page was not written; pages before it were. Go on without such records (resume), skip the rest of the object, or stop.`;
  return {
    state: 'parked',
    parked: { reason: 'question', code, message, choices: ['resume', 'skip_object', 'stop'] },
  };
}
