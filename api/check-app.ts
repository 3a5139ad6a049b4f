import type { AppDoc } from '../activities/store/documents.js';
import { ask } from './ask.js';
import type { ApiDeps } from './deps.js';
import { connectionCheck, type ConnectionCheckShape } from './shapes/app.js';

/** The worker gives up on a host that does not answer before this. */
const CHECK_MS = 27_000;

/**
 * Has a worker test the connection now; it notes on the app what it found. Answers within 30 s whatever the host does. Success wakes a
 * run that parked for its connection. Throws `WorkerSilent`, `TemporalUnavailable`, `StoreUnavailable`.
 */
export async function checkApp(
  deps: Pick<ApiDeps, 'store' | 'workflows' | 'newId'>,
  app: AppDoc,
): Promise<ConnectionCheckShape> {
  const { workspaceId, appId } = app;
  const answer = await ask(deps, { about: 'check', workspaceId, appId }, CHECK_MS);
  if (!answer)
    return failed('timeout', 'The provider did not answer in time. Nothing was read or written. Try again.');
  if ('error' in answer) return failed(answer.error.code, answer.error.message);
  const found = connectionCheck.parse(answer.result);
  if (found.status === 'ready') await wakeParked(deps, app);
  return found;
}

async function wakeParked(
  { store, workflows }: Pick<ApiDeps, 'store' | 'workflows'>,
  app: AppDoc,
): Promise<void> {
  const live = await store.runs.live(app.workspaceId, app.appId);
  const parked = live.some(
    ({ attention }) => attention?.reason === 'reconnect' || attention?.reason === 'permission',
  );
  if (parked) await workflows.connectionReady(app);
}

function failed(code: string, message: string): ConnectionCheckShape {
  return { status: 'needs_attention', account: null, objects: [], problems: [{ code, message }] };
}
