import { randomUUID } from 'node:crypto';
import type { AppDoc, FileDoc } from '../../activities/store/documents.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { must, type House } from './activity-house.js';

/** Puts a file in place as the API does, not read yet. */
export async function putFile(
  house: House,
  { workspaceId, appId }: Pick<AppDoc, 'workspaceId' | 'appId'>,
  text: string,
  object: ObjectName = 'contacts',
): Promise<FileDoc> {
  const { files } = house.store;
  const bytes = Buffer.from(text);
  const fileId = house.deps.newId();
  await files.upload(workspaceId, appId, fileId, chunksOf(bytes));
  const file: FileDoc = {
    ...{ workspaceId, appId, fileId, object, name: `${object}.csv`, contentType: 'text/csv' },
    ...{ size: bytes.length, sha256: randomUUID(), kind: 'csv', hints: {} },
    ...{ uploadedAt: new Date().toISOString(), uploadedBy: { id: 'ann', name: 'Ann' } },
    ...{ inspection: 'pending', result: null, error: null },
  };
  await files.insert(file);
  return file;
}

/** The same, and read from end to end. */
export async function uploadFile(
  house: House,
  app: Pick<AppDoc, 'workspaceId' | 'appId'>,
  text: string,
  object: ObjectName = 'contacts',
): Promise<FileDoc> {
  const { workspaceId, appId, fileId } = await putFile(house, app, text, object);
  await house.ask({ about: 'inspect', workspaceId, appId, fileId });
  return must(await house.store.files.get(workspaceId, appId, fileId));
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
