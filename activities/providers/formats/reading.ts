import type { CanonicalRow } from '../provider.js';

/** A stored file. It may be opened more than once; `end` is exclusive. A range is asked for only of XLSX files. */
export interface ByteSource {
  size: number;
  open(range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
}

/** What a person said about the file, where guessing is not enough. `headerRow` counts from 1. */
export interface ReadHints {
  sheet?: string;
  headerRow?: number;
  encoding?: string;
  delimiter?: string;
}

/** Filled while the file is read; final once the rows have come to their end. */
export interface ReadingFacts {
  encoding: string | null;
  delimiter: string | null;
  sheet: string | null;
  sheets: { name: string; rows: number }[];
  headerRow: number | null;
  /** What was read all the same, and a person should know: `{ code, message }`. */
  warnings: { code: string; message: string }[];
}

/** `bytes[i]` is about what `rows[i]` needs when stored. */
export interface RowBatch {
  rows: CanonicalRow[];
  bytes: number[];
}

/** A file being read. Batches are small (about one read's worth); the generator stops when the signal aborts. */
export interface Reading {
  facts: ReadingFacts;
  /** From the header row, in order; `null` where each row brings its own (NDJSON, vCard). */
  columns: string[] | null;
  batches: AsyncIterable<RowBatch>;
}

/** The whole file cannot be read. Thrown inside `formats/`, turned into an answer by the inspection. */
export class UnreadableFile extends Error {
  readonly code: 'file_unreadable' | 'file_empty';
  constructor(message: string, code: 'file_unreadable' | 'file_empty' = 'file_unreadable') {
    super(message);
    this.code = code;
  }
}

/** One row, one card, one line: what is longer is a problem of that row. In characters. */
export const MAX_ROW_LENGTH = 1024 * 1024;
export const MAX_COLUMNS = 2_000;

export function noFacts(): ReadingFacts {
  return { encoding: null, delimiter: null, sheet: null, sheets: [], headerRow: null, warnings: [] };
}
