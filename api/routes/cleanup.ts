import { z } from 'zod';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { CleanupArgs } from '../../workflows/contract/activities.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { ask, delay } from '../ask.js';
import { DECISION_PROBLEMS, accepted, decide } from '../decide.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { runOf } from '../lookup.js';
import type { Reply } from '../reply.js';
import { viewRun } from '../run-view.js';
import { given, id, listOf, listQuery, note, objectName, pageOf } from '../shapes/common.js';
import { run, undoConflict, undoNumbers } from '../shapes/run.js';
import type { LiveWorkflow } from '../workflow-gateway.js';
import { CLOSING_PAUSE_MS, CLOSING_TRIES, alreadyActive } from '../start-run.js';

const PREVIEW_MS = 9_000;

const body = z
  .strictObject({
    mode: z.enum(['undo', 'manual'], 'Must be undo or manual'),
    object: objectName.optional().meta({ description: 'Only this object; all of the run if left out' }),
    note: note.optional(),
  })
  .refine(({ mode, note: said }) => mode === 'undo' || Boolean(said), {
    path: ['note'],
    message: 'Say what was done by hand',
  });
const query = z.strictObject({
  dryRun: z.enum(['true', 'false'], 'Must be true or false').optional(),
});
const params = z.strictObject({ runId: id });
const preview = z.looseObject(undoNumbers).meta({ id: 'UndoPreview' });

type CleanupCall = Call<{ runId: string }, z.output<typeof query>, z.output<typeof body>>;

export const cleanupRun = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/cleanup',
  tag: 'Reviews',
  summary: 'Undo what a run wrote, or record that a person did',
  description:
    'For live and ended runs. `dryRun=true` answers the numbers without writing; when they take longer than 10 s, 202, and they appear on the run.',
  access: 'operator',
  params,
  query,
  body,
  idempotency: 'remembered',
  answersWithinMs: 13_000,
  answers: {
    200: { description: 'The preview (with `dryRun`)', schema: preview },
    202: { description: 'The run', schema: run },
  },
  errors: [
    'not_found',
    'run_already_active',
    'nothing_to_clean_up',
    'object_transferring',
    'undo_expired',
    ...DECISION_PROBLEMS,
  ],
  async handle(call) {
    const of = await runOf(call);
    refuseOutside(of, call.body.object);
    if (call.body.mode === 'undo' && of.undoExpired) {
      throw new Problem(
        'undo_expired',
        'What this run wrote is no longer kept in a form that can be undone. Nothing was changed. Correct the records by hand.',
        { keepUntil: of.keepUntil },
      );
    }
    if (call.query.dryRun === 'true') return previewed(call, of);
    if (isTerminal(of.status)) await afterTheEnd(call, of);
    else await whileLive(call, of);
    const { mode, object } = call.body;
    return accepted(call, 'run.cleanup', { mode, object: object ?? null });
  },
});

async function previewed(call: CleanupCall, of: RunDoc): Promise<Reply> {
  const { workspaceId, appId, runId } = of;
  const question = {
    about: 'undo_preview',
    workspaceId,
    appId,
    runId,
    object: call.body.object ?? null,
  } as const;
  const answer = await ask(call.deps, question, PREVIEW_MS);
  if (!answer) return { status: 202, body: await viewRun(call.deps, await runOf(call)) };
  if ('error' in answer) {
    throw new Problem('nothing_to_clean_up', answer.error.message, { cause: answer.error.code });
  }
  return { status: 200, body: answer.result };
}

/** The run's own workflow does it, so that nothing of it moves meanwhile. */
async function whileLive(call: CleanupCall, of: RunDoc): Promise<void> {
  const { mode, object, note: said } = call.body;
  const { actor } = call.caller;
  await decide(call, of, (notAfter) => ({
    name: 'cleanUp',
    message: { mode, notAfter, actor, ...given({ object, note: said }) },
  }));
}

/** Under the app's one workflow id: while it undoes, no other run of the app can start. */
async function afterTheEnd(call: CleanupCall, of: RunDoc): Promise<void> {
  const { workspaceId, appId, runId } = of;
  const { mode, object, note: said } = call.body;
  const args: CleanupArgs = {
    ref: { workspaceId, appId, runId },
    object: object ?? null,
    mode,
    actor: call.caller.actor,
    note: said ?? '',
  };
  for (let tries = 0; ; tries += 1) {
    const started = await call.deps.workflows.startCleanup(args, call.token);
    // A repeated request finds its own workflow at work.
    if (started.state === 'started' || started.live?.token === call.token) return;
    const { live } = started;
    const closing = live === null || (live.runId === runId && (await isClosing(call, live.kind)));
    if (!closing || tries >= CLOSING_TRIES) throw alreadyActive(live?.runId ?? null);
    // The run, or an earlier clean-up of it, has ended, and its workflow is about to close.
    await delay(CLOSING_PAUSE_MS);
  }
}

async function isClosing(call: CleanupCall, kind: LiveWorkflow['kind']): Promise<boolean> {
  if (kind === 'import') return true;
  const of = await runOf(call);
  return kind === 'repair' ? of.repair?.state !== 'running' : of.cleanup?.state === 'done';
}

function refuseOutside(of: RunDoc, object: RunDoc['object'] | undefined): void {
  if (!object || of.scope.includes(object)) return;
  throw new Problem(
    'nothing_to_clean_up',
    `This run did not move ${object}. Nothing was changed. It moves ${of.scope.join(', ')}.`,
  );
}

export const listConflicts = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/conflicts',
  tag: 'Reviews',
  summary: 'What an undo left alone, and why',
  access: 'viewer',
  params,
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Conflicts', schema: listOf(undoConflict) } },
  errors: ['not_found', 'invalid_cursor'],
  async handle(call) {
    const of = await runOf(call);
    return { status: 200, body: await call.deps.store.conflicts.list(of, pageOf(call.query)) };
  },
});
