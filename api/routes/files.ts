import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { notFound } from '../errors.js';
import { appOf } from '../lookup.js';
import { id, listOf, listQuery, pageOf } from '../shapes/common.js';
import { file, viewFile } from '../shapes/file.js';

export const listFiles = endpoint({
  method: 'get',
  path: '/v1/apps/{appId}/files',
  tag: 'Files',
  summary: "An app's uploaded files, newest first",
  access: 'viewer',
  params: z.strictObject({ appId: id }),
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Files', schema: listOf(file) } },
  errors: ['not_found', 'invalid_cursor'],
  async handle(call) {
    const app = await appOf(call);
    const { items, nextCursor } = await call.deps.store.files.list(
      app.workspaceId,
      app.appId,
      pageOf(call.query),
    );
    return { status: 200, body: { items: items.map(viewFile), nextCursor } };
  },
});

export const getFile = endpoint({
  method: 'get',
  path: '/v1/apps/{appId}/files/{fileId}',
  tag: 'Files',
  summary: 'One uploaded file and what its inspection found',
  access: 'viewer',
  params: z.strictObject({ appId: id, fileId: id }),
  answers: { 200: { description: 'The file', schema: file } },
  errors: ['not_found'],
  async handle(call) {
    const app = await appOf(call);
    const doc = await call.deps.store.files.get(app.workspaceId, app.appId, call.params.fileId);
    if (!doc) throw notFound('file', call.params.fileId);
    return { status: 200, body: viewFile(doc) };
  },
});
