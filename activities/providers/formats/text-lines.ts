import { createDecoding, detectEncoding, encodingWarning } from './encoding.js';
import { peek } from './peek.js';
import { MAX_ROW_LENGTH } from './reading.js';
import type { ByteSource, ReadingFacts } from './reading.js';

/** One physical line without its end; `text` is `null` where it is longer than a row may be. */
export interface TextLine {
  line: number;
  text: string | null;
}

const SAMPLE_BYTES = 64 * 1024;

/**
 * The lines of a text file, in small batches. Memory is bounded: a line that is too long is passed over, not kept.
 * Sets `facts.encoding`, again at the end where the file turned out to be another.
 */
export async function* readLines(
  source: ByteSource,
  encoding: string | undefined,
  facts: ReadingFacts,
  signal: AbortSignal,
): AsyncGenerator<TextLine[]> {
  const { head, all } = await peek(source.open(), SAMPLE_BYTES);
  const decoding = createDecoding(detectEncoding(head, encoding));
  facts.encoding = decoding.encoding;
  const warning = encodingWarning(head, decoding.encoding, encoding);
  if (warning) facts.warnings.push(warning);
  const splitter = createSplitter();
  for await (const piece of all) {
    signal.throwIfAborted();
    const lines = splitter.write(decoding.write(piece));
    if (lines.length > 0) yield lines;
  }
  yield [...splitter.write(decoding.end()), ...splitter.end()];
  facts.encoding = decoding.encoding;
}

function createSplitter(): { write(text: string): TextLine[]; end(): TextLine[] } {
  let rest = '';
  let line = 0;
  /** The current line is too long: what comes of it is dropped. */
  let long = false;

  function write(piece: string): TextLine[] {
    const text = rest + piece;
    const lines: TextLine[] = [];
    let at = 0;
    for (let next = text.indexOf('\n'); next !== -1; next = text.indexOf('\n', at)) {
      lines.push(make(text.slice(at, next)));
      at = next + 1;
    }
    rest = text.slice(at);
    if (rest.length > MAX_ROW_LENGTH) {
      long = true;
      rest = '';
    }
    return lines;
  }

  function make(text: string): TextLine {
    line += 1;
    const isLong = long || text.length > MAX_ROW_LENGTH;
    long = false;
    return { line, text: isLong ? null : text.endsWith('\r') ? text.slice(0, -1) : text };
  }

  function end(): TextLine[] {
    return rest === '' && !long ? [] : [make(rest)];
  }

  return { write, end };
}
