import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ObjectMapping } from '../../records/types.js';
import { readCsv } from '../formats/csv.js';
import { readNdjson } from '../formats/ndjson.js';
import { UnreadableFile } from '../formats/reading.js';
import type { ByteSource, ReadHints, Reading } from '../formats/reading.js';
import { readVCards } from '../formats/vcard-file.js';
import { readXlsx } from '../formats/xlsx.js';
import type { FileChunk, FileKind } from '../provider.js';
import { createChunkWriter } from './chunks.js';
import { ERROR_COLUMN, withoutErrorColumn } from './error-column.js';
import { createProfiler } from './profile.js';
import type { Profile } from './profile.js';
import { groupColumn, isKeyColumn, proposeMapping } from './propose.js';

/** What was found out about an upload. */
export interface Inspection {
  kind: FileKind;
  encoding: string | null;
  delimiter: string | null;
  /** As it was said for this file; never guessed. */
  locale: string | null;
  sheet: string | null;
  /** All sheets of a workbook; `rows` without the header. */
  sheets: { name: string; rows: number }[];
  headerRow: number | null;
  rows: number;
  columns: { name: string; filled: number; unique: boolean; samples: string[]; looksLike: string | null }[];
  proposedMapping: ObjectMapping | null;
  mappingClear: boolean;
  /** What is not clear, in words; for a clear proposal, what a person should know of it. */
  mappingWhy: string[];
  warnings: { code: string; message: string }[];
}

export type Inspected =
  | { ok: true; inspection: Inspection }
  | { ok: false; error: { code: 'file_unreadable' | 'file_empty'; message: string } };

export interface InspectArgs {
  source: ByteSource;
  /** As `sniffFile` told it. */
  kind: FileKind;
  object: ObjectName;
  hints: ReadHints & { locale?: string };
  /** The app's settings: a locale there counts where the file's own was not said. */
  settings?: { locale?: string };
  /** Whether the columns of a table end with the reasons that Sluice wrote into a list of failed rows. Never, if not given. */
  isErrorList?: (columns: readonly string[]) => Promise<boolean>;
  /** Chunks come in order from 0, at most 500 rows and about 1 MiB each. Awaited: reading waits for writing. */
  writeChunk(chunk: FileChunk): Promise<void>;
  signal: AbortSignal;
}

/**
 * One look over a stored file: its rows are handed on in canonical form, and what they say of the file is the answer. Bad input is
 * an answer (`ok: false`), never an exception; what `writeChunk` and `source` throw is thrown on. Safe to repeat: the same bytes
 * and hints give the same chunks, so a repetition replaces them.
 */
export async function inspectFile(args: InspectArgs): Promise<Inspected> {
  try {
    return { ok: true, inspection: await inspect(args) };
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return { ok: false, error: { code: error.code, message: error.message } };
  }
}

async function inspect(args: InspectArgs): Promise<Inspection> {
  const { kind, object, hints, settings, signal } = args;
  const reading = await openTable(args);
  const { columns } = reading;
  const groupBy = columns ? groupColumn(object, columns) : undefined;
  const profiler = createProfiler(columns, (name) => isKeyColumn(object, name), groupBy);
  const writer = createChunkWriter((chunk) => args.writeChunk(chunk));
  for await (const batch of reading.batches) {
    signal.throwIfAborted();
    profiler.add(batch.rows);
    await writer.add(batch);
  }
  await writer.end();
  const profile = profiler.done();
  const locale = hints.locale ?? settings?.locale ?? null;
  const proposal = proposeMapping({ object, kind, profile, locale });
  const doubts = [...(isAllBroken(profile) ? [ALL_BROKEN] : []), ...doubtsOf(reading)];
  const { sheet, sheets, encoding, delimiter, headerRow, warnings } = reading.facts;
  return {
    ...{ kind, encoding, delimiter, locale: hints.locale ?? null, sheet, sheets, headerRow },
    rows: profile.rows,
    columns: profile.columns.map(({ name, filled, unique, samples, looksLike }) => ({
      ...{ name, filled, unique, samples, looksLike },
    })),
    proposedMapping: proposal.mapping,
    mappingClear: proposal.clear && doubts.length === 0,
    mappingWhy: [...doubts, ...proposal.why],
    warnings: [...warnings, ...proposal.warnings],
  };
}

const ALL_BROKEN =
  'No row could be read. Check that the file is of the kind that its name says, and what was said of its delimiter, encoding and header row.';

function isAllBroken({ rows, broken }: Profile): boolean {
  return rows > 0 && broken === rows;
}

/** A mapping may be clear and its values nonsense. */
function doubtsOf({ facts }: Reading): string[] {
  return facts.warnings.filter(({ code }) => code === 'encoding_doubtful').map(({ message }) => message);
}

/** The reasons in a corrected list of failed rows are about the file before it: they are no data of this one. */
async function openTable(args: InspectArgs): Promise<Reading> {
  const reading = await open(args);
  const isList = reading.columns?.at(-1) === ERROR_COLUMN && (await args.isErrorList?.(reading.columns));
  return isList ? withoutErrorColumn(reading, args.kind) : reading;
}

function open({ kind, source, hints, signal }: InspectArgs): Promise<Reading> {
  switch (kind) {
    case 'csv':
      return readCsv(source, hints, signal);
    case 'xlsx':
      return readXlsx(source, hints, signal);
    case 'ndjson':
      return readNdjson(source, hints, signal);
    case 'vcard':
      return readVCards(source, hints, signal);
  }
}
