import type { Ask } from '../../workflows/contract/activities.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import { ProviderFailure } from '../providers/provider.js';
import { isListOf } from '../providers/files/error-column.js';
import type { AppDoc } from '../store/documents.js';
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
    isErrorList: (columns) => isErrorList(deps, app, file.object, columns),
    writeChunk: (chunk) => files.putChunk(workspaceId, appId, fileId, chunk),
    signal,
  });
  // Files go only with their app: what was read since goes the same way.
  if (!(await files.get(workspaceId, appId, fileId))) {
    await files.removeAll(workspaceId, appId);
    throw new ProviderFailure('superseded', 'The file was removed meanwhile.');
  }
  const outcome = inspected.ok
    ? ({ inspection: 'done', result: inspected.inspection, error: null } as const)
    : ({ inspection: 'failed', result: null, error: inspected.error } as const);
  await files.update(workspaceId, appId, fileId, outcome);
  return { inspection: outcome.inspection };
}

const RUNS_LOOKED_AT = 50;

/** Only where one of the app's last runs has such a list to give: it read a file of the same columns, and rows of it failed. */
async function isErrorList(
  { store }: ActivityDeps,
  app: AppDoc,
  object: ObjectName,
  columns: readonly string[],
): Promise<boolean> {
  const { workspaceId, appId } = app;
  const { items } = await store.runs.list(workspaceId, { appId }, { limit: RUNS_LOOKED_AT });
  for (const run of items) {
    const fileId = run.pinned?.files[object];
    const earlier = fileId === undefined ? null : await store.files.get(workspaceId, appId, fileId);
    const names = earlier?.result?.columns.map(({ name }) => name) ?? [];
    if (!isListOf(names, columns, app.mapping.objects[object])) continue;
    const failed = await store.problems.list(run, { object, severity: 'failed' }, { limit: 1 });
    if (failed.items.length > 0) return true;
  }
  return false;
}
