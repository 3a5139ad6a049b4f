import { ProviderFailure } from '../providers/provider.js';
import type { ActivityDeps } from '../deps.js';
import type { AppDoc } from '../store/documents.js';

/** An app that is installed; one that was uninstalled meanwhile is an answer, not a bug. */
export async function installedApp(deps: ActivityDeps, workspaceId: string, appId: string): Promise<AppDoc> {
  const app = await deps.store.apps.get(workspaceId, appId);
  if (!app || app.removedAt) throw new ProviderFailure('superseded', 'The app was uninstalled meanwhile.');
  return app;
}
