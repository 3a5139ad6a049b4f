import { z } from 'zod';
import type { FileDoc } from '../../activities/store/documents.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem } from '../errors.js';
import { idempotencyKey } from '../idempotency.js';
import { inspected } from '../inspection.js';
import { appOf, audited, describedBy } from '../lookup.js';
import { given, id, objectName } from '../shapes/common.js';
import type { Reply } from '../reply.js';
import { file, viewFile } from '../shapes/file.js';
import { receive } from '../upload.js';

/** The answer comes by then, with or without the inspection. */
const INSPECTION_MS = 8_000;

const query = z.strictObject({
  object: objectName.meta({ description: 'What the rows are' }),
  name: z.string().trim().min(1).max(255).default('upload').meta({ description: "The file's name" }),
  sheet: z.string().min(1).max(255).optional().meta({ description: 'XLSX: the sheet to read' }),
  headerRow: z.coerce
    .number('Must be a row number from 1')
    .int('Must be a row number from 1')
    .min(1, 'Must be a row number from 1')
    .max(1000, 'Must be within the first 1,000 rows')
    .optional(),
  encoding: z.string().min(1).max(40).optional(),
  delimiter: z
    .string()
    .min(1)
    .max(5)
    .transform((text) => (text === '\\t' || text === 'tab' ? '\t' : text))
    .optional(),
  locale: z.string().max(35).refine(isLocale, 'Must be a language tag such as de-DE').optional(),
});

function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}

export const uploadFile = endpoint({
  method: 'post',
  path: '/v1/apps/{appId}/files',
  tag: 'Files',
  summary: 'Upload a file for the file provider',
  description:
    'The body is the file itself, streamed. Its `Content-Type`, name and first bytes tell the kind: CSV or TSV, XLSX, NDJSON, vCard. The newest file of an object is what a run reads.',
  access: 'operator',
  params: z.strictObject({ appId: id }),
  query,
  rawBody: true,
  idempotency: 'by_content',
  answersWithinMs: null,
  answers: { 201: { description: 'Stored; `inspection` says whether it was read already', schema: file } },
  errors: [
    'not_found',
    'action_not_supported',
    'object_out_of_scope',
    'file_empty',
    'too_large',
    'unsupported_media_type',
    'file_kind_unsupported',
    'request_timeout',
    'store_unavailable',
  ],
  handle: (call) => drained(call, () => upload(call)),
});

type UploadCall = Call<{ appId: string }, z.output<typeof query>>;

async function upload(call: UploadCall): Promise<Reply> {
  const { deps, caller, query: said, req, now } = call;
  const app = await appOf(call);
  const description = describedBy(deps.descriptions, app.providerId);
  if (!description.auth.includes('file')) {
    throw new Problem(
      'action_not_supported',
      `${description.name} reads from its server, not from files. Nothing was stored. Install the file provider for this file.`,
    );
  }
  if (!app.scope.includes(said.object)) throw outOfScope(said.object, app.scope);
  const contentType = req.headers['content-type'] ?? null;
  const name = plainName(said.name);
  refuseWrapped(contentType, req.headers['content-encoding']);
  const received = await receive(
    req,
    announcedSize(req.headers['content-length']),
    { xlsx: deps.settings.maxXlsxBytes, others: deps.settings.maxUploadBytes },
    (head) => {
      const judged = deps.sniff(head, { name, contentType, ...given({ encoding: said.encoding }) });
      if (!judged.ok) throw new Problem(judged.code, judged.message);
      const mayHoldZeros = judged.kind === 'xlsx' || judged.wide === true;
      return { kind: judged.kind, zeroAt: mayHoldZeros ? null : refuseZero };
    },
  );
  const fileId = deps.newId();
  await deps.store.files.upload(caller.workspaceId, app.appId, fileId, received.bytes);
  // Uninstalled while the bytes came in: they belong to no file and are swept.
  await appOf(call);
  const { sheet, headerRow, encoding, delimiter, locale } = said;
  const doc: FileDoc = {
    workspaceId: caller.workspaceId,
    appId: app.appId,
    fileId,
    object: said.object,
    name,
    contentType,
    size: received.size(),
    sha256: received.sha256(),
    kind: received.kind,
    hints: given({ sheet, headerRow, encoding, delimiter, locale }),
    uploadedAt: now,
    uploadedBy: caller.actor,
    inspection: 'pending',
    result: null,
    error: null,
  };
  // A repeated upload answers the first one's file; its own bytes belong to no file and are swept.
  return call.once.answer(
    {
      workspaceId: caller.workspaceId,
      route: `${req.method} ${req.path}`,
      key: idempotencyKey(req.headers['idempotency-key']),
      request: { query: req.query, sha256: doc.sha256 },
      remember: true,
    },
    () => keep(call, doc),
  );
}

async function keep(call: UploadCall, doc: FileDoc): Promise<Reply> {
  await call.deps.store.files.insert(doc);
  const { fileId, object, name, size } = doc;
  await audited(call, 'file.uploaded', doc.appId, { fileId, object, name, size });
  return { status: 201, body: viewFile(await inspected(call.deps, doc, INSPECTION_MS)) };
}

/** A refused upload is read to its end for a while, so that the client sees the answer and not a broken connection. */
async function drained(call: UploadCall, work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    const { req, res } = call;
    res.set('Connection', 'close');
    req.resume();
    setTimeout(() => req.destroy(), 10_000).unref();
    throw error;
  }
}

function outOfScope(object: string, scope: readonly string[]): Problem {
  return new Problem(
    'object_out_of_scope',
    `${object} is not in this app's scope (${scope.join(', ')}). Nothing was stored. Add it to the scope first.`,
    { object, scope },
  );
}

/** The body is the file and nothing around it: a form's boundaries would be read as rows. */
function refuseWrapped(contentType: string | null, encoding: string | undefined): void {
  if (contentType?.toLowerCase().startsWith('multipart/')) {
    throw new Problem(
      'unsupported_media_type',
      'The body is a form. It was not stored. Send the file itself as the body, not as a field of a form.',
    );
  }
  if (encoding === undefined || encoding === 'identity') return;
  throw new Problem(
    'unsupported_media_type',
    `The body is sent with Content-Encoding ${JSON.stringify(encoding)}. It was not stored. Send the file as it is.`,
  );
}

function announcedSize(header: string | undefined): number | null {
  const size = Number(header);
  return header !== undefined && Number.isSafeInteger(size) ? size : null;
}

/** A zero byte beyond the first 64 KiB: found while the file streams in, before anything keeps it. */
function refuseZero(at: number): Problem {
  return new Problem(
    'file_kind_unsupported',
    `The file begins as text, but its byte ${at + 1} is a zero byte, which of all text only UTF-16 has: it cannot be read. Nothing was stored. Export the file again as CSV or NDJSON in UTF-8.`,
  );
}

/** The last part of a path, without control characters: it is shown to people and written into messages. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  return last.replace(/\p{Cc}/gu, '').trim() || 'upload';
}
