import { z } from 'zod';
import { lockOf } from '../../activities/store/app-lock.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { changeApp } from '../app-changes.js';
import { viewApp } from '../app-view.js';
import { accepted } from '../decide.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { appOf, audited, runOf } from '../lookup.js';
import type { Reply } from '../reply.js';
import { isOrphan, orphanLock, unacknowledged } from '../retry-lock.js';
import { appSheet } from '../shapes/app.js';
import { id, note } from '../shapes/common.js';
import { run } from '../shapes/run.js';

const body = z.strictObject({ note: note.min(1, 'Say why') });

type UnlockCall = Call<{ appId: string }, unknown, z.output<typeof body>>;

export const acknowledgeRun = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/acknowledge',
  tag: 'Reviews',
  summary: 'What a failed or cancelled run wrote has been looked at',
  description:
    'Changes no record. Together with a check that succeeds (where the cause has one) it opens the retry lock.',
  access: 'operator',
  params: z.strictObject({ runId: id }),
  body,
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
  errors: [
    'not_found',
    'run_not_ended',
    'nothing_to_acknowledge',
    'temporal_unavailable',
    'store_unavailable',
  ],
  async handle(call) {
    const { deps, caller, now } = call;
    const of = await runOf(call);
    if (!isTerminal(of.status) && !(await isOrphan(deps, of))) {
      throw new Problem(
        'run_not_ended',
        `The run is ${of.status}. Nothing was changed. What a live run writes is reviewed (POST /v1/runs/{runId}/review); cancel it, or wait for its end.`,
        { status: of.status },
      );
    }
    const objects = of.status === 'completed' ? [] : await unacknowledged(deps, of);
    if (objects.length === 0) throw nothingToAcknowledge(of.status, of.acknowledged ?? null);
    const acknowledged = { note: call.body.note, by: caller.actor, at: now };
    await deps.store.runs.patch(of.workspaceId, of.runId, { acknowledged });
    return accepted(call, 'run.acknowledged', { note: call.body.note, objects });
  },
});

function nothingToAcknowledge(
  status: string,
  acknowledged: { by: { name: string }; at: string } | null,
): Problem {
  const why = acknowledged
    ? `${acknowledged.by.name} has acknowledged it already, at ${acknowledged.at}`
    : status === 'completed'
      ? 'The run is completed: its objects were decided one by one'
      : 'The run wrote nothing that was not reviewed or taken back';
  return new Problem('nothing_to_acknowledge', `${why}. Nothing was changed.`, { status });
}

export const unlockApp = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/unlock',
  tag: 'Apps',
  summary: 'Open a retry lock by hand',
  description: 'For an admin who knows better than the evidence. The note and the evidence are audited.',
  access: 'admin',
  params: z.strictObject({ appId: id }),
  body,
  idempotency: 'remembered',
  answers: { 200: { description: 'The app', schema: appSheet } },
  errors: ['not_found', 'not_locked', 'changed_meanwhile', 'temporal_unavailable', 'store_unavailable'],
  async handle(call) {
    const { deps } = call;
    const evidence = await lockOf(deps, await appOf(call));
    if (!evidence) return unlockOrphan(call);
    const { after } = await changeApp(call, (app) => {
      // Opened, or locked again by another run, since the evidence was read.
      if (app.lock?.runId !== evidence.runId) throw notLocked();
      return { ...app, lock: null };
    });
    await audited(call, 'app.unlocked', after.appId, { note: call.body.note, evidence });
    return { status: 200, body: await viewApp(deps, after) };
  },
});

/** Nothing on the app says so yet: what opens it for good is said on the run, which keeps it when it is closed. */
async function unlockOrphan(call: UnlockCall): Promise<Reply> {
  const { deps, caller, now } = call;
  const app = await appOf(call);
  const evidence = await orphanLock(deps, app);
  if (!evidence) throw notLocked();
  const acknowledged = { note: call.body.note, by: caller.actor, at: now };
  await deps.store.runs.patch(app.workspaceId, evidence.runId, { acknowledged });
  await audited(call, 'app.unlocked', app.appId, { note: call.body.note, evidence });
  return { status: 200, body: await viewApp(deps, app) };
}

function notLocked(): Problem {
  return new Problem('not_locked', 'The app is not locked. Nothing was changed. A run can be started.');
}
