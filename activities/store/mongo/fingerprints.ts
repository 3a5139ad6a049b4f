import { Binary } from 'mongodb';

/**
 * Which page of a run holds an external id is asked seldom, and an index entry per source record would cost every import. So a
 * page keeps a 32 bit fingerprint per id: a search reads four bytes a record and then opens the one page that has it.
 */
export function fingerprints(externalIds: readonly string[]): Binary {
  const prints = new Uint32Array(externalIds.length);
  externalIds.forEach((id, index) => (prints[index] = fingerprint(id)));
  return new Binary(Buffer.from(prints.buffer, prints.byteOffset, prints.byteLength));
}

export function mayHold(prints: Binary, externalId: string): boolean {
  const wanted = fingerprint(externalId);
  const bytes = prints.buffer;
  const view = new DataView(bytes.buffer, bytes.byteOffset, prints.position);
  for (let at = 0; at + 4 <= view.byteLength; at += 4) if (view.getUint32(at, true) === wanted) return true;
  return false;
}

/** FNV-1a over UTF-16 units. Stored, so it never changes. */
function fingerprint(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
