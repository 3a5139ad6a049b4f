import type { ProviderDescription } from '../activities/providers/provider.js';
import { syncable } from '../activities/providers/provider-sync.js';
import type { LockEvidence } from '../activities/records/retry-lock.js';
import type { AppDoc } from '../activities/store/documents.js';
import type { RunDoc } from '../activities/store/run-documents.js';
import type { RunKind } from '../workflows/contract/status.js';

/** Why a run of this kind would be refused, as far as it is known without asking the provider. Null: it would start. */
export function whyNot(
  kind: RunKind,
  app: AppDoc,
  description: ProviderDescription,
  live: readonly Pick<RunDoc, 'runId'>[],
  lock: LockEvidence | null,
): { code: string; message: string } | null {
  const no = (code: string, message: string) => ({ code, message });
  if (!description.actions[kind]) {
    return no('action_not_supported', `${description.name} does not offer ${kind}s.`);
  }
  if (kind === 'sync' && syncable(description, app.scope).length === 0) {
    return no('action_not_supported', `${description.name} does not offer syncs of ${app.scope.join(', ')}.`);
  }
  if (app.connection.status !== 'ready') {
    const status = app.login ? 'pending: the log-in has to be confirmed' : app.connection.status;
    return no('connection_not_ready', `The connection is ${status}.`);
  }
  if (live[0]) return no('run_already_active', `Run ${live[0].runId} is live.`);
  if (lock) {
    return no('retry_locked', `Locked after run ${lock.runId}: ${lock.cause.message} ${lock.howToOpen}`);
  }
  return app.paused ? no('app_paused', 'The app is paused.') : null;
}
