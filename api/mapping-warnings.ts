import type { ProviderDescription } from '../activities/providers/provider.js';
import { effectiveMapping } from '../activities/records/effective-mapping.js';
import { missingColumns, type MissingColumn } from '../activities/records/mapped-columns.js';
import type { AppDoc, FileDoc } from '../activities/store/documents.js';
import { OBJECTS, type ObjectName } from '../workflows/contract/objects.js';
import type { ApiDeps } from './deps.js';
import type { MappingWarning } from './shapes/app.js';

/**
 * What an app's mapping names and its source lacks, as far as it is known without asking: for files, what the inspection of the newest
 * file of each object has seen. A mapping is not refused for it, because it may be meant for a file that is still to come; a run that
 * meets it says so again (`mapping_broken` stops it at its preflight, `column_gone` travels with it). Never throws for a mapping.
 */
export async function mappingWarnings(
  { store }: Pick<ApiDeps, 'store'>,
  app: AppDoc,
  description: ProviderDescription,
): Promise<MappingWarning[]> {
  if (!description.auth.includes('file')) return [];
  const { objects } = effectiveMapping(description.objects, app.mapping);
  const found = await Promise.all(
    OBJECTS.map(async (object) => {
      const mapping = objects[object];
      if (!mapping) return [];
      const file = await store.files.newest(app.workspaceId, app.appId, object);
      const columns = columnsOf(file);
      if (!file || !columns) return [];
      return missingColumns(object, mapping, columns).map((missing) => said(object, missing, file, columns));
    }),
  );
  return found.flat();
}

/** Null where they are not known. A card leaves out what it has nothing for, so its file cannot tell what is missing. */
function columnsOf(file: FileDoc | null): string[] | null {
  if (file?.inspection !== 'done' || !file.result || file.result.kind === 'vcard') return null;
  return file.result.columns.map(({ name }) => name);
}

function said(
  object: ObjectName,
  { column, path, needed }: MissingColumn,
  { fileId, name }: FileDoc,
  columns: readonly string[],
): MappingWarning {
  const what = needed
    ? `A run that reads this file stops before it begins, because ${object} need it.`
    : 'Fields made of it stay as they are.';
  return {
    code: needed ? 'mapping_broken' : 'column_gone',
    object,
    column,
    path: ['mapping', 'objects', object, ...path].join('.'),
    message: `The mapping of ${object} names the column "${column}", which the newest file (${name}) does not have; it has ${columns.slice(0, 30).join(', ')}. ${what} Correct the mapping, or upload a file that has the column.`,
    fileId,
  };
}
