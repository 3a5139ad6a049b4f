import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Activities, Progress } from '../workflows/contract/activities.js';
import type { RunRef } from '../workflows/contract/ids.js';
import { isTerminal, type ObjectState } from '../workflows/contract/status.js';
import type { RunDoc } from './store/run-documents.js';
import type { RunPatch } from './store/store.js';
import type { ActivityDeps } from './deps.js';
import { reviewStateOf } from './records/review-state.js';
import { scheduledAt } from './scheduled-at.js';
import { timedId } from './timed-id.js';

const LIVE = ['running', 'paused', 'needs_attention'] as const;

type RunActivities = Pick<
  Activities,
  'beginRun' | 'recordProgress' | 'setControl' | 'recordReview' | 'recordAnswer'
>;

/** The run's document as its workflow tells it. Each call states, never adds, so that a repeat changes nothing. */
export function createRunActivities(deps: ActivityDeps): RunActivities {
  const { store } = deps;
  const now = (): string => deps.now().toISOString();

  async function patch(ref: RunRef, change: RunPatch): Promise<void> {
    await store.runs.patch(ref.workspaceId, ref.runId, change, { status: LIVE });
  }

  async function objectIs(
    ref: RunRef,
    object: RunDoc['objects'][number]['object'],
    state: ObjectState,
  ): Promise<void> {
    const run = await store.runs.get(ref.workspaceId, ref.runId);
    const before = run?.objects.find((entry) => entry.object === object);
    await store.runs.patchObject(ref.workspaceId, ref.runId, object, {
      state,
      ...(state === 'transferring' && !before?.startedAt ? { startedAt: now() } : {}),
      ...(state !== 'transferring' && state !== 'planned' && !before?.endedAt ? { endedAt: now() } : {}),
    });
    const states = (run?.objects ?? []).map((entry) => (entry.object === object ? state : entry.state));
    await patch(ref, { reviewState: reviewStateOf(states) });
  }

  return {
    async beginRun(ref) {
      const run = await store.runs.get(ref.workspaceId, ref.runId);
      if (run && isTerminal(run.status)) throw closedBefore(run);
      const { workflowExecution } = Context.current().info;
      await patch(ref, {
        step: 'preflight',
        startedAt: run?.startedAt ?? now(),
        temporalRunId: workflowExecution?.runId ?? null,
      });
    },
    async recordProgress({ ref, progress }) {
      if (progress.kind === 'object') return objectIs(ref, progress.object, progress.state);
      if (progress.kind === 'step' && progress.state) await objectIs(ref, progress.object, progress.state);
      const run = await store.runs.get(ref.workspaceId, ref.runId);
      if (!run) return;
      const evidence = progress.kind === 'attention' ? await evidenceOf(deps, ref, progress) : null;
      await patch(ref, patchFor(progress, run, evidence, now()));
    },
    async setControl({ ref, control }) {
      const current = await store.runs.control(ref.workspaceId, ref.runId);
      if (current !== 'cancel') await patch(ref, { control });
    },
    async recordReview({ ref, review }) {
      const { object, decision, actor, note = null, cleanupBy, confirmed } = review;
      const at = scheduledAt();
      await store.reviews.insert({
        ...{ workspaceId: ref.workspaceId, runId: ref.runId, object, decision, confirmed, note, actor, at },
        cleanupBy: decision === 'clean_up' ? (cleanupBy ?? 'sluice') : null,
      });
      const checklist = await store.checklists.get(ref, object);
      if (checklist && !checklist.frozenAt) {
        const items = checklist.items.map((item) =>
          item.status === 'open' && confirmed.includes(item.itemId)
            ? { ...item, status: 'ok' as const }
            : item,
        );
        await store.checklists.put({ ...checklist, items, frozenAt: at });
      }
      if (decision !== 'clean_up') await objectIs(ref, object, 'accepted');
      await patch(ref, { status: 'running', attention: null });
    },
    async recordAnswer({ ref, object, questionId, choice, note, actor }) {
      const { workspaceId, runId } = ref;
      const run = await store.runs.get(workspaceId, runId);
      // A repeat after the patch below finds the question gone, and its entry written.
      if (run?.attention?.questionId === questionId) {
        await store.audit.insert({
          ...{ workspaceId, at: now(), actor, action: 'run.answered', target: runId },
          // The audit is read by id, newest first.
          auditId: timedId(run.attention.since, questionId),
          detail: { object, questionId, choice, note },
        });
      }
      await patch(ref, { status: 'running', attention: null });
    },
  };
}

/** Its workflow came so late that the sweeper had closed it: nothing of it may begin. */
function closedBefore({ runId, status }: RunDoc): ApplicationFailure {
  const message = `Run ${runId} was closed (${status}) before its workflow began. Nothing was written. Start it again.`;
  return ApplicationFailure.create({ type: 'superseded', message, nonRetryable: true });
}

function patchFor(
  progress: Exclude<Progress, { kind: 'object' }>,
  run: RunDoc,
  evidence: Record<string, unknown> | null,
  now: string,
): RunPatch {
  switch (progress.kind) {
    case 'step':
      return { step: progress.step, object: progress.object };
    case 'attention': {
      const { attention } = progress;
      const same = run.attention?.reason === attention.reason && run.attention.object === attention.object;
      const since = same && run.attention ? run.attention.since : now;
      return { status: 'needs_attention', attention: { ...attention, since, evidence }, waitingUntil: null };
    }
    case 'reminded':
      return run.attention ? { attention: { ...run.attention, remindedAt: now } } : {};
    case 'going':
      return { status: 'running', attention: null, waitingUntil: null, waitingCode: null };
    case 'paused':
      return { status: 'paused', waitingUntil: null, waitingCode: null };
    case 'waiting':
      return { waitingUntil: progress.until, waitingCode: progress.code };
  }
}

/** What the transfer left beside its question: it may hold samples of records, so it went past history. */
async function evidenceOf(
  deps: ActivityDeps,
  ref: RunRef,
  { attention }: Extract<Progress, { kind: 'attention' }>,
): Promise<Record<string, unknown> | null> {
  if (!attention.object || !attention.code) return null;
  const sides = await deps.store.transfers.get(ref, attention.object);
  return sides?.apply.question?.code === attention.code ? sides.apply.question.evidence : null;
}
