import { createFilesProvider } from '../../activities/providers/files/provider.js';
import type { FileReader } from '../../activities/providers/provider.js';
import { inspect } from '../providers/files/stored-file.js';
import { connectionOf } from './opening.js';
import { describeProvider } from './provider.js';

const ROWS = 2_600;

describeProvider('uploaded files', async () => {
  const ids = Array.from({ length: ROWS }, (_, n) => `r${n}`);
  const { inspection, chunks } = await inspect(
    `id,name,email\n${ids.map((id) => `${id},Person ${id},${id}@files.example`).join('\n')}\n`,
  );
  const { proposedMapping } = inspection;
  const provider = createFilesProvider();
  const reader = (chunksFrom: FileReader['chunks']): FileReader => ({
    describe: async (object) =>
      object === 'contacts'
        ? {
            ...{ fileId: 'f', name: 'people.csv', kind: inspection.kind, rows: inspection.rows },
            ...{ columns: inspection.columns.map(({ name }) => name), locale: inspection.locale },
          }
        : null,
    chunks: chunksFrom,
  });
  // As from the store: new objects at each reading.
  const stored = reader(async function* (_fileId, from) {
    for (const chunk of chunks.slice(from)) yield structuredClone(chunk);
  });
  const silent = reader(async function* (_fileId, _from, signal) {
    yield* [];
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('Aborted.'))));
  });
  const open = (files: FileReader) => (opening?: Parameters<typeof connectionOf>[2]) =>
    provider.open({
      ...connectionOf({}, {}, opening),
      ...{ appId: 'app-1', files },
      mapping: { objects: proposedMapping ? { contacts: proposedMapping } : {}, owners: {}, statuses: {} },
    });
  return {
    description: provider,
    account: { id: 'app-1', name: 'Files' },
    objects: [{ object: 'contacts', ids: () => ids, total: () => ROWS, change: null }],
    open: open(stored),
    refused: null,
    openStalled: open(silent),
  };
});
