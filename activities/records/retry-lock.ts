import type { Recovery } from '../../workflows/contract/failures.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ObjectState, RunStatus } from '../../workflows/contract/status.js';
import type { OutcomeCounts } from './types.js';

/**
 * The retry lock, as a rule over stored facts: after a run that failed or was cancelled with something written, the next one waits
 * until the cause tests clean **and** what was written was reviewed, undone or acknowledged. Nothing here remembers that it opened.
 */

export interface EndedRun {
  runId: string;
  status: RunStatus;
  endedAt: string | null;
  /** What it failed of; a cancelled run has none. */
  error: { code: string; message: string } | null;
  objects: readonly { object: ObjectName; state: ObjectState }[];
  /** A person said that they looked at what it wrote. */
  acknowledged: boolean;
}

/** The last check of the connection: when, whether it was ready, and what it found besides. */
export interface LastCheck {
  at: string;
  ready: boolean;
  codes: readonly string[];
}

export interface Written {
  object: ObjectName;
  created: number;
  updated: number;
  deleted: number;
}

export interface LockEvidence {
  runId: string;
  cause: { code: string; message: string };
  /** Null: the cause has no test. */
  causeTestsClean: boolean | null;
  checkedAt: string | null;
  written: Written[];
  unacknowledged: ObjectName[];
  howToOpen: string;
}

/** The table of failure codes: what each calls for. */
export type Recoveries = Readonly<Record<string, Recovery>>;

export type CountsOf = ReadonlyMap<ObjectName, OutcomeCounts>;

/** Planned and waiting objects have counts of what would be at the most. */
const NOTHING_DONE: readonly ObjectState[] = ['waiting', 'planned', 'not_started'];
/** A person decided on these, or they were taken back. */
const LOOKED_AT: readonly ObjectState[] = ['accepted', 'cleaned_up'];

/** What the run wrote and was not taken back, by object. */
export function writtenBy(objects: EndedRun['objects'], counts: CountsOf): Written[] {
  return objects.flatMap(({ object, state }) => {
    const of = counts.get(object);
    if (!of || state === 'cleaned_up' || NOTHING_DONE.includes(state)) return [];
    const { created, updated, deleted } = of;
    return created + updated + deleted > 0 ? [{ object, created, updated, deleted }] : [];
  });
}

/** Whether a run that ends like this locks its app. A cause that waiting cures never does. */
export function locksApp(
  { status, error, objects }: Pick<EndedRun, 'status' | 'error' | 'objects'>,
  counts: CountsOf,
  recoveries: Recoveries,
): boolean {
  if (status !== 'failed' && status !== 'cancelled') return false;
  if (status === 'failed' && error && recoveries[error.code] === 'retry') return false;
  return writtenBy(objects, counts).length > 0;
}

/** What a person has not looked at yet: neither reviewed nor taken back nor acknowledged. */
export function unacknowledgedOf(run: EndedRun, counts: CountsOf): ObjectName[] {
  if (run.acknowledged) return [];
  const open = run.objects.filter(({ state }) => !LOOKED_AT.includes(state));
  return writtenBy(open, counts).map(({ object }) => object);
}

/** Null: open. Of a run that locked its app when it ended. */
export function retryLock(
  run: EndedRun,
  counts: CountsOf,
  lastCheck: LastCheck | null,
  recoveries: Recoveries,
): LockEvidence | null {
  const cause = causeOf(run);
  const causeTestsClean = hasTest(cause.code, recoveries) ? testsClean(run, cause.code, lastCheck) : null;
  const unacknowledged = unacknowledgedOf(run, counts);
  if (causeTestsClean !== false && unacknowledged.length === 0) return null;
  return {
    ...{ runId: run.runId, cause, causeTestsClean, checkedAt: lastCheck?.at ?? null },
    ...{ written: writtenBy(run.objects, counts), unacknowledged },
    howToOpen: howToOpen(run.runId, causeTestsClean, unacknowledged),
  };
}

function causeOf({ status, error }: EndedRun): LockEvidence['cause'] {
  if (status === 'cancelled') return { code: 'cancelled', message: 'The run was cancelled by a person.' };
  return error ?? { code: 'bug', message: 'The run failed, and it is not known of what.' };
}

/** The check is the proof, when it came after the end and did not meet the same trouble again. */
function testsClean(run: EndedRun, code: string, lastCheck: LastCheck | null): boolean {
  if (!lastCheck?.ready || run.endedAt === null) return false;
  return lastCheck.at > run.endedAt && !lastCheck.codes.includes(code);
}

/** Connection, credentials, permission, certificate, address: what `POST /v1/apps/{appId}/check` meets if it is still there. */
function hasTest(code: string, recoveries: Recoveries): boolean {
  return recoveries[code] === 'reconnect' || code === 'address_not_allowed';
}

function howToOpen(runId: string, clean: boolean | null, unacknowledged: readonly ObjectName[]): string {
  const steps: string[] = [];
  if (clean === false) {
    steps.push(
      'Remove the cause, then prove it: POST /v1/apps/{appId}/check must succeed (new credentials are checked when they are entered).',
    );
  }
  if (unacknowledged.length > 0) {
    steps.push(
      `Look at what was written to ${unacknowledged.join(', ')} (GET /v1/runs/${runId}/changes), then either take it back ` +
        `(POST /v1/runs/${runId}/cleanup) or keep it and say so (POST /v1/runs/${runId}/acknowledge with a note).`,
    );
  }
  return `${steps.join(' ')} An admin can open the lock by hand: POST /v1/apps/{appId}/unlock with a note.`;
}
