import { BINARY_PROPERTIES, decodeBytes, isStrayBase64 } from './vcard-lines.js';
import { MAX_ROW_LENGTH } from './reading.js';

/** The text of one card, from its line in the file; without `trouble` it begins with BEGIN and ends with END:VCARD. */
export interface VCardText {
  line: number;
  text: string;
  trouble?: { code: 'row_broken' | 'too_large'; message: string };
}

/**
 * Cuts a file of cards into cards, as a stream. Pictures are dropped on the way (a `X-OMITTED-BYTES` parameter tells their
 * size), so that a card with one needs no memory for it. Bytes that are no UTF-8 are read line by line in the CHARSET that the
 * line names, else as Windows-1252 (vCard 2.1 may mix them). Text between cards is trouble of its own, once per place.
 */
export async function* splitVCards(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<VCardText> {
  const collector = createCollector();
  let rest = '';
  /** Bytes of a picture on one endless line that were dropped before its end came. */
  let dropped = 0;
  let line = 0;
  for await (const chunk of chunks) {
    // One character per byte: line ends are found before the encoding is known.
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : Buffer.from(chunk);
    const lines = (rest + bytes.toString('latin1')).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      line += 1;
      yield* collector.add(raw, line, dropped);
      dropped = 0;
    }
    const keep = BINARY_PROPERTIES.test(rest) ? PICTURE_HEAD : MAX_ROW_LENGTH + 1;
    if (rest.length > keep) {
      dropped += rest.length - keep;
      rest = rest.slice(0, keep);
    }
  }
  if (rest !== '') yield* collector.add(rest.replace(/\r$/, ''), line + 1, dropped);
  yield* collector.end();
}

const PICTURE_HEAD = 4_096;

interface Open {
  line: number;
  lines: string[];
  length: number;
  depth: number;
  /** Index of a picture's line while its folded lines are dropped. */
  picture: { index: number; dropped: number; last: string } | null;
}

interface Collector {
  /** `dropped`: bytes of this line, a picture's, that are not in `raw`. */
  add(raw: string, line: number, dropped: number): Generator<VCardText>;
  end(): Generator<VCardText>;
}

function createCollector(): Collector {
  let open: Open | null = null;
  let strayReported = false;

  function* add(raw: string, line: number, dropped: number): Generator<VCardText> {
    const mark = /^(BEGIN|END):VCARD\s*$/i
      .exec(raw.replace(/^(\u00EF\u00BB\u00BF|\s)+/, ''))?.[1]
      ?.toUpperCase();
    if (mark === 'BEGIN') {
      strayReported = false;
      if (open && isAgent(open)) {
        open.depth += 1;
        keep(open, raw, dropped);
        return;
      }
      if (open) yield unfinished(open);
      open = { line, lines: ['BEGIN:VCARD'], length: 0, depth: 1, picture: null };
    } else if (open) {
      yield* inside(open, raw, dropped, mark === 'END');
    } else if (raw.trim() !== '' && !strayReported) {
      strayReported = true;
      const message = `Line ${line} is not inside a card (BEGIN:VCARD to END:VCARD). It was not read; the cards were.`;
      yield {
        line,
        text: decodeBytes(Buffer.from(raw.slice(0, 200), 'latin1'), undefined),
        trouble: { code: 'row_broken', message },
      };
    }
  }

  function* inside(card: Open, raw: string, dropped: number, isEnd: boolean): Generator<VCardText> {
    if (isEnd) card.depth -= 1;
    keep(card, raw, dropped);
    if (!isEnd || card.depth > 0) return;
    open = null;
    yield finished(card);
  }

  function* end(): Generator<VCardText> {
    if (open) yield unfinished(open);
    open = null;
  }

  return { add, end };
}

function isAgent(card: Open): boolean {
  return /^AGENT[^:]*:\s*$/i.test(card.lines.findLast((line) => line.trim() !== '') ?? '');
}

function keep(card: Open, raw: string, dropped: number): void {
  if (card.picture && (/^[ \t]/.test(raw) || isStrayBase64(card.picture.last, raw))) {
    card.picture.dropped += raw.trim().length;
    return;
  }
  closePicture(card);
  if (BINARY_PROPERTIES.test(raw) && !/^[^:]*:\s*https?:/i.test(raw)) {
    const head = raw.slice(0, raw.indexOf(':') + 1);
    card.picture = { index: card.lines.length, dropped: dropped + raw.length - head.length, last: head };
    card.lines.push(head);
    return;
  }
  card.length += raw.length;
  if (card.length <= MAX_ROW_LENGTH) card.lines.push(raw);
}

function closePicture(card: Open): void {
  if (!card.picture) return;
  const { index, dropped, last } = card.picture;
  const bytes = Math.floor((dropped * 3) / 4);
  card.lines[index] = last.replace(/:?\s*$/, `;X-OMITTED-BYTES=${bytes}:`);
  card.picture = null;
}

function finished(card: Open): VCardText {
  closePicture(card);
  if (card.length <= MAX_ROW_LENGTH) return { line: card.line, text: decodeLines(card.lines) };
  const message = `The card that begins in line ${card.line} is longer than 1 MiB without its pictures. It was not read; the other cards were.`;
  return { line: card.line, text: '', trouble: { code: 'too_large', message } };
}

function unfinished(card: Open): VCardText {
  closePicture(card);
  const message = `The card that begins in line ${card.line} has no END:VCARD. It was not read; the other cards were.`;
  return { line: card.line, text: decodeLines(card.lines), trouble: { code: 'row_broken', message } };
}

function decodeLines(lines: string[]): string {
  const whole = Buffer.from(lines.join('\r\n'), 'latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(whole);
  } catch {
    let charset: string | undefined;
    return lines
      .map((line) => {
        // A folded line is in the charset of the property it continues.
        if (!/^[ \t]/.test(line)) charset = /^[^:]*;CHARSET=([\w.-]+)/i.exec(line)?.[1];
        return decodeBytes(Buffer.from(line, 'latin1'), charset);
      })
      .join('\r\n');
  }
}
