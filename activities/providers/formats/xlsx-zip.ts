import { Readable } from 'node:stream';
import yauzl from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { UnreadableFile } from './reading.js';
import type { ByteSource } from './reading.js';

/** The parts of a workbook by path (`xl/workbook.xml`). */
export interface Parts {
  has(path: string): boolean;
  /** Unpacked bytes; ends with an error if there are more than the archive declares. @throws UnreadableFile */
  open(path: string): Promise<AsyncIterable<Buffer>>;
}

const MAX_ENTRIES = 10_000;
const MAX_UNPACKED = 4 * 1024 ** 3;
/** Real sheets unpack to some 10 to 50 times their size; a zip bomb to a thousand times. */
const MAX_RATIO = 200;
const RATIO_COUNTS_FROM = 10 * 1024 ** 2;

/**
 * Opens the archive by its central directory, reading ranges of the stored file: nothing is kept on disk or whole in memory.
 * Refuses bombs by what the directory declares (every entry, also those that nobody reads), and the unpacking itself stops at
 * the declared size.
 * @throws UnreadableFile
 */
export async function openParts(source: ByteSource, signal: AbortSignal): Promise<Parts> {
  const zip = await directory(source);
  const entries = new Map<string, Entry>();
  let unpacked = 0;
  try {
    if (zip.entryCount > MAX_ENTRIES) throw bomb();
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      unpacked += entry.uncompressedSize;
      const isPacked = entry.uncompressedSize > entry.compressedSize * MAX_RATIO;
      if (unpacked > MAX_UNPACKED || (entry.uncompressedSize > RATIO_COUNTS_FROM && isPacked)) throw bomb();
      if (entry.isEncrypted()) throw damaged('it is protected with a password');
      entries.set(key(entry.fileName), entry);
    }
  } catch (error) {
    throw error instanceof UnreadableFile || signal.aborted ? error : damaged('its directory is broken');
  }
  return {
    has: (path) => entries.has(key(path)),
    open: async (path) => {
      const entry = entries.get(key(path));
      if (!entry) throw damaged(`its part ${path} is missing`);
      return guarded(zip, entry, signal);
    },
  };
}

export function damaged(why: string): UnreadableFile {
  return new UnreadableFile(
    `The workbook cannot be read: ${why}. Nothing was read. Open it in a spreadsheet program, save it again as .xlsx or as CSV, and upload that.`,
  );
}

function bomb(): UnreadableFile {
  return new UnreadableFile(
    'The workbook unpacks to far more than a workbook of its size holds, so it was not opened. Nothing was read. If it is a real table, save it as CSV and upload that.',
  );
}

function key(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\//, '').toLowerCase();
}

async function directory(source: ByteSource): Promise<ZipFile> {
  try {
    const options = { autoClose: false, lazyEntries: true, validateEntrySizes: true };
    return await yauzl.fromRandomAccessReaderPromise(new StoredFile(source), source.size, options);
  } catch (error) {
    if (error instanceof SourceFailure) throw error.cause;
    throw damaged('it is no whole zip archive, perhaps only a part of it was uploaded');
  }
}

/** What failed is the reading of the stored bytes, not the workbook: nobody should be told that their file is broken. */
class SourceFailure extends Error {}

/** The archive's directory is read in steps of some 50 bytes: they are served from a window of the file. */
const WINDOW = 256 * 1024;

class StoredFile extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;
  #window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(bytesOf(this.#source, start, end), { objectMode: false });
  }

  override read(
    into: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#load(position, length).then(
      (bytes) => {
        bytes.copy(into, offset);
        callback(null);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #load(position: number, length: number): Promise<Buffer> {
    const { start, bytes } = this.#window;
    if (position < start || position + length > start + bytes.length) {
      const end = Math.min(this.#source.size, position + Math.max(length, WINDOW));
      const pieces: Uint8Array[] = [];
      for await (const piece of bytesOf(this.#source, position, end)) pieces.push(piece);
      this.#window = { start: position, bytes: Buffer.concat(pieces) };
    }
    const from = position - this.#window.start;
    const found = this.#window.bytes.subarray(from, from + length);
    if (found.length < length) throw new Error('The archive ends before its directory says.');
    return found;
  }
}

async function* bytesOf(source: ByteSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    yield* source.open({ start, end });
  } catch (error) {
    throw new SourceFailure('The stored file could not be read.', { cause: error });
  }
}

async function* guarded(zip: ZipFile, entry: Entry, signal: AbortSignal): AsyncGenerator<Buffer> {
  let stream: Readable | undefined;
  try {
    stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream) {
      signal.throwIfAborted();
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof SourceFailure) throw error.cause;
    if (signal.aborted) throw signal.reason;
    throw damaged(`its part ${entry.fileName.slice(0, 80)} is broken`);
  } finally {
    stream?.destroy();
  }
}
