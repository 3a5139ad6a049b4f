import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { FileKind } from '../activities/providers/provider.js';
import { Problem } from './errors.js';

const HEAD_BYTES = 64 * 1024;
const MIB = 1024 * 1024;
/** A client that sends nothing for so long is gone. */
const IDLE_MS = 60_000;

/** What the first bytes said: the kind, and the answer to a zero byte further on; null where zeros belong in the file. */
export interface Judged {
  kind: FileKind;
  zeroAt: ((at: number) => Problem) | null;
}

export interface Limits {
  xlsx: number;
  others: number;
}

/** An upload under way: what its first bytes said it is, and the rest, hashed and counted while it is read once. */
export interface Upload {
  kind: FileKind;
  bytes: AsyncIterable<Uint8Array>;
  /** Right once `bytes` was read to its end. */
  sha256(): string;
  size(): number;
}

/**
 * Reads the first 64 KiB and has them judged before anything is stored. Throws `Problem`: `file_empty`,
 * what `judge` throws, and, here or while `bytes` is read, `too_large` and what `zeroAt` makes.
 */
export async function receive(
  body: Readable,
  announced: number | null,
  limits: Limits,
  judge: (head: Uint8Array) => Judged,
): Promise<Upload> {
  const source = chunksOf(body);
  const head = await readHead(source);
  if (head.length === 0) {
    throw new Problem(
      'file_empty',
      'The file has no bytes. Nothing was stored. Upload the file itself as the body.',
    );
  }
  const { kind, zeroAt } = judge(head);
  const limit = kind === 'xlsx' ? limits.xlsx : limits.others;
  if (announced !== null && announced > limit) throw tooLarge(kind, limit);
  const hash = createHash('sha256');
  let size = 0;
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const chunk of startingWith(head, source)) {
      const zero = zeroAt ? chunk.indexOf(0) : -1;
      if (zeroAt && zero !== -1) throw zeroAt(size + zero);
      size += chunk.length;
      if (size > limit) throw tooLarge(kind, limit);
      hash.update(chunk);
      yield chunk;
    }
  }
  return { kind, bytes: bytes(), sha256: () => hash.digest('hex'), size: () => size };
}

/** The stream is left open when reading stops early, so that an answer can still be sent over it. */
function chunksOf(body: Readable): AsyncIterator<Buffer> {
  const iterator = body.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  return {
    async next() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(
            new Problem(
              'request_timeout',
              'No bytes arrived for 60 s. The upload was not stored. Send it again.',
            ),
          );
        }, IDLE_MS);
      });
      try {
        return await Promise.race([iterator.next(), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

async function readHead(source: AsyncIterator<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await source.next();
    if (next.done) break;
    parts.push(next.value);
    length += next.value.length;
  }
  return Buffer.concat(parts);
}

async function* startingWith(head: Buffer, source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}

function tooLarge(kind: FileKind, limit: number): Problem {
  const advice =
    kind === 'xlsx'
      ? 'Save the sheet as CSV, which may be much larger, or split the workbook.'
      : 'Split the file and import its parts one after the other.';
  const most = limit >= MIB ? `${Math.floor(limit / MIB)} MiB` : `${limit} bytes`;
  return new Problem(
    'too_large',
    `The file is over ${most}, the limit for ${kind}. It was not stored. ${advice}`,
    {
      limit,
      kind,
    },
  );
}
