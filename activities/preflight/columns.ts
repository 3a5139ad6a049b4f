import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import type { Session } from '../providers/provider.js';
import { missingColumns, type MissingColumn } from '../records/mapped-columns.js';
import type { AppDoc, FileDoc } from '../store/documents.js';
import type { Finding } from '../store/run-documents.js';
import type { Look } from './found.js';

/** Holds what the mapping names against what the source has; only where the source can list its columns. */
export async function columnFindings(
  deps: ActivityDeps,
  app: AppDoc,
  object: ObjectName,
  session: Pick<Session, 'columns'>,
  look: Look,
  signal: AbortSignal,
): Promise<{ blockers: Finding[]; warnings: Finding[] }> {
  const mapping = look.rules.mapping.objects[object];
  const columns = await session.columns?.(object, signal);
  // Where none are named (a file that was removed since), nothing can be held against them.
  if (!mapping || !columns || columns.length === 0) return { blockers: [], warnings: [] };
  const missing = missingColumns(object, mapping, columns);
  const earlier = await earlierFile(deps, app, object, look.files[object]);
  return {
    blockers: missingBlockers(object, missing, columns),
    warnings: [
      ...goneWarnings(object, missing),
      ...changedWarnings(object, columns, earlier, look),
      ...(await retypedWarnings(deps, app, object, earlier, look.files[object])),
    ],
  };
}

function missingBlockers(object: ObjectName, missing: MissingColumn[], columns: string[]): Finding[] {
  return missing
    .filter(({ needed }) => needed)
    .map(({ column }) => ({
      ...{ code: 'mapping_broken', object, column },
      message: `The mapping of ${object} needs the column "${column}", which the source does not have (it has: ${columns.slice(0, 30).join(', ')}). Nothing was written. Change the mapping or the source and start again.`,
    }));
}

function goneWarnings(object: ObjectName, missing: MissingColumn[]): Finding[] {
  return missing
    .filter(({ path }) => path[0] !== 'key')
    .map(({ column }) => ({
      ...{ code: 'column_gone', object, column },
      message: `The source has no column "${column}" (any more): fields made of it stay as they are.`,
    }));
}

function changedWarnings(
  object: ObjectName,
  columns: string[],
  earlier: FileDoc | null,
  look: Look,
): Finding[] {
  if (!earlier?.result || look.files[object] === earlier.fileId) return [];
  const known = new Set(earlier.result.columns.map((column) => column.name));
  return columns
    .filter((column) => !known.has(column))
    .map((column) => ({
      ...{ code: 'column_new', object, column },
      message: `The column "${column}" was not in the file before (${earlier.name}); it is kept under extra unless it is mapped.`,
    }));
}

/** What the values of a column look like, against the file before; a column without values is of no type. */
async function retypedWarnings(
  { store }: ActivityDeps,
  app: AppDoc,
  object: ObjectName,
  earlier: FileDoc | null,
  current: string | undefined,
): Promise<Finding[]> {
  if (!earlier?.result || current === undefined || current === earlier.fileId) return [];
  const file = await store.files.get(app.workspaceId, app.appId, current);
  const known = new Map(earlier.result.columns.map((column) => [column.name, column]));
  return (file?.result?.columns ?? []).flatMap(({ name, looksLike, filled }) => {
    const before = known.get(name);
    if (!before || before.filled === 0 || filled === 0 || before.looksLike === looksLike) return [];
    const [was, is] = [before.looksLike ?? 'text', looksLike ?? 'text'];
    return [
      {
        ...{ code: 'column_retyped', object, column: name, before: was, after: is },
        message: `The values of the column "${name}" looked like ${was} in the file before (${earlier.name}) and look like ${is} now: look whether it still means the same.`,
      },
    ];
  });
}

async function earlierFile(
  { store }: ActivityDeps,
  app: AppDoc,
  object: ObjectName,
  current: string | undefined,
): Promise<FileDoc | null> {
  if (!current) return null;
  const { items } = await store.files.list(app.workspaceId, app.appId, { limit: 50 });
  const older = items.filter((file) => file.object === object && file.inspection === 'done');
  return older[older.findIndex((file) => file.fileId === current) + 1] ?? null;
}
