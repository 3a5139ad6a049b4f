import { z } from 'zod';
import { effectiveMapping } from '../../activities/records/effective-mapping.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { DECISION_PROBLEMS, accepted, decide, liveRunOf } from '../decide.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { describedBy } from '../lookup.js';
import { given, id } from '../shapes/common.js';
import { run } from '../shapes/run.js';

const params = z.strictObject({ runId: id });

const ERRORS = ['not_found', 'nothing_planned', 'run_ended', 'run_not_live', ...DECISION_PROBLEMS] as const;

export const applyPlan = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/apply',
  tag: 'Reviews',
  summary: 'Apply a plan',
  description:
    'Applies exactly the pages that were planned, with no request to the provider, and goes on as an import does. A record that would be decided otherwise by now is left out and listed with the code `plan_drifted` (`onDrift` skip), or the run asks before its page is written (refuse); what nobody decided on may change freely.',
  access: 'operator',
  params,
  body: z.strictObject({
    planHash: z.string().min(1).max(200).meta({ description: "From the run's `plan`" }),
    onDrift: z.enum(['skip', 'refuse'], 'Must be skip or refuse').optional(),
  }),
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
  errors: [...ERRORS, 'plan_outdated', 'mapping_needed'],
  async handle(call) {
    const { planHash, onDrift } = call.body;
    const { actor } = call.caller;
    const live = await liveRunOf(call);
    refuseBlocked(live);
    await decide(call, live, (notAfter) => ({
      name: 'applyPlan',
      message: { planHash, notAfter, actor, ...given({ onDrift }) },
    }));
    return accepted(call, 'run.plan_applied', { planHash, onDrift: onDrift ?? 'skip' });
  },
});

/** A plan made anew may have found that its mapping cannot work: all that it says then is that everything fails. */
function refuseBlocked({ blockers }: RunDoc): void {
  const [first] = blockers;
  if (!first) return;
  throw new Problem(
    'mapping_needed',
    `Nothing was written, and this plan cannot be applied. ${first.message}`,
    {
      blockers,
    },
  );
}

/** Ids and groups were made when the source was read: under another key the staged records would be others. */
async function refuseOtherIds(call: Pick<Call, 'deps'>, run: RunDoc): Promise<void> {
  const app = await call.deps.store.apps.get(run.workspaceId, run.appId);
  const pinned = run.pinned?.rules.mapping.objects;
  if (!app || !pinned) return;
  const { objects } = effectiveMapping(
    describedBy(call.deps.descriptions, run.providerId).objects,
    app.mapping,
  );
  for (const object of run.scope) {
    const [before, today] = [pinned[object], objects[object]].map((each) =>
      JSON.stringify([each?.key ?? [], each?.group ?? false]),
    );
    if (before === today) continue;
    throw new Problem(
      'source_identity_changed',
      `The key or the grouping of ${object} was changed since the source was read. The plan stays as it is and nothing was written. Cancel this run and start a new plan, or put the old key back.`,
      { object },
    );
  }
}

export const replan = endpoint({
  method: 'post',
  path: '/v1/runs/{runId}/plan',
  tag: 'Reviews',
  summary: 'Plan the same source anew',
  description:
    "Decides the staged pages again with today's mapping, policies and members, without a request to the provider. The plan gets a new hash.",
  access: 'operator',
  params,
  idempotency: 'remembered',
  answers: { 202: { description: 'The run', schema: run } },
  errors: [...ERRORS, 'source_identity_changed'],
  async handle(call) {
    const { actor } = call.caller;
    const live = await liveRunOf(call);
    await refuseOtherIds(call, live);
    await decide(call, live, (notAfter) => ({
      name: 'replan',
      message: { notAfter, actor },
    }));
    return accepted(call, 'run.replanned');
  },
});
