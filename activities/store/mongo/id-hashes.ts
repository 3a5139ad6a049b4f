import { Binary } from 'mongodb';

/**
 * What a complete listing named, in eight bytes a record: 53 bits of a hash, so that a million ids fit a few megabytes and two of
 * them share one only once in ten thousand such listings. Stored, so it never changes.
 */
export function idHashes(externalIds: readonly string[]): Binary {
  const hashes = Float64Array.from(externalIds, idHash);
  return new Binary(Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength));
}

/** Into `target` from an index on; how many they were. */
export function readHashes(stored: Binary, target: Float64Array, at: number): number {
  const bytes = stored.buffer;
  const view = new DataView(bytes.buffer, bytes.byteOffset, stored.position);
  const count = Math.floor(view.byteLength / 8);
  for (let index = 0; index < count; index += 1) target[at + index] = view.getFloat64(index * 8, true);
  return count;
}

const HIGH = 2 ** 32;

/** Two hashes over UTF-16 units that multiply by different primes and stir each other at the end: a whole number below 2^53. */
export function idHash(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
    high ^= high >>> 15;
  }
  low = stir(low ^ (high >>> 7));
  high = stir(high ^ Math.imul(low, 0x27d4eb2f));
  return (high & 0x1fffff) * HIGH + (low >>> 0);
}

function stir(value: number): number {
  let stirred = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  stirred = Math.imul(stirred ^ (stirred >>> 13), 0xc2b2ae35);
  return stirred ^ (stirred >>> 16);
}
