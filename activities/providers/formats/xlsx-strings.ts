import { UnreadableFile } from './reading.js';
import { readXml } from './xlsx-xml.js';

/** The workbook's table of texts, which its cells refer to by number. */
export interface SharedStrings {
  get(index: number): string | undefined;
}

const MAX_BYTES = 128 * 1024 ** 2;

/**
 * Keeps all texts in one buffer outside the heap, with their offsets. @throws UnreadableFile beyond 128 MiB of text: a workbook
 * says nothing of the order in which its cells need them, so they must all be at hand.
 */
export async function readSharedStrings(bytes: AsyncIterable<Buffer>): Promise<SharedStrings> {
  const store = createTextStore();
  const text = createTextCollector();
  await readXml(bytes, {
    open: (name) => {
      if (name === 'si') text.start();
      else text.open(name);
    },
    text: (piece) => text.add(piece),
    close: (name) => {
      if (name === 'si') store.add(text.take());
      else text.close(name);
    },
  });
  return store;
}

/** Collects `<t>` in plain and rich texts; phonetic readings (`<rPh>`) are not part of the text. */
export interface TextCollector {
  start(): void;
  open(name: string): void;
  close(name: string): void;
  add(piece: string): void;
  take(): string;
}

export function createTextCollector(): TextCollector {
  let collected = '';
  let phonetic = 0;
  let inside = false;
  return {
    start: () => {
      collected = '';
      phonetic = 0;
    },
    open: (name) => {
      if (name === 'rPh') phonetic += 1;
      inside = name === 't' && phonetic === 0;
    },
    close: (name) => {
      if (name === 'rPh') phonetic -= 1;
      if (name === 't') inside = false;
    },
    add: (piece) => {
      if (inside) collected += piece;
    },
    take: () => unescapeText(collected),
  };
}

/** `_x000D_` stands for a character that XML cannot hold (ECMA-376 §22.9.2.19). */
export function unescapeText(text: string): string {
  return text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    : text;
}

function createTextStore(): SharedStrings & { add(text: string): void } {
  let buffer = Buffer.allocUnsafeSlow(64 * 1024);
  let ends = new Uint32Array(1_024);
  let count = 0;
  let used = 0;

  function add(text: string): void {
    const length = Buffer.byteLength(text);
    if (used + length > MAX_BYTES) {
      throw new UnreadableFile(
        'The workbook holds more than 128 MiB of different texts. Nothing was read. Save the sheet as CSV and upload that.',
      );
    }
    if (used + length > buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(MAX_BYTES, Math.max(buffer.length * 2, used + length)));
      buffer.copy(larger, 0, 0, used);
      buffer = larger;
    }
    if (count === ends.length) {
      const more = new Uint32Array(count * 2);
      more.set(ends);
      ends = more;
    }
    used += buffer.write(text, used);
    ends[count] = used;
    count += 1;
  }

  function get(index: number): string | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= count) return undefined;
    return buffer.toString('utf8', index === 0 ? 0 : ends[index - 1], ends[index]);
  }

  return { add, get };
}
