import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify as csv } from 'csv-stringify';
import type { Response } from 'express';
import { isLosslessNumber, stringify } from 'lossless-json';
import type { Json, SourceRecord } from '../activities/records/types.js';
import type { ProblemDoc, RunDoc } from '../activities/store/run-documents.js';
import type { ProblemFilter } from '../activities/store/kept.js';
import type { Store } from '../activities/store/store.js';
import type { ObjectName } from '../workflows/contract/objects.js';

const PAGE = 500;
/** Source records that are looked up beside each other. */
const AT_ONCE = 20;
const COLUMNS = [
  'object',
  'severity',
  'code',
  'externalId',
  'position',
  'field',
  'value',
  'message',
  'count',
  'state',
] as const;

/** Where the reason stands in a corrected-and-uploaded-again file; one from an earlier round is replaced. */
const ERROR_COLUMN = 'error';

type ProblemStore = Pick<Store, 'problems' | 'pages' | 'files'>;

export async function problemsAsCsv(
  store: ProblemStore,
  run: RunDoc,
  filter: ProblemFilter,
  res: Response,
): Promise<void> {
  await writeCsv(res, `problems-${run.runId}.csv`, COLUMNS, async (write) => {
    for await (const problem of everyProblem(store, run, filter)) {
      await write(COLUMNS.map((column) => String(problem[column] ?? '')));
    }
  });
}

/** The failed records as their file had them, each with its reason. Memory stays flat: records are read in small groups. */
export async function sourcesAsCsv(
  store: ProblemStore,
  run: RunDoc,
  filter: ProblemFilter,
  res: Response,
): Promise<void> {
  const failed: ProblemFilter = { ...filter, severity: 'failed' };
  const columns = await columnsOf(store, run, failed);
  await writeCsv(res, `failed-${run.runId}.csv`, [...columns, ERROR_COLUMN], async (write) => {
    for await (const { record, problem } of failedSources(store, run, failed)) {
      for (const row of rowsOf(record))
        await write([...columns.map((name) => cell(row[name])), problem.message]);
    }
  });
}

async function* everyProblem(
  store: ProblemStore,
  run: RunDoc,
  filter: ProblemFilter,
): AsyncGenerator<ProblemDoc> {
  let cursor: string | undefined;
  do {
    const page = await store.problems.list(run, filter, {
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

interface FailedSource {
  record: SourceRecord;
  problem: ProblemDoc;
}

async function* failedSources(
  store: ProblemStore,
  run: RunDoc,
  filter: ProblemFilter,
): AsyncGenerator<FailedSource> {
  let group: ProblemDoc[] = [];
  for await (const problem of everyProblem(store, run, filter)) {
    group.push(problem);
    if (group.length < AT_ONCE) continue;
    yield* await sourcesOf(store, run, group);
    group = [];
  }
  yield* await sourcesOf(store, run, group);
}

async function sourcesOf(store: ProblemStore, run: RunDoc, problems: ProblemDoc[]): Promise<FailedSource[]> {
  const found = await Promise.all(
    problems.map(async (problem) => {
      if (problem.externalId === undefined) return null;
      const record = await store.pages.sourceOf(run, problem.object, problem.externalId);
      return record && { record, problem };
    }),
  );
  return found.filter((each) => each !== null);
}

/** A file's own columns in their order; for other sources, every field that a failed record has. */
async function columnsOf(store: ProblemStore, run: RunDoc, filter: ProblemFilter): Promise<string[]> {
  const names = new Set<string>();
  const objects = filter.object ? [filter.object] : run.scope;
  let allKnown = true;
  for (const object of objects) {
    const known = await fileColumns(store, run, object);
    if (known) for (const name of known) names.add(name);
    else allKnown = false;
  }
  if (!allKnown) {
    for await (const { record } of failedSources(store, run, filter)) {
      for (const row of rowsOf(record)) for (const name of Object.keys(row)) names.add(name);
    }
  }
  names.delete(ERROR_COLUMN);
  return [...names];
}

async function fileColumns(store: ProblemStore, run: RunDoc, object: ObjectName): Promise<string[] | null> {
  const fileId = run.pinned?.files[object];
  if (fileId === undefined) return null;
  const file = await store.files.get(run.workspaceId, run.appId, fileId);
  return file?.result?.columns.map(({ name }) => name) ?? null;
}

type Row = Readonly<Record<string, Json>>;

/** A group of a grouped file is all of its lines. */
function rowsOf({ data }: SourceRecord): Row[] {
  if (!isRow(data)) return [];
  const { rows } = data;
  return Array.isArray(rows) && Object.keys(data).length === 1 ? rows.filter(isRow) : [data];
}

function isRow(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

function cell(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (isLosslessNumber(value)) return value.value;
  return typeof value === 'object' ? (stringify(value) ?? '') : String(value);
}

async function writeCsv(
  res: Response,
  name: string,
  columns: readonly string[],
  fill: (write: (row: string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  res.status(200).set({
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${name}"`,
  });
  // `escape_formulas` is what keeps a spreadsheet from running a cell that begins with = + - or @.
  const rows = csv({ escape_formulas: true, record_delimiter: 'windows' });
  const sent = pipeline(rows, res);
  // Seen again below; here it only must not count as unhandled while rows are still being made.
  sent.catch(() => undefined);
  await push(rows, [...columns]);
  await fill((row) => push(rows, row));
  rows.end();
  await sent;
}

async function push(rows: Writable, row: string[]): Promise<void> {
  if (rows.destroyed) throw new Error('The reader has gone.');
  if (!rows.write(row)) await once(rows, 'drain');
}
