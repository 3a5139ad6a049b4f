import type { AppDoc, FileDoc } from '../activities/store/documents.js';
import type { ObjectName } from '../workflows/contract/objects.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './errors.js';
import { inspected } from './inspection.js';

/** A start waits so long for files that are still being read. */
const WAIT_MS = 7_000;

/**
 * What a run of a file app would read: the newest file of each object. Throws `no_file`, `inspection_pending`, `file_unreadable`,
 * `mapping_needed`. Without `asked`, every object in scope that has a file.
 */
export async function readyFiles(
  deps: ApiDeps,
  app: AppDoc,
  asked: readonly ObjectName[] | null,
): Promise<ObjectName[]> {
  const objects = asked ?? app.scope;
  const newest = await Promise.all(
    objects.map((object) => deps.store.files.newest(app.workspaceId, app.appId, object)),
  );
  const files = newest.filter((file) => file !== null);
  const missing = objects.filter((_, index) => newest[index] === null);
  if (files.length === 0 || (asked && missing.length > 0)) throw noFile(missing);
  const read = await Promise.all(files.map((file) => inspected(deps, file, WAIT_MS)));
  for (const file of read) refuseUnread(file);
  refuseUnclear(app, read);
  return read.map(({ object }) => object);
}

function noFile(objects: readonly ObjectName[]): Problem {
  return new Problem(
    'no_file',
    `No file was uploaded for ${objects.join(', ')}. Nothing was started. Upload one with POST /v1/apps/{appId}/files?object=..., then start again.`,
    { objects },
  );
}

function refuseUnread(file: FileDoc): void {
  const { fileId, name, object } = file;
  if (file.inspection === 'pending') {
    throw new Problem(
      'inspection_pending',
      `The file ${JSON.stringify(name)} is still being read. Nothing was started. Start again in some seconds.`,
      { fileId, object },
      { 'Retry-After': '5' },
    );
  }
  if (file.inspection === 'failed') {
    const why = file.error?.message ?? 'It cannot be read.';
    throw new Problem(
      'file_unreadable',
      `${JSON.stringify(name)} (${object}): ${why} Nothing was started. Upload a corrected file, then start again.`,
      { fileId, object, ...(file.error ? { cause: file.error.code } : {}) },
    );
  }
}

/** A proposal that is clear is used and kept by the run itself; one that is not is a person's to decide. */
function refuseUnclear(app: AppDoc, files: readonly FileDoc[]): void {
  const unclear = files.filter(
    ({ object, result }) => app.mapping.objects[object] === undefined && result?.mappingClear === false,
  );
  if (unclear.length === 0) return;
  const why = unclear.flatMap(({ object, result }) =>
    (result?.mappingWhy ?? []).map((each) => `${object}: ${each}`),
  );
  throw new Problem(
    'mapping_needed',
    `It is not clear which columns mean what (${why.join('; ') || unclear.map(({ object }) => object).join(', ')}). Nothing was started. Look at \`proposedMapping\`, PATCH the app's mapping, then start again.`,
    {
      proposedMapping: Object.fromEntries(
        unclear.map(({ object, result }) => [object, result?.proposedMapping ?? null]),
      ),
      why,
    },
  );
}
