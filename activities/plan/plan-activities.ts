import type { Activities } from '../../workflows/contract/activities.js';
import { whileBeating } from '../beat.js';
import type { ActivityDeps } from '../deps.js';
import { bug, openRun, providerOf } from '../open-run.js';
import { rulesOf } from '../preflight/rules.js';
import type { RunDoc } from '../store/run-documents.js';
import { lookAgain } from './look-again.js';
import { summedUp } from './seal.js';

type PlanActivities = Pick<Activities, 'sealPlan' | 'recordPlanDecision' | 'clearPlan'>;

const LIVE = ['running', 'paused', 'needs_attention'] as const;

/** Around a plan: summing up, a person's decision, and making room for what follows. Each states, so that a repeat changes nothing. */
export function createPlanActivities(deps: ActivityDeps): PlanActivities {
  const { store } = deps;
  return {
    sealPlan: ({ ref, objects }) =>
      whileBeating(async () => {
        const { pinned } = await openRun(deps, ref);
        const plan = await summedUp(store, ref, pinned, objects, deps.now());
        // An attempt that comes late must not unsay what a person decided on the same plan.
        const { run } = await openRun(deps, ref);
        const applied = run.plan?.hash === plan.hash ? run.plan.applied : null;
        await store.runs.patch(ref.workspaceId, ref.runId, { plan: { ...plan, applied } }, { status: LIVE });
        return { hash: plan.hash };
      }),
    recordPlanDecision: ({ ref, planHash, decided }) =>
      whileBeating(async () => {
        const { run } = await openRun(deps, ref);
        if (run.plan?.hash !== planHash) return;
        const going = { status: 'running', attention: null } as const;
        const at = deps.now().toISOString();
        const plan =
          decided.decision === 'apply'
            ? { ...run.plan, applied: { at, by: decided.actor, onDrift: decided.onDrift } }
            : null;
        await store.runs.patch(ref.workspaceId, ref.runId, { ...going, plan }, { status: LIVE });
      }),
    clearPlan: ({ ref, objects, round, again }) =>
      whileBeating(async (signal) => {
        const { run } = await openRun(deps, ref);
        // First nobody may go on with the old plan, then what it kept goes. Who comes late finds the new one begun.
        const begun = again
          ? await Promise.all(objects.map((object) => store.plans.restart(ref, object, round)))
          : [];
        signal.throwIfAborted();
        if (begun.some((pages) => pages > 0)) return;
        await store.plans.forget(ref, again ? 'all' : 'aids');
        signal.throwIfAborted();
        if (again) await pinAnew(deps, run, signal);
      }),
  };
}

/** Mapping, policies and members as they are today, and what is to be said of them; account, files and what was staged stay. */
async function pinAnew(deps: ActivityDeps, run: RunDoc, signal: AbortSignal): Promise<void> {
  const { store } = deps;
  const app = await store.apps.get(run.workspaceId, run.appId);
  if (!app || !run.pinned) throw bug(`There is no app ${run.appId}, or its run was not pinned.`);
  const provider = providerOf(deps, run.providerId);
  const { rules, mappingVersion } = await rulesOf(deps, app, provider, {
    ...{ objects: run.scope, adoptProposal: false },
  });
  const pinned = { ...run.pinned, rules, mappingVersion };
  const findings = await lookAgain(deps, app, run, pinned, signal);
  await store.runs.patch(run.workspaceId, run.runId, { pinned, ...findings });
}
