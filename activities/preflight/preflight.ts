import type { Activities, PreflightResult } from '../../workflows/contract/activities.js';
import type { FailureInfo } from '../../workflows/contract/failures.js';
import { isFailureCode } from '../../workflows/contract/failures.js';
import { inRunOrder } from '../../workflows/contract/objects.js';
import type { ReviewMode } from '../../workflows/contract/status.js';
import type { ActivityDeps } from '../deps.js';
import { whileBeating } from '../beat.js';
import { createCloseRun } from '../close-run.js';
import { markConnection } from '../mark-connection.js';
import { nextTry } from '../next-try.js';
import { bug } from '../open-run.js';
import type { AppDoc } from '../store/documents.js';
import type { Finding, RunDoc } from '../store/run-documents.js';
import { look } from './look.js';

/**
 * Looks, pins the versions on the run, and says whether it may go on. Repeatable: it states what it finds each time, and
 * runs of this app whose workflow was terminated are fenced before anything is read.
 */
export function createPreflight(deps: ActivityDeps): Activities['preflight'] {
  const { store } = deps;
  return (ref) =>
    whileBeating(async (signal) => {
      const [run, app] = await Promise.all([
        store.runs.get(ref.workspaceId, ref.runId),
        store.apps.get(ref.workspaceId, ref.appId),
      ]);
      if (!run || !app) throw bug(`There is no run ${ref.runId} of an app ${ref.appId}.`);
      await closeLeftovers(deps, run);
      const objects = inRunOrder(run.scope);
      const firstRun = app.lastImportedAt === null && app.lastSyncedAt === null;
      const limit = run.options.limit === undefined ? {} : { limit: run.options.limit };
      const found = await look(deps, app, { objects, adoptProposal: true, kind: run.kind, ...limit }, signal);
      const review = reviewModeOf(run, app, firstRun);
      const first = run.mode === 'plan' ? { planFirst: true as const } : {};
      const { away } = found;
      if (away && found.blockers.length === 1) {
        const until = nextTry(away, run.startedAt ?? run.createdAt, deps.now());
        return { ...resultOf([], objects, review, app), ...first, wait: { until, code: away.code } };
      }
      await store.runs.patch(ref.workspaceId, ref.runId, {
        blockers: found.blockers,
        warnings: [...found.warnings, ...storyWarnings(app, firstRun && run.kind === 'import')],
        pinned: {
          ...{ origin: found.origin, rules: found.rules, mappingVersion: found.mappingVersion },
          ...{ settings: app.settings, files: found.files, locales: found.locales },
          ...{ account: found.account, reviewMode: review, firstRun },
        },
      });
      for (const object of objects) {
        const providerTotal = found.totals[object] ?? null;
        const since = run.kind === 'sync' ? { since: found.since[object] ?? null } : {};
        await store.runs.patchObject(ref.workspaceId, ref.runId, object, { providerTotal, ...since });
      }
      const result = resultOf(found.blockers, objects, review, app);
      // No run and no schedule can do anything before somebody logs in again.
      if (result.blocked?.code === 'token_revoked') await markConnection(deps, ref, result.blocked);
      return { ...result, ...first };
    });
}

function resultOf(
  blockers: Finding[],
  objects: PreflightResult['objects'],
  review: ReviewMode,
  app: AppDoc,
): PreflightResult {
  const { reminderHours } = app.policies;
  return { blocked: blockerOf(blockers), objects, review, reminderHours };
}

function blockerOf(blockers: Finding[]): FailureInfo | null {
  const [first] = blockers;
  if (!first) return null;
  return { code: isFailureCode(first.code) ? first.code : 'bug', message: first.message };
}

/** As the start asked; else the app's policy; else each object for an app's first run and for imports of several objects. */
export function reviewModeOf(run: RunDoc, app: AppDoc, firstRun: boolean): ReviewMode {
  if (run.reviewAsked) return run.reviewAsked;
  if (app.policies.review) return app.policies.review;
  return firstRun || (run.kind === 'import' && run.scope.length > 1) ? 'each_object' : 'on_findings';
}

export function storyWarnings(app: AppDoc, firstRun: boolean): Finding[] {
  const warnings: Finding[] = [];
  if (firstRun) warnings.push({ code: 'first_run', message: 'This app has imported nothing yet.' });
  if (app.lastError) {
    const { code, message, at } = app.lastError;
    warnings.push({ code: 'last_error', message: `The last run failed (${code}): ${message}`, at });
  }
  return warnings;
}

/** We own the app's one workflow id: any other run of it that looks alive has lost its workflow. */
async function closeLeftovers(deps: ActivityDeps, run: RunDoc): Promise<void> {
  const { store, now } = deps;
  const live = await store.runs.live(run.workspaceId, run.appId);
  for (const other of live) {
    if (other.runId === run.runId || other.startedAt === null) continue;
    await createCloseRun(deps)({
      ref: other,
      status: 'failed',
      error: {
        code: 'superseded',
        message:
          'Its workflow was ended from outside (terminated). What it wrote is listed and can be undone.',
      },
    });
    await store.holds.end(other.workspaceId, other.runId, 'sweeper', now().toISOString());
  }
}
