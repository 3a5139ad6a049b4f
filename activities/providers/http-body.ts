import { pipeline } from 'node:stream';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { header } from './http-failures.js';
import type { Headers } from './http-failures.js';

/** How much of an answer that is not wanted is read, so that its connection can be used again. */
const DISCARDED_BYTES = 64 * 1024;

export interface BodyLimits {
  /** Bytes after decompression: a small answer that unpacks to a huge one is stopped too. */
  maxBytes: number;
  tooLarge(): Error;
}

/**
 * Decodes an answer while it comes; holds no more than one chunk.
 * @returns how many bytes came after decompression.
 */
export async function readText(
  body: Readable,
  headers: Headers,
  limits: BodyLimits,
  take: (text: string) => void,
): Promise<number> {
  if (Number(header(headers, 'content-length') ?? 0) > limits.maxBytes) {
    body.destroy();
    throw limits.tooLarge();
  }
  const decoder = new TextDecoder(charset(headers));
  let bytes = 0;
  for await (const chunk of unpacked(body, headers)) {
    if (!(chunk instanceof Uint8Array)) continue;
    bytes += chunk.byteLength;
    if (bytes > limits.maxBytes) throw limits.tooLarge();
    take(decoder.decode(chunk, { stream: true }));
  }
  const rest = decoder.decode();
  if (rest !== '') take(rest);
  return bytes;
}

/** Reads a short answer to its end and drops a long one, with its connection. */
export async function discard(body: Readable): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk instanceof Uint8Array ? chunk.byteLength : 0;
    if (bytes > DISCARDED_BYTES) break;
  }
}

function unpacked(body: Readable, headers: Headers): Readable {
  const encoding = header(headers, 'content-encoding')?.trim().toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'x-gzip' && encoding !== 'deflate') return body;
  // The error, if there is one, is met again by whoever reads the unpacked stream.
  return pipeline(body, encoding === 'deflate' ? createInflate() : createGunzip(), () => undefined);
}

function charset(headers: Headers): string {
  const named = /charset="?([\w-]+)/i.exec(header(headers, 'content-type') ?? '')?.[1];
  try {
    return new TextDecoder(named).encoding;
  } catch {
    return 'utf-8';
  }
}
