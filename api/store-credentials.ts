import type { AppDoc } from '../activities/store/documents.js';
import type { Call } from './endpoint.js';
import { audited } from './lookup.js';

/** Seals and stores; from here on nobody can read them but a worker. `credentials` were checked against the provider's schema. */
export async function storeCredentials(
  call: Pick<Call, 'deps' | 'caller' | 'now' | 'token'>,
  { workspaceId, appId }: Pick<AppDoc, 'workspaceId' | 'appId'>,
  credentials: unknown,
): Promise<void> {
  const { deps, caller, now } = call;
  const sealed = await deps.sealer.seal({ workspaceId, appId }, JSON.stringify(credentials));
  await deps.store.credentials.put({ workspaceId, appId, sealed });
  await deps.store.apps.patch(workspaceId, appId, { credentials: { enteredAt: now, by: caller.actor } });
  await audited(call, 'credentials.entered', appId);
}
