import { createCsvTokenizer } from './csv-tokenizer.js';
import type { CsvRecord } from './csv-tokenizer.js';
import { UnreadableFile } from './reading.js';

export interface CsvDialect {
  delimiter: string;
  newline: '\n' | '\r';
  /** Characters of a leading `sep=;` line, which some spreadsheets write and none shows. */
  skip: number;
  /** The writer leaves out empty cells at the end of a row: a shorter row is whole. */
  trimsRows: boolean;
}

const CANDIDATES = [',', ';', '\t', '|'] as const;
/** Rows of the sample that are looked at; and how many of them must be short before that is taken for a habit. */
const SAMPLE_ROWS = 200;
const SHORT_ROWS = 8;
const SHORT_SHARE = 0.2;

/**
 * How a file is written, told from its first characters. A delimiter is right when it cuts most rows into the same number
 * of cells, quotes respected; among several the one with more cells wins, and a file without any has one column.
 * @throws UnreadableFile for a given delimiter that is not one character
 */
export function detectDialect(sample: string, isWhole: boolean, given?: string): CsvDialect {
  const newline = sample.includes('\n') || !sample.includes('\r') ? '\n' : '\r';
  const declared = /^sep=(.)\r?\n/i.exec(sample);
  const delimiter =
    given === undefined ? (declared?.[1] ?? guess(sample, newline, isWhole)) : delimiterOf(given);
  const records = sampleRecords(sample.slice(declared?.[0].length ?? 0), delimiter, newline, isWhole);
  return { delimiter, newline, skip: declared?.[0].length ?? 0, trimsRows: trims(records) };
}

function delimiterOf(given: string): string {
  const named: Record<string, string> = {
    '\\t': '\t',
    tab: '\t',
    comma: ',',
    semicolon: ';',
    pipe: '|',
    space: ' ',
  };
  const delimiter = named[given.toLowerCase()] ?? given;
  if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new UnreadableFile(
      `"${given.slice(0, 20)}" cannot be a delimiter. Use one character such as , ; | or the word tab.`,
    );
  }
  return delimiter;
}

function guess(sample: string, newline: '\n' | '\r', isWhole: boolean): string {
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of CANDIDATES) {
    const score = scoreOf(sampleRecords(sample, delimiter, newline, isWhole));
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}

/** 0 to 1 for how many rows agree on a width above one, with a small bonus for wider rows. */
function scoreOf(records: CsvRecord[]): number {
  const widths = new Map<number, number>();
  for (const { cells, broken } of records) {
    if (!broken && cells.length > 1) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1);
  }
  let best = 0;
  for (const [width, rows] of widths) {
    const share = rows / records.length;
    best = Math.max(best, share * share + share * Math.min(width, 50) * 0.002);
  }
  return best;
}

function sampleRecords(
  sample: string,
  delimiter: string,
  newline: '\n' | '\r',
  isWhole: boolean,
): CsvRecord[] {
  const tokenizer = createCsvTokenizer(delimiter, newline);
  const records = tokenizer.write(sample);
  // The last line of a sample is cut somewhere; of a whole file it counts.
  if (isWhole || records.length === 0) records.push(...tokenizer.end());
  return records.slice(0, SAMPLE_ROWS);
}

function trims(records: CsvRecord[]): boolean {
  const width = records[0]?.cells.length ?? 0;
  const rows = records.slice(1).filter((record) => !record.broken);
  const short = rows.filter(({ cells }) => cells.length < width).length;
  const long = rows.some(({ cells }) => cells.length > width);
  return !long && short >= SHORT_ROWS && short >= rows.length * SHORT_SHARE;
}
