import type { Ask } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { ProviderFailure } from '../providers/provider.js';
import { installedApp } from './app.js';

/** Reads an upload once from end to end: its rows become chunks, and what they say of it is noted on the file. */
export async function inspectUpload(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'inspect' }>,
  signal: AbortSignal,
): Promise<{ inspection: 'done' | 'failed' }> {
  const { workspaceId, appId, fileId } = ask;
  const { files } = deps.store;
  const app = await installedApp(deps, workspaceId, appId);
  const file = await files.get(workspaceId, appId, fileId);
  if (!file) throw new ProviderFailure('file_unreadable', 'The file is not there any more.');
  if (file.inspection !== 'pending') return { inspection: file.inspection };
  await files.clearChunks(workspaceId, appId, fileId);
  const inspected = await deps.inspectFile({
    source: { size: file.size, open: (range) => files.bytes(workspaceId, appId, fileId, range) },
    kind: file.kind,
    object: file.object,
    hints: file.hints,
    settings: app.settings,
    writeChunk: (chunk) => files.putChunk(workspaceId, appId, fileId, chunk),
    signal,
  });
  const outcome = inspected.ok
    ? ({ inspection: 'done', result: inspected.inspection, error: null } as const)
    : ({ inspection: 'failed', result: null, error: inspected.error } as const);
  await files.update(workspaceId, appId, fileId, outcome);
  return { inspection: outcome.inspection };
}
