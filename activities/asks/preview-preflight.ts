import type { Ask } from '../../workflows/contract/activities.js';
import { inRunOrder } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import { providerOf } from '../open-run.js';
import { look } from '../preflight/look.js';
import { storyWarnings } from '../preflight/preflight.js';
import { syncable } from '../providers/provider-sync.js';
import { installedApp } from './app.js';

/** The API answers within 30 s whatever the host does. */
const PATIENCE_MS = 22_000;

const sentence = `The provider did not answer within ${PATIENCE_MS / 1000} s. Nothing was read or written. Check the connection, then try again.`;
const SILENT = {
  ...{ blockers: [{ code: 'timeout', message: sentence }], warnings: [], account: null },
  ...{ totals: {}, duplicates: {}, sentence },
};

/** What a run would meet, without making one. */
export async function previewPreflight(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'preflight' }>,
  signal: AbortSignal,
): Promise<unknown> {
  const app = await installedApp(deps, ask.workspaceId, ask.appId);
  const { kind = 'import' } = ask;
  const wanted = inRunOrder(ask.objects ?? app.scope);
  const objects = kind === 'sync' ? syncable(providerOf(deps, app.providerId), wanted) : wanted;
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const asked = { objects, adoptProposal: false, kind };
  const found = await look(deps, app, asked, AbortSignal.any([signal, patience])).catch((error: unknown) => {
    if (signal.aborted || !patience.aborted) throw error;
    return null;
  });
  if (!found) return SILENT;
  const { blockers, warnings, account, totals, duplicates } = found;
  const told = kind === 'sync' ? storyWarnings(app, false) : [];
  return {
    blockers,
    warnings: [...warnings, ...told],
    account,
    totals,
    duplicates,
    sentence: found.sentence,
  };
}
