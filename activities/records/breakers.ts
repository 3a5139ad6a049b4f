import type { FailureCode } from '../../workflows/contract/failures.js';
import { decidedOf } from './books.js';
import type { DecidedPage } from './page.js';
import { defaultPolicies } from './policies.js';
import type { Counts, Policies } from './types.js';

export type BreakerCode = Extract<
  FailureCode,
  'key_reused' | 'breaker_failed' | 'breaker_duplicates' | 'breaker_updated' | 'breaker_deleted'
>;

export interface Judgement {
  code: BreakerCode;
  /** What is seen, that the page was not written, what to look at. */
  message: string;
  evidence: BreakerEvidence;
}

/** A type and not an interface, so that it is also a plain bag of facts to whoever stores it. */
export type BreakerEvidence = {
  count: number;
  of: number;
  /** 0 to 1, as `limit`. */
  share: number;
  limit: number;
  samples: { externalId: string; before: string; after: string }[];
};

export interface Judged {
  /** What a person already answered with `resume`: it does not ask again. */
  allowed: readonly FailureCode[];
  /** Of the page about to be written; none where an app's ids are its provider's own and cannot be other things tomorrow. */
  pageIdentity?: DecidedPage['identity'] | null;
  /** Exactly the first page was written: it is judged although it may be small, before there is a second. */
  canary?: boolean;
  /** All of the object was decided: then it is judged however little it is. */
  whole?: boolean;
  /** Live links of the object before this run marked any: what deletions are a share of. */
  known?: number;
}

/** A share of fewer records than this says nothing. */
const ENOUGH = 100;
/**
 * But so many of a first page do, and of all there is, however little that is; for a limit that a person chose, any number does. Our
 * own limit would stop every short list for one bad row, which its review shows anyway.
 */
const ENOUGH_OF_FEW = 20;
/** So many deletions are no housekeeping, however few records there are. */
const ENOUGH_DELETED = 10;
/** One record whose name and e-mail changed is somebody who married; a share of one is no share. */
const REUSED_AT_LEAST = 2;
const REUSED_SHARE = 0.3;

/**
 * Whether the page about to be written has to wait for a person. `totals` are an object's counts so far, of this page too if the
 * caller has decided it; `null` judges only the page's identity.
 */
export function judge(
  policies: Policies,
  totals: Counts | null,
  { allowed, pageIdentity, canary = false, whole = false, known = 0 }: Judged,
): Judgement | null {
  const found = [
    keyReused(pageIdentity ?? null),
    ...(totals === null ? [] : sharesOf(policies, { totals, canary, whole, known })),
  ];
  return found.find((each) => each !== null && !allowed.includes(each.code)) ?? null;
}

interface Seen {
  totals: Counts;
  canary: boolean;
  whole: boolean;
  known: number;
}

function sharesOf(policies: Policies, seen: Seen): (Judgement | null)[] {
  const { breakers } = policies;
  return [
    overLimit(seen, 'failed', breakers, {
      what: 'failed',
      look: 'Look at the problems: a column may be mapped wrongly or the file may have another format.',
    }),
    overLimit(seen, 'duplicates', breakers, {
      what: 'look like records that are there already',
      look: 'Look at the duplicates: this may be the same data under other ids.',
    }),
    overLimit(seen, 'updated', breakers, {
      what: 'would change a record',
      look: 'Look at the changes so far: this may be an older copy of the data, or another mapping.',
    }),
    overLimit(seen, 'deleted', breakers, {
      what: 'were deleted at the source',
      look: 'Look there whether they are really gone, or only out of sight of this account.',
    }),
  ];
}

function keyReused(identity: DecidedPage['identity'] | null): Judgement | null {
  if (!identity || identity.changed < REUSED_AT_LEAST) return null;
  const { known, changed, samples } = identity;
  const share = changed / known;
  if (share < REUSED_SHARE) return null;
  const sample = samples[0];
  const example = sample
    ? ` For example, ${sample.externalId} was "${sample.before}" and is now "${sample.after}".`
    : '';
  return {
    code: 'key_reused',
    message:
      `${changed} of ${known} known ids now belong to something else: everything that tells who or what it is changed at once.${example} ` +
      `This page was not written. If these are other things with the same numbers, stop and choose another key column; ` +
      `if they really changed, resume and they are updated.`,
    evidence: { count: changed, of: known, share, limit: REUSED_SHARE, samples },
  };
}

function overLimit(
  { totals, canary, whole, known }: Seen,
  kind: keyof Policies['breakers'],
  limits: Policies['breakers'],
  words: { what: string; look: string },
): Judgement | null {
  const limit = limits[kind];
  const count = totals[kind];
  // A few deletions are most of what changed since yesterday, and still few of what there is.
  const of = kind === 'deleted' ? Math.max(count, known) : decidedOf(totals);
  if (limit === null || of === 0) return null;
  const share = count / of;
  const few = (): boolean => (canary || whole) && (count >= ENOUGH_OF_FEW || limit !== OURS[kind]);
  const enough = kind === 'deleted' ? isMass(count, of) : of >= ENOUGH || few();
  if (!enough || share <= limit) return null;
  return {
    code: `breaker_${kind}`,
    message:
      `${count} of ${of} records (${percent(share)}) ${words.what}; this app's limit is ${percent(limit)}. ` +
      `${written(kind, whole)} ${words.look} Then resume, skip this object, or stop.`,
    evidence: { count, of, share, limit, samples: [] },
  };
}

const OURS = defaultPolicies().breakers;

function written(kind: keyof Policies['breakers'], whole: boolean): string {
  if (whole) return 'All pages of this object are written.';
  if (kind === 'deleted') return 'What would delete them was not written; the pages before it were.';
  return 'The next page was not written; the pages before it were.';
}

/** Of a whole that is known a few say something: eleven of a hundred, ten of thirty, or most of a handful. */
function isMass(count: number, of: number): boolean {
  return of >= ENOUGH || count >= ENOUGH_DELETED || (count >= 3 && count * 2 >= of);
}

function percent(share: number): string {
  return `${String(Math.round(share * 1000) / 10)} %`;
}
