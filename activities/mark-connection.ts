import type { FailureInfo } from '../workflows/contract/failures.js';
import type { RunRef } from '../workflows/contract/ids.js';
import type { ActivityDeps } from './deps.js';

/** A run met something that only a person can put right at the provider. A check that succeeds takes it back. */
export async function markConnection(
  { store, now }: Pick<ActivityDeps, 'store' | 'now'>,
  ref: Pick<RunRef, 'workspaceId' | 'appId'>,
  { code, message }: FailureInfo,
): Promise<void> {
  const app = await store.apps.get(ref.workspaceId, ref.appId);
  if (!app) return;
  await store.apps.patch(ref.workspaceId, ref.appId, {
    connection: {
      ...app.connection,
      status: 'needs_attention',
      checkedAt: now().toISOString(),
      problems: [{ code, message }],
    },
  });
}
