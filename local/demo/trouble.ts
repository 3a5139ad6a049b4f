import type { ApiClient } from '../api-client.js';
import { acceptAll, showBooks } from './review.js';
import type { Say } from './say.js';

/** Ids of its own, one address that is here already, a date that is none, a name that is missing, a status nobody knows. */
const TROUBLE = `Id,Name,E-mail,Birthday,Status
T-1,Fresh Row,fresh.row@trouble.example,1980-02-28,active
T-2,Impossible Birthday,impossible@trouble.example,1980-02-30,active
T-3,,nameless@trouble.example,,active
T-4,Same Address Again,fresh.row@trouble.example,,active
T-5,Unknown Status,unknown.status@trouble.example,,VIP forever
`;

interface Problem {
  position?: string;
  code: string;
  field?: string;
  value?: string;
  message: string;
}

/** A file as it really comes: each trouble is listed, and costs nothing else. */
export async function importTrouble(api: ApiClient, say: Say): Promise<string> {
  say.title('A file with broken rows, a duplicate and a status that is not mapped');
  const { appId } = await api.post<{ appId: string }>('/v1/apps', { providerId: 'files', name: 'Trouble' });
  await api.upload(`/v1/apps/${appId}/files?object=contacts&name=trouble.csv`, TROUBLE, 'text/csv');
  const { runId } = await api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, {
    kind: 'import',
    objects: ['contacts'],
  });
  const run = await acceptAll(api, say, runId);
  showBooks(say, run);
  const { items } = await api.get<{ items: Problem[] }>(`/v1/runs/${runId}/problems`);
  say.table(
    items.map(({ position, code, field, value, message }) => ({
      line: position,
      code,
      field,
      value,
      message,
    })),
  );
  return runId;
}

/** Imports the second book of a new app and takes one object back: the store is as before, and the run says so. */
export async function undoOneObject(api: ApiClient, say: Say, runId: string): Promise<void> {
  say.title('Undo of one object');
  const preview = await api.post(`/v1/runs/${runId}/cleanup?dryRun=true`, {
    mode: 'undo',
    object: 'contacts',
    note: 'Only looking.',
  });
  say.line(
    `   Preview: ${String(preview['remove'])} to remove, ${String(preview['restore'])} to restore, ${String(preview['keep'])} to keep.`,
  );
  await api.post(`/v1/runs/${runId}/cleanup`, {
    mode: 'undo',
    object: 'contacts',
    note: 'It was only a demo.',
  });
  const run = await api.untilRun(runId, (seen) => seen.cleanup?.state === 'done');
  say.line(
    `   Done: ${run.cleanup?.remove ?? 0} removed, ${run.cleanup?.restore ?? 0} restored, ${run.cleanup?.keep ?? 0} kept.`,
  );
  if (run.cleanup?.remove !== preview['remove']) throw new Error('The undo differs from its preview.');
}
