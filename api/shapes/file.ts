import { z } from 'zod';
import type { FileDoc } from '../../activities/store/documents.js';
import { actor, given, objectName, time } from './common.js';

const column = z.object({
  name: z.string(),
  filled: z.int(),
  unique: z.boolean(),
  samples: z.array(z.string()),
  looksLike: z.string().nullable(),
});

export const file = z
  .object({
    fileId: z.string(),
    appId: z.string(),
    object: objectName,
    name: z.string(),
    kind: z.enum(['csv', 'xlsx', 'ndjson', 'vcard']),
    contentType: z.string().nullable(),
    size: z.int().meta({ description: 'Bytes' }),
    sha256: z.string(),
    uploadedAt: time,
    uploadedBy: actor,
    inspection: z.enum(['pending', 'done', 'failed']),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    rows: z.int().optional(),
    columns: z.array(column).optional(),
    sheets: z.array(z.object({ name: z.string(), rows: z.int() })).optional(),
    sheet: z.string().nullable().optional(),
    headerRow: z.int().nullable().optional(),
    encoding: z.string().nullable().optional(),
    delimiter: z.string().nullable().optional(),
    locale: z.string().nullable().optional(),
    proposedMapping: z.looseObject({}).nullable().optional(),
    mappingClear: z.boolean().optional(),
    mappingWhy: z.array(z.string()).optional(),
    warnings: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'File' });

export type FileShape = z.infer<typeof file>;

export function viewFile(doc: FileDoc): FileShape {
  const { fileId, appId, object, name, kind, contentType, size, sha256, uploadedAt, uploadedBy } = doc;
  return {
    fileId,
    appId,
    object,
    name,
    kind,
    contentType,
    size,
    sha256,
    uploadedAt,
    uploadedBy,
    inspection: doc.inspection,
    ...given({ error: doc.error ?? undefined }),
    ...(doc.result ? inspectionView(doc.result) : {}),
  };
}

function inspectionView(result: NonNullable<FileDoc['result']>): Partial<FileShape> {
  const { rows, columns, sheets, sheet, headerRow, encoding, delimiter, locale } = result;
  const { proposedMapping, mappingClear, mappingWhy, warnings } = result;
  return {
    rows,
    columns,
    ...(sheets.length > 0 ? { sheets, sheet } : {}),
    headerRow,
    encoding,
    delimiter,
    locale,
    proposedMapping: proposedMapping === null ? null : { ...proposedMapping },
    mappingClear,
    mappingWhy,
    warnings,
  };
}
