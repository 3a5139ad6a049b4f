import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ApplyStored, Database, FetchStored, PageStored } from './collections.js';
import { padded, prefixOf, tailOf } from './ids.js';
import { APPLY, FETCH, sideKey } from './transfer-codec.js';

/**
 * Pages are numbered without gaps and their sides say how many there are, so every walk over them asks for keys: never for a
 * range, and never for a sort.
 */

export const PAGES_AT_ONCE = 50;

export function pageKey(ref: RunRef, object: ObjectName, seq: number): string {
  return prefixOf(ref.workspaceId, ref.runId, object) + padded(seq);
}

export function seqOf(page: { _id: string }): number {
  return Number(tailOf(page._id));
}

/** The number after the last page, whether it was fetched or made by resolving. */
export async function pageCount(database: Database, ref: RunRef, object: ObjectName): Promise<number> {
  const keys = [sideKey(ref, object, FETCH), sideKey(ref, object, APPLY)];
  const sides = await database
    .collection('transfers')
    .find({ _id: { $in: keys } })
    .project<Pick<FetchStored | ApplyStored, 'position'>>({ position: 1 })
    .toArray();
  return Math.max(0, ...sides.map((side) => side.position));
}

export type Part = { [field in keyof PageStored]?: 0 | 1 };

/** Pages `from` (included) to `to` (excluded), upwards, or downwards where `to` is smaller. Pages that are not there are left out. */
export async function* pagesBetween(
  database: Database,
  at: { ref: RunRef; object: ObjectName },
  span: { from: number; to: number; down?: boolean },
  only: { projection: Part; atOnce?: number },
): AsyncIterable<PageStored> {
  const { projection, atOnce = PAGES_AT_ONCE } = only;
  const all = Math.max(0, span.to - span.from);
  for (let done = 0; done < all; done += atOnce) {
    const size = Math.min(atOnce, all - done);
    const first = span.down ? span.to - done - size : span.from + done;
    const keys = Array.from({ length: size }, (_none, index) => pageKey(at.ref, at.object, first + index));
    const found = await database
      .collection('pages')
      .find({ _id: { $in: keys } })
      .project<PageStored>(projection)
      .toArray();
    found.sort((a, b) => (seqOf(a) - seqOf(b)) * (span.down ? -1 : 1));
    yield* found;
  }
}
