import { MAX_ROW_LENGTH } from './reading.js';

/** One record of a CSV file; `line` is the physical line on which it begins. */
export interface CsvRecord {
  line: number;
  cells: string[];
  /** Characters, delimiters included. */
  length: number;
  /** The record could not be read to its end; `cells` holds what was read before that place. */
  broken?: { code: 'row_broken' | 'too_large'; message: string };
}

export interface CsvTokenizer {
  /** The records that are complete; blank lines are left out. */
  write(text: string): CsvRecord[];
  end(): CsvRecord[];
}

const QUOTE = 34;
const SPACE = 32;
const RETURN = 13;

/** Where a record ended, or why it did not. */
type Scan =
  { state: 'record'; next: number; newlines: number } | { state: 'more' } | { state: 'broken'; why: string };

/**
 * RFC 4180 with any one-character delimiter, reading text piece by piece. Own code for two reasons, both measured against
 * csv-parse: a broken quote must cost its own line only (the scan goes back to the line after the one on which the record
 * began, while a stream parser has lost the lines that the quote swallowed), and with line numbers csv-parse reads
 * 87,000 rows/s of the reference file where this reads several times that. `test/` compares the two on valid files.
 *
 * Lenient where every spreadsheet is: blanks around a quoted cell, a quote in the middle of an unquoted one, lines that end
 * differently. Memory is bounded by `MAX_ROW_LENGTH` and one piece: a longer record, or a quote that stays open for so long,
 * is a broken record.
 */
export function createCsvTokenizer(delimiter: string, newline: '\n' | '\r' = '\n'): CsvTokenizer {
  const separator = delimiter.charCodeAt(0);
  let text = '';
  let line = 1;
  let ended = false;
  /** Inside a line that is too long to keep. */
  let skipping = false;
  let nextDelimiter = -1;

  function write(piece: string): CsvRecord[] {
    return run(piece);
  }

  function end(): CsvRecord[] {
    ended = true;
    return run('');
  }

  function run(piece: string): CsvRecord[] {
    text = text === '' ? piece : text + piece;
    nextDelimiter = -1;
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < text.length) {
      const firstNewline = text.indexOf(newline, at);
      if (skipping) {
        if (firstNewline === -1) at = text.length;
        else at = passLine(firstNewline);
        continue;
      }
      const cells: string[] = [];
      const scan = scanRecord(at, firstNewline, cells);
      if (scan.state === 'more' && text.length - at <= MAX_ROW_LENGTH) break;
      at = finish(scan, { at, firstNewline, cells }, records);
    }
    text = text.slice(at);
    return records;
  }

  function passLine(at: number): number {
    skipping = false;
    line += 1;
    return at + 1;
  }

  /** Adds what the scan found and tells where the next record begins. */
  function finish(
    scan: Scan,
    from: { at: number; firstNewline: number; cells: string[] },
    records: CsvRecord[],
  ): number {
    const { at, firstNewline, cells } = from;
    if (scan.state === 'record') {
      const length = scan.next - at;
      const record: CsvRecord = { line, cells, length };
      if (length > MAX_ROW_LENGTH) Object.assign(record, { broken: tooLarge(line), cells: [] });
      if (cells.length > 1 || (cells[0] ?? '').trim() !== '') records.push(record);
      line += scan.newlines;
      return scan.next;
    }
    const isOneLine = firstNewline === -1 || firstNewline - at > MAX_ROW_LENGTH;
    const unclosed = `The row that begins in line ${line} has a quote that is not closed.`;
    const broken: CsvRecord['broken'] =
      scan.state === 'broken'
        ? { code: 'row_broken', message: scan.why }
        : isOneLine
          ? tooLarge(line)
          : { code: 'row_broken', message: unclosed };
    records.push({ line, cells: broken.code === 'too_large' ? [] : cells, length: 0, broken });
    if (firstNewline !== -1) return passLine(firstNewline);
    skipping = true;
    return text.length;
  }

  function scanRecord(start: number, firstNewline: number, cells: string[]): Scan {
    let at = start;
    let lineEnd = firstNewline;
    let newlines = 1;
    for (;;) {
      const opening = openingQuote(at);
      if (opening !== -1) {
        const quoted = scanQuoted(opening, lineEnd);
        if (quoted.state === 'more') return endOfOpenQuote();
        if (quoted.state === 'closed') {
          newlines += quoted.newlines;
          lineEnd = quoted.lineEnd;
          cells.push(quoted.value);
          at = quoted.next;
          if (text.charCodeAt(at) === separator) {
            at += 1;
            continue;
          }
          return { state: 'record', next: lineEnd === -1 ? text.length : lineEnd + 1, newlines };
        }
        // ` "Bob" Smith` is an unquoted cell that begins with a blank; `"Bob" Smith` is a broken one.
        if (opening === at) return { state: 'broken', why: afterQuote(line, cells.length + 1) };
      }
      if (lineEnd === -1 && !ended) return { state: 'more' };
      const stop = lineEnd === -1 ? text.length : lineEnd;
      if (nextDelimiter < at) nextDelimiter = findDelimiter(at);
      if (nextDelimiter < stop) {
        cells.push(text.slice(at, nextDelimiter));
        at = nextDelimiter + 1;
        continue;
      }
      const cellEnd = stop > at && text.charCodeAt(stop - 1) === RETURN ? stop - 1 : stop;
      cells.push(text.slice(at, cellEnd));
      return { state: 'record', next: lineEnd === -1 ? stop : stop + 1, newlines };
    }
  }

  function endOfOpenQuote(): Scan {
    if (!ended) return { state: 'more' };
    const why = `The row that begins in line ${line} has a quote that is not closed. It was not read; the lines after it were.`;
    return { state: 'broken', why };
  }

  function findDelimiter(from: number): number {
    const found = text.indexOf(delimiter, from);
    return found === -1 ? Number.MAX_SAFE_INTEGER : found;
  }

  /** Where a quoted cell opens, blanks before it allowed; -1 for an unquoted cell. */
  function openingQuote(at: number): number {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code !== SPACE) return -1;
    let next = at;
    while (text.charCodeAt(next) === SPACE) next += 1;
    return text.charCodeAt(next) === QUOTE ? next : -1;
  }

  type Quoted =
    | { state: 'closed'; value: string; next: number; lineEnd: number; newlines: number }
    | { state: 'more' }
    | { state: 'broken' };

  /** From an opening quote to the delimiter or line end behind the closing one. `lineEnd`: the next newline from there. */
  function scanQuoted(opening: number, firstLineEnd: number): Quoted {
    let close = text.indexOf('"', opening + 1);
    let escaped = false;
    while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) {
      escaped = true;
      close = text.indexOf('"', close + 2);
    }
    // The last character of a piece may be the first half of an escaped quote, or of a line end.
    if (close === -1 || (close + 2 >= text.length && !ended)) return { state: 'more' };
    let lineEnd = firstLineEnd;
    let newlines = 0;
    while (lineEnd !== -1 && lineEnd < close) {
      newlines += 1;
      lineEnd = text.indexOf(newline, lineEnd + 1);
    }
    let next = close + 1;
    while (text.charCodeAt(next) === SPACE) next += 1;
    const code = text.charCodeAt(next);
    const endsLine =
      next === lineEnd || (code === RETURN && (next + 1 === lineEnd || next + 1 === text.length));
    if (next >= text.length && !ended) return { state: 'more' };
    if (code !== separator && !endsLine && next < text.length) return { state: 'broken' };
    const value = text.slice(opening + 1, close);
    return { state: 'closed', value: escaped ? value.replaceAll('""', '"') : value, next, lineEnd, newlines };
  }

  return { write, end };
}

function tooLarge(line: number): { code: 'too_large'; message: string } {
  const message = `The row that begins in line ${line} is longer than 1 MiB. It was not read; the lines after it were.`;
  return { code: 'too_large', message };
}

function afterQuote(line: number, cell: number): string {
  return `In the row that begins in line ${line}, cell ${cell} goes on after its closing quote. Double every quote inside a quoted cell.`;
}
