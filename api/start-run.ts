import type { AppDoc } from '../activities/store/documents.js';
import type { RunDoc } from '../activities/store/run-documents.js';
import { isTerminal } from '../workflows/contract/status.js';
import { delay } from './ask.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './errors.js';
import type { LiveWorkflow } from './workflow-gateway.js';

/** So often, with this pause, a start waits for the workflow of a run that has just ended to close. */
export const CLOSING_TRIES = 12;
export const CLOSING_PAUSE_MS = 250;

type StartDeps = Pick<ApiDeps, 'store' | 'workflows'>;

/**
 * Document first, workflow second, so that a workflow never finds no document. Repeatable with the same run: its id is the
 * argument, and Temporal takes only one workflow per app. Throws `run_already_active` with the live run's id; then no run was made.
 * When Temporal is away the document stays: a repeated start goes on from it, else the sweeper closes it.
 */
export async function startRun(deps: StartDeps, run: RunDoc): Promise<RunDoc> {
  const { workspaceId, appId, runId } = run;
  await deps.store.runs.insert(run);
  for (let tries = 0; ; tries += 1) {
    const started = await deps.workflows.startRun(run.kind, { workspaceId, appId, runId }, runId);
    if (started.state === 'started') return begun(deps, run, started.temporalRunId);
    if (started.live?.runId === runId) return begun(deps, run, null);
    const { live } = started;
    if (live && (await isAtWork(deps, workspaceId, live))) {
      await deps.store.runs.removeUnstarted(workspaceId, runId);
      throw alreadyActive(live.runId);
    }
    // What ran under this id has ended and its workflow is about to close.
    if (tries >= CLOSING_TRIES) {
      await deps.store.runs.removeUnstarted(workspaceId, runId);
      throw alreadyActive(live?.runId ?? null);
    }
    await delay(CLOSING_PAUSE_MS);
  }
}

async function begun({ store }: StartDeps, run: RunDoc, temporalRunId: string | null): Promise<RunDoc> {
  const { workspaceId, runId } = run;
  const patched =
    temporalRunId === null ? null : await store.runs.patch(workspaceId, runId, { temporalRunId });
  return patched ?? (await store.runs.get(workspaceId, runId)) ?? run;
}

/** Whether the workflow still has something to do, as the run's document tells it. */
async function isAtWork({ store }: StartDeps, workspaceId: string, live: LiveWorkflow): Promise<boolean> {
  const run = await store.runs.get(workspaceId, live.runId);
  switch (live.kind) {
    case 'cleanup':
      return run?.cleanup?.state === 'running';
    case 'repair':
      return run?.repair?.state === 'running';
    case 'import':
    case 'sync':
      return run === null || !isTerminal(run.status);
  }
}

export function alreadyActive(runId: string | null): Problem {
  const which = runId === null ? 'A run of this app is closing' : `Run ${runId} of this app is live`;
  return new Problem(
    'run_already_active',
    `${which}; an app has one run at a time. Nothing was started. Wait for it, decide what it asks, or cancel it.`,
    { runId },
  );
}

/** Throws `run_already_active` early, where a live run is known; Temporal has the last word when the run is started. */
export async function refuseWhileLive({ store, workflows }: StartDeps, app: AppDoc): Promise<void> {
  const live = await store.runs.live(app.workspaceId, app.appId);
  if (live.length === 0) return;
  const workflow = await workflows.live(app);
  if (workflow && live.some(({ runId }) => runId === workflow.runId)) throw alreadyActive(workflow.runId);
}

export async function refuseTooMany({ store, settings }: ApiDeps, workspaceId: string): Promise<void> {
  const most = settings.maxLiveRuns;
  const lists = await Promise.all(
    (['running', 'paused', 'needs_attention'] as const).map((status) =>
      store.runs.list(workspaceId, { status }, { limit: most }),
    ),
  );
  const live = lists.reduce((sum, { items }) => sum + items.length, 0);
  if (live < most) return;
  throw new Problem(
    'too_many_runs',
    `This workspace has ${live} live runs, and ${most} is the limit. Nothing was started. Finish or cancel some, then start again.`,
    { live, limit: most },
    { 'Retry-After': '30' },
  );
}
