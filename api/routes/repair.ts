import { z } from 'zod';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { OBJECTS } from '../../workflows/contract/objects.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { delay } from '../ask.js';
import { DECISION_PROBLEMS, accepted, decide } from '../decide.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { runOf } from '../lookup.js';
import { given, id, objectName } from '../shapes/common.js';
import { run } from '../shapes/run.js';
import { CLOSING_PAUSE_MS, CLOSING_TRIES, alreadyActive } from '../start-run.js';
import type { LiveWorkflow } from '../workflow-gateway.js';

/** They travel with the request into the run's history: enough for a person, far below what it may hold. */
const MOST_IDS = 500;

const body = z.strictObject({
  object: objectName.optional().meta({ description: 'Only this object; all of the run if left out' }),
  code: z.string().min(1).max(100).optional().meta({ description: 'Only records with this problem' }),
  externalIds: z
    .array(z.string().min(1).max(1000))
    .min(1)
    .max(MOST_IDS, `At most ${MOST_IDS}; for more, name a code`)
    .optional(),
});

type RepairCall = Call<{ runId: string }, unknown, z.output<typeof body>>;

export const repairRun = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/repair',
  tag: 'Reviews',
  summary:
    'Map kept source again, with the mapping, members and policies of today, and apply it under the same run',
  description:
    'For ended runs, and for live ones that wait in a review. With neither `code` nor `externalIds`: what failed, what a person decided about duplicates, and whatever is decided otherwise today. The progress is on the run, under `repair`.',
  access: 'operator',
  params: z.strictObject({ runId: id }),
  body,
  idempotency: 'remembered',
  answersWithinMs: 13_000,
  answers: { 202: { description: 'The run', schema: run } },
  errors: [
    'not_found',
    'run_already_active',
    'nothing_to_repair',
    'object_transferring',
    'undo_expired',
    ...DECISION_PROBLEMS,
  ],
  async handle(call) {
    const of = await runOf(call);
    refuseExpired(of);
    const live = !isTerminal(of.status);
    if (live) refuseMoving(of);
    if (!isTerminal(of.status) || of.repair?.repairId !== call.token) await refuseNothing(call, of);
    if (live) await whileLive(call, of);
    else await afterTheEnd(call, of);
    const { object, code, externalIds } = call.body;
    const detail = { object: object ?? null, code: code ?? null, externalIds: externalIds?.length ?? null };
    return accepted(call, 'run.repair', detail);
  },
});

export function refuseExpired(of: RunDoc): void {
  if (!of.undoExpired) return;
  throw new Problem(
    'undo_expired',
    'The source that this run kept is no longer there. Nothing was changed. Import it again instead.',
    { keepUntil: of.keepUntil },
  );
}

/** What its document says already; the workflow itself judges again. */
function refuseMoving(of: RunDoc): void {
  if (of.attention?.reason === 'review') return;
  throw new Problem(
    'object_transferring',
    'The run is live and waits in no review. Nothing was repaired. Wait for its review or its end, and repair then.',
    { object: of.object },
  );
}

async function refuseNothing(call: RepairCall, of: RunDoc): Promise<void> {
  const { object, code, externalIds } = call.body;
  const moved = of.objects.filter(({ startedAt }) => startedAt !== null);
  const asked = moved.filter((each) => object === undefined || each.object === object);
  if (asked.length === 0) {
    throw nothing(object ? `This run did not move ${object}.` : 'This run has moved nothing.');
  }
  const left = asked.filter(({ state }) => state !== 'cleaned_up').map((each) => each.object);
  if (left.length === 0) throw nothing('What this run wrote was taken back.');
  if (!(await keepsMarks(call, of, left))) {
    throw nothing(
      'This run was made before Sluice kept what became of each record. Import the source again instead: what is the same is found unchanged.',
    );
  }
  if (externalIds && !(await keepsOneOf(call, of, left, externalIds))) {
    throw nothing('None of these external ids is in what this run kept.');
  }
  if (code !== undefined && !(await hasCode(call, of, left, code))) {
    throw nothing(`No record of this run is open with the code ${JSON.stringify(code)}.`);
  }
}

function nothing(why: string): Problem {
  return new Problem(
    'nothing_to_repair',
    `${why} Nothing was changed. GET /v1/runs/{runId}/problems lists what can be repaired.`,
  );
}

/** False: of none of what the objects brought is it known how it ended. */
async function keepsMarks(
  { deps }: RepairCall,
  of: RunDoc,
  objects: readonly RunDoc['object'][],
): Promise<boolean> {
  let brought = false;
  for (const object of OBJECTS.filter((each) => objects.includes(each))) {
    const sides = await deps.store.transfers.get(of, object);
    if (!sides || sides.apply.counts.fetched === 0) continue;
    const { items } = await deps.store.repairs.states(of, object, { from: 0, limit: 1 });
    if (items.length > 0) return true;
    brought = true;
  }
  return !brought;
}

async function keepsOneOf(
  { deps }: RepairCall,
  of: RunDoc,
  objects: readonly RunDoc['object'][],
  externalIds: readonly string[],
): Promise<boolean> {
  for (const object of OBJECTS.filter((each) => objects.includes(each))) {
    const found = await deps.store.repairs.states(of, object, { from: 0, limit: 1, externalIds });
    if (found.items.length > 0) return true;
  }
  return false;
}

async function hasCode(
  { deps }: RepairCall,
  of: RunDoc,
  objects: readonly RunDoc['object'][],
  code: string,
): Promise<boolean> {
  const { store } = deps;
  for (const object of OBJECTS.filter((each) => objects.includes(each))) {
    const problems = await store.problems.summary(of, object);
    if (problems.some((problem) => problem.code === code)) return true;
    if (code === 'duplicate' && (await store.decisions.open(of, object)).length > 0) return true;
  }
  return false;
}

/** The run's own workflow does it while it waits in its review. */
async function whileLive(call: RepairCall, of: RunDoc): Promise<void> {
  const { actor } = call.caller;
  await decide(call, of, (notAfter) => ({
    name: 'repairRun',
    message: { notAfter, actor, repairId: call.token, ...given(call.body) },
  }));
}

/** Under the app's one workflow id: while it repairs, no other run of the app can start. */
async function afterTheEnd(call: RepairCall, of: RunDoc): Promise<void> {
  const { workspaceId, appId, runId } = of;
  const { object = null, code = null, externalIds = null } = call.body;
  const ref = { workspaceId, appId, runId };
  const args = { ref, repairId: call.token, object, code, externalIds, actor: call.caller.actor };
  for (let tries = 0; ; tries += 1) {
    const started = await call.deps.workflows.startRepair(args, call.token);
    // A repeated request finds its own workflow at work.
    if (started.state === 'started' || started.live?.token === call.token) return;
    const { live } = started;
    const closing = live === null || (live.runId === runId && (await isClosing(call, live.kind)));
    if (!closing || tries >= CLOSING_TRIES) throw alreadyActive(live?.runId ?? null);
    await delay(CLOSING_PAUSE_MS);
  }
}

/** The run, or an earlier repair or clean-up of it, has ended, and its workflow is about to close. */
async function isClosing(call: RepairCall, kind: LiveWorkflow['kind']): Promise<boolean> {
  if (kind === 'import' || kind === 'sync') return true;
  const { repair, cleanup } = await runOf(call);
  return kind === 'repair' ? repair?.state !== 'running' : cleanup?.state === 'done';
}
