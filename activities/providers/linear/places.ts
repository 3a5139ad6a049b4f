import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProviderFailure } from '../provider.js';
import type { Cursor, Since } from '../provider.js';

/** Clocks of a provider's machines differ, and a change may be listed a little after it was made. */
const OVERLAP_MS = 5 * 60_000;
/** Changes of the overlap that are known by hash, so that the next sync does not tell them again. More come again, and are unchanged then. */
const REMEMBERED = 1_000;

const bookmark = z.strictObject({
  v: z.literal(1),
  /** ISO 8601: where the next sync begins. */
  since: z.iso.datetime(),
  /** The only team that was read, as its id. */
  team: z.string().nullable(),
  /** Hashes of changes at `since` or later that were told already, 11 characters each. */
  told: z.string(),
});
const cursor = z.strictObject({
  v: z.literal(1),
  team: z.string().nullable(),
  after: z.string(),
  /** Where the sync after this reading begins, and what it need not tell. */
  began: z.iso.datetime(),
  told: z.string(),
  /** The bookmark that is read from; absent in a listing of everything. */
  from: z.strictObject({ since: z.iso.datetime(), told: z.string() }).optional(),
  /** Records handed out, where there is a limit of them. */
  read: z.int().nonnegative().optional(),
});

/** Where a reading stands. It can go on from it in any process. */
export interface Place {
  team: string | null;
  since: string | null;
  /** Changes that the sync before told. */
  toldBefore: ReadonlySet<string>;
  began: string | null;
  told: Set<string>;
  after: string | null;
  read: number;
}

/** @throws ProviderFailure `cursor_expired`: of another version, or of another team than the one that is now chosen. */
export function placeOf(from: Cursor | Since | undefined, team: string | null): Place {
  const fresh: Place = {
    ...{ team, since: null, toldBefore: new Set(), began: null },
    ...{ told: new Set(), after: null, read: 0 },
  };
  if (from === undefined) return fresh;
  if (typeof from !== 'string') {
    const { since, told } = parsed(bookmark, from.bookmark, team);
    return { ...fresh, since, toldBefore: hashesIn(told) };
  }
  const { after, began, told, from: start, read = 0 } = parsed(cursor, from, team);
  const at = { ...fresh, after, began, told: hashesIn(told), read };
  return start ? { ...at, since: start.since, toldBefore: hashesIn(start.told) } : at;
}

/** A server that answers the same place again gives the same text again, by which a circle is noticed. */
export function toCursor(place: Place, began: string, after: string, isLimited: boolean): Cursor {
  const { team, since, toldBefore, told, read } = place;
  return JSON.stringify({
    ...{ v: 1, team, after, began, told: [...told].join('') },
    ...(since !== null && { from: { since, told: [...toldBefore].join('') } }),
    ...(isLimited && { read }),
  } satisfies z.infer<typeof cursor>);
}

export function toBookmark({ team, told }: Place, began: string): string {
  return JSON.stringify({ v: 1, since: began, team, told: [...told].join('') } satisfies z.infer<
    typeof bookmark
  >);
}

/** By the earlier of two clocks: one that is ahead would let changes slip through. */
export function beginning(theirs: Date | null): string {
  const now = Date.now();
  return new Date(Math.min(theirs?.getTime() ?? now, now) - OVERLAP_MS).toISOString();
}

/** False: the sync before told this change. What the next one may meet again is noted. */
export function isNews(place: Place, id: string, changedAt: string | undefined): boolean {
  const at = changedAt === undefined ? NaN : Date.parse(changedAt);
  if (Number.isNaN(at)) return true;
  const hash = createHash('sha256')
    .update(JSON.stringify([id, at]))
    .digest('base64url')
    .slice(0, 11);
  if (place.began !== null && at >= Date.parse(place.began) && place.told.size < REMEMBERED)
    place.told.add(hash);
  return !place.toldBefore.has(hash);
}

function hashesIn(text: string): Set<string> {
  return new Set(text.match(/.{11}/g));
}

function parsed<T extends { team: string | null }>(
  shape: z.ZodType<T>,
  text: string,
  team: string | null,
): T {
  const { data } = shape.safeParse(jsonOf(text));
  if (data === undefined) throw expired('The place where reading stopped cannot be read any more.');
  if (data.team !== team) throw expired('The place where reading stopped is one of another team.');
  return data;
}

function expired(why: string): ProviderFailure {
  return new ProviderFailure('cursor_expired', `${why} Nothing was deleted. A full listing is needed.`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
