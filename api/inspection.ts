import type { FileDoc } from '../activities/store/documents.js';
import type { Call } from './endpoint.js';
import { poll } from './ask.js';
import { TemporalUnavailable } from './workflow-gateway.js';

/**
 * Has a worker read an uploaded file, and waits for it at the most `ms`. The file comes back as it then is: with no worker
 * there it stays `pending` and is read when one comes. Asking again for a file that is being read is harmless.
 */
export async function inspected(deps: Call['deps'], file: FileDoc, ms: number): Promise<FileDoc> {
  if (file.inspection !== 'pending') return file;
  const { workspaceId, appId, fileId } = file;
  try {
    await deps.workflows.ask({ answerId: fileId, ask: { about: 'inspect', workspaceId, appId, fileId } });
  } catch (error) {
    if (error instanceof TemporalUnavailable) return file;
    throw error;
  }
  const done = await poll(ms, async () => {
    const now = await deps.store.files.get(workspaceId, appId, fileId);
    return now && now.inspection !== 'pending' ? now : null;
  });
  return done ?? file;
}
