import type { ProviderDescription } from '../activities/providers/provider.js';
import type { AppDoc } from '../activities/store/documents.js';
import type { RunDoc } from '../activities/store/run-documents.js';
import type { Call } from './endpoint.js';
import { Problem, notFound } from './errors.js';

type Asked<P> = Pick<Call<P>, 'deps' | 'caller' | 'params'>;

/** Another workspace's app, an uninstalled one and an unknown one are the same: not found. */
export async function appOf({ deps, caller, params }: Asked<{ appId: string }>): Promise<AppDoc> {
  const app = await deps.store.apps.get(caller.workspaceId, params.appId);
  if (!app || app.removedAt !== null) throw notFound('app', params.appId);
  return app;
}

export async function runOf({ deps, caller, params }: Asked<{ runId: string }>): Promise<RunDoc> {
  const run = await deps.store.runs.get(caller.workspaceId, params.runId);
  if (!run) throw notFound('run', params.runId);
  return run;
}

export function describedBy(
  descriptions: readonly ProviderDescription[],
  providerId: string,
): ProviderDescription {
  const description = descriptions.find(({ id }) => id === providerId);
  if (description) return description;
  throw new Problem(
    'unknown_provider',
    `There is no provider ${JSON.stringify(providerId)} here. Nothing was changed. Choose one of: ${descriptions.map(({ id }) => id).join(', ')}.`,
    { providers: descriptions.map(({ id }) => id) },
  );
}

/** Who did what. Written after it took effect; a repeated request finds its own entry. */
export async function audited(
  call: Pick<Call, 'deps' | 'caller' | 'now' | 'token'>,
  action: string,
  target: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  const { deps, caller, now, token } = call;
  await deps.store.audit.insert({
    workspaceId: caller.workspaceId,
    auditId: `${token}-${action}`,
    at: now,
    actor: caller.actor,
    action,
    target,
    detail,
  });
}
