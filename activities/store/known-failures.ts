import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { isTerminal } from '../../workflows/contract/status.js';
import type { KnownFailures } from '../records/checklist.js';
import type { Failure } from './kept.js';
import type { Store } from './store.js';

/** More failures than a person ever looked at are no old acquaintances. */
const MOST_FAILURES = 10_000;
const ASKED_AT_ONCE = 500;
/** Earlier runs of the app, of which some did not move the object, or nobody let it pass. */
const RUNS_READ = 20;
const RUNS_ASKED = 5;

type Earlier = Awaited<ReturnType<Store['runs']['before']>>[number];

/**
 * Which failed records of an object failed in the same way in an earlier run that was let pass: they were listed then, and do not
 * ask again. Bounded: at most `RUNS_ASKED` earlier runs, each asked by key for what is still open, `ASKED_AT_ONCE` a question.
 */
export async function readKnownFailures(
  store: Pick<Store, 'problems' | 'runs'>,
  run: RunRef,
  object: ObjectName,
  failed: number,
): Promise<KnownFailures> {
  if (failed === 0 || failed > MOST_FAILURES) return { records: 0, runId: null, required: [] };
  const failures = (await store.problems.failures(run, object, MOST_FAILURES)) ?? [];
  const earlier = failures.length === 0 ? [] : await store.runs.before(run, RUNS_READ);
  const known = new Map<string, string>();
  for (const each of earlier.filter((other) => letPass(other, object)).slice(0, RUNS_ASKED)) {
    const open = [...new Set(failures.map(({ failure }) => failure))].filter((each) => !known.has(each));
    if (open.length === 0) break;
    for (const failure of await knownIn(store, each, object, open)) known.set(failure, each.runId);
  }
  return summed(failures, known);
}

/** A person accepted the object, or its mode did; what was undone, or stopped midway, was never let pass. */
function letPass({ status, objects }: Earlier, object: ObjectName): boolean {
  const state = objects.find((entry) => entry.object === object)?.state;
  if (!isTerminal(status) || state === undefined) return false;
  if (state === 'unreviewed') return status === 'completed';
  return state === 'accepted' || state === 'passed' || state === 'unchanged';
}

async function knownIn(
  { problems }: Pick<Store, 'problems'>,
  { workspaceId, runId }: Earlier,
  object: ObjectName,
  failures: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (let from = 0; from < failures.length; from += ASKED_AT_ONCE) {
    const asked = failures.slice(from, from + ASKED_AT_ONCE);
    found.push(...(await problems.known({ workspaceId, runId }, object, asked)));
  }
  return found;
}

/** A record is known if everything that is wrong with it is. */
function summed(failures: readonly Failure[], known: ReadonlyMap<string, string>): KnownFailures {
  const asks = ({ failure, dismissed }: Failure): boolean => !known.has(failure) && dismissed !== true;
  const unknown = new Set(failures.filter(asks).map(({ record }) => record));
  const old = failures.filter(({ record }) => !unknown.has(record));
  const required = new Map<string | null, number>();
  for (const { failure, code, field } of failures) {
    if (code === 'required_missing' && known.has(failure))
      required.set(field, (required.get(field) ?? 0) + 1);
  }
  const runs = [...new Set(known.values())].sort();
  return {
    records: new Set(old.map(({ record }) => record)).size,
    runId: runs.at(-1) ?? null,
    required: [...required].map(([field, count]) => ({ field, count })),
  };
}
