import {
  locksApp as judgeEnd,
  retryLock as judgeLock,
  unacknowledgedOf,
  writtenBy,
  type CountsOf,
  type EndedRun,
  type LastCheck,
} from '../../activities/records/retry-lock.js';
import { noCounts } from '../../activities/records/types.js';
import { FAILURES, type FailureCode } from '../../workflows/contract/failures.js';
import type { ObjectState } from '../../workflows/contract/status.js';

const locksApp = (run: EndedRun, counts: CountsOf) => judgeEnd(run, counts, FAILURES);
const retryLock = (run: EndedRun, counts: CountsOf, check: LastCheck | null) =>
  judgeLock(run, counts, check, FAILURES);

const END = '2026-05-01T10:00:00.000Z';
const LATER = '2026-05-01T11:00:00.000Z';
const EARLIER = '2026-05-01T09:00:00.000Z';

const failedOf = (code: string) => ({ code, message: `${code} happened.` });

function ended(changes: Partial<EndedRun> = {}, state: ObjectState = 'failed'): EndedRun {
  return {
    ...{ runId: 'r1', status: 'failed', endedAt: END, error: failedOf('bug'), acknowledged: false },
    objects: [{ object: 'contacts', state }],
    ...changes,
  };
}

const wrote: CountsOf = new Map([['contacts', { ...noCounts(), fetched: 5, created: 3, updated: 2 }]]);
const nothing: CountsOf = new Map([['contacts', { ...noCounts(), fetched: 5, unchanged: 4, failed: 1 }]]);
const check = (changes: Partial<LastCheck> = {}): LastCheck => ({
  ...{ at: LATER, ready: true, codes: [] },
  ...changes,
});

describe('whether the end of a run locks its app', () => {
  it.each<[string, Partial<EndedRun>, ObjectState, CountsOf, boolean]>([
    ['failed with something written', {}, 'failed', wrote, true],
    ['cancelled with something written', { status: 'cancelled', error: null }, 'unreviewed', wrote, true],
    ['failed, reviewed before its end', {}, 'accepted', wrote, true],
    ['failed, nothing written', {}, 'failed', nothing, false],
    ['failed before anything was fetched', {}, 'not_started', new Map(), false],
    ['failed, all of it taken back', {}, 'cleaned_up', wrote, false],
    ['only planned', { status: 'cancelled', error: null }, 'planned', wrote, false],
    ['completed', { status: 'completed', error: null }, 'accepted', wrote, false],
    ['still live', { status: 'running', error: null }, 'transferring', wrote, false],
  ])('%s', (_name, run, state, counts, locks) => {
    expect(locksApp(ended(run, state), counts)).toBe(locks);
  });

  it('a cause that waiting cures never locks, every other one does', () => {
    for (const code of Object.keys(FAILURES) as FailureCode[]) {
      const locks = locksApp(ended({ error: failedOf(code) }), wrote);
      expect([code, locks]).toEqual([code, FAILURES[code] !== 'retry']);
    }
  });

  it('a deletion is something written too', () => {
    const deleted: CountsOf = new Map([['contacts', { ...noCounts(), fetched: 1, deleted: 1 }]]);
    expect(locksApp(ended(), deleted)).toBe(true);
    expect(writtenBy(ended().objects, deleted)).toEqual([
      { object: 'contacts', created: 0, updated: 0, deleted: 1 },
    ]);
  });
});

describe('what opens the lock', () => {
  const rejected = { error: failedOf('credentials_rejected') };
  const refused = { error: failedOf('permission_missing') };
  const cancelled = { status: 'cancelled', error: null } as const;

  it.each<[string, Partial<EndedRun>, ObjectState, LastCheck | null, boolean]>([
    ['no test, nobody looked', {}, 'failed', check(), true],
    ['no test, acknowledged', { acknowledged: true }, 'failed', null, false],
    ['no test, accepted', {}, 'accepted', null, false],
    ['no test, taken back since', {}, 'cleaned_up', null, false],
    ['cancelled, nobody looked', cancelled, 'unreviewed', check(), true],
    ['cancelled, acknowledged', { ...cancelled, acknowledged: true }, 'unreviewed', null, false],
    ['passed by its mode is not looked at', {}, 'passed', null, true],
    ['a skipped object keeps what it wrote', {}, 'skipped', null, true],
    ['acknowledged, not proven', { ...rejected, acknowledged: true }, 'failed', null, true],
    ['proven, not acknowledged', rejected, 'failed', check(), true],
    ['proven and acknowledged', { ...rejected, acknowledged: true }, 'failed', check(), false],
    ['proven and accepted', rejected, 'accepted', check(), false],
    ['proven and taken back', rejected, 'cleaned_up', check(), false],
    ['taken back, not proven', rejected, 'cleaned_up', null, true],
    ['a check of before its end', rejected, 'accepted', check({ at: EARLIER }), true],
    ['a check at its very end', rejected, 'accepted', check({ at: END }), true],
    ['a check that failed', rejected, 'accepted', check({ ready: false }), true],
    [
      'the same permission still missing',
      refused,
      'accepted',
      check({ codes: ['permission_missing'] }),
      true,
    ],
    ['the permission is there', refused, 'accepted', check(), false],
  ])('%s', (_name, run, state, lastCheck, locked) => {
    expect(retryLock(ended(run, state), wrote, lastCheck) !== null).toBe(locked);
  });

  it('says the cause, whether it tests clean, what was written and what to do', () => {
    const objects = [
      { object: 'accounts', state: 'accepted' },
      { object: 'contacts', state: 'failed' },
      { object: 'deals', state: 'not_started' },
    ] as const;
    const counts: CountsOf = new Map([...wrote, ['accounts', { ...noCounts(), fetched: 1, created: 1 }]]);
    const evidence = retryLock(ended({ ...rejected, objects }), counts, check({ ready: false }));
    expect(evidence).toEqual({
      runId: 'r1',
      cause: failedOf('credentials_rejected'),
      causeTestsClean: false,
      checkedAt: LATER,
      written: [
        { object: 'accounts', created: 1, updated: 0, deleted: 0 },
        { object: 'contacts', created: 3, updated: 2, deleted: 0 },
      ],
      unacknowledged: ['contacts'],
      howToOpen: expect.stringMatching(/check.*contacts.*changes.*cleanup.*acknowledge.*unlock/s) as string,
    });
  });

  it('says only what is left to do', () => {
    const proven = retryLock(ended(rejected), wrote, check());
    expect(proven).toMatchObject({ causeTestsClean: true });
    expect(proven?.howToOpen).not.toMatch(/\/check/);
    const looked = retryLock(ended({ ...rejected, acknowledged: true }), wrote, null);
    expect(looked).toMatchObject({ unacknowledged: [], causeTestsClean: false, checkedAt: null });
    expect(looked?.howToOpen).not.toMatch(/acknowledge/);
    expect(retryLock(ended(), wrote, null)).toMatchObject({ causeTestsClean: null });
    expect(retryLock(ended(cancelled, 'unreviewed'), wrote, null)?.cause.code).toBe('cancelled');
  });

  it('counts as looked at what was accepted, taken back or acknowledged', () => {
    expect(unacknowledgedOf(ended(), wrote)).toEqual(['contacts']);
    expect(unacknowledgedOf(ended({}, 'accepted'), wrote)).toEqual([]);
    expect(unacknowledgedOf(ended({}, 'cleaned_up'), wrote)).toEqual([]);
    expect(unacknowledgedOf(ended({ acknowledged: true }), wrote)).toEqual([]);
    expect(unacknowledgedOf(ended(), nothing)).toEqual([]);
  });
});
