import { composeRun } from '../../api/run-view.js';
import { newRun } from '../../activities/store/new-run.js';
import { noCounts } from '../../activities/records/types.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { Claim } from '../../activities/store/moving.js';

const AT = '2026-01-01T00:00:00.000Z';
const after = (seconds: number): string => new Date(Date.parse(AT) + seconds * 1000).toISOString();

function runDoc(patch: Partial<RunDoc> = {}): RunDoc {
  return {
    ...newRun({
      workspaceId: 'default',
      runId: 'r1',
      appId: 'a1',
      providerId: 'files',
      createdAt: AT,
      startedBy: { id: 'u', name: 'U' },
      scope: ['contacts', 'invoices'],
      options: {},
      reviewAsked: null,
    }),
    ...patch,
  };
}

function claim(counts: Partial<ReturnType<typeof noCounts>>, lastAt: string | null): Claim {
  const common = {
    workspaceId: 'default',
    runId: 'r1',
    object: 'contacts',
    position: 1,
    epoch: 1,
    closedFor: null,
  } as const;
  return {
    fetch: {
      ...common,
      cursor: null,
      done: false,
      fetched: counts.fetched ?? 0,
      rows: 0,
      requests: 1,
      bytes: 1,
      bookmark: null,
      complete: false,
      updatedAt: lastAt ?? AT,
    },
    apply: {
      ...common,
      pages: 2,
      counts: { ...noCounts(), ...counts, fetched: 0 },
      question: null,
      firstAt: AT,
      lastAt,
      updatedAt: lastAt ?? AT,
    },
  };
}

const moving: Partial<RunDoc> = {
  startedAt: AT,
  objects: [
    { object: 'contacts', state: 'transferring', providerTotal: 1000, startedAt: AT, endedAt: null },
    { object: 'invoices', state: 'waiting', providerTotal: null, startedAt: null, endedAt: null },
  ],
};
const place = { namespace: 'default', url: null };

describe('a run as clients see it', () => {
  it('adds up counts over objects and says whether the books are closed', () => {
    const open = composeRun(
      runDoc(moving),
      [claim({ fetched: 500, created: 300, failed: 20 }, after(10))],
      place,
      new Date(after(11)),
    );
    expect(open.counts).toMatchObject({ fetched: 500, created: 300, failed: 20 });
    expect(open.booksClosed).toBe(false);
    const closed = composeRun(
      runDoc(moving),
      [claim({ fetched: 320, created: 300, failed: 20 }, after(10))],
      place,
      new Date(after(11)),
    );
    expect(closed.booksClosed).toBe(true);
  });

  it('estimates the rest where the provider says its total', () => {
    const { objects } = composeRun(
      runDoc(moving),
      [claim({ fetched: 200, created: 200 }, after(10))],
      place,
      new Date(after(11)),
    );
    expect(objects[0]).toMatchObject({ recordsPerSecond: 20, providerTotal: 1000, etaSeconds: 40, pages: 2 });
    expect(objects[0]).toMatchObject({ requests: 1, bytes: 1 });
    expect(objects[1]).not.toHaveProperty('etaSeconds');
  });

  it.each([
    ['119 s without a page', {}, 129, false],
    ['121 s without a page', {}, 131, true],
    ['a wait for the provider', { waitingUntil: after(900) }, 500, false],
    ['a pause', { status: 'paused' as const }, 500, false],
    ['a run that no worker began', { startedAt: null }, 500, false],
  ])('tells of a stall, or not: %s', (_what, patch, seconds, stalls) => {
    const view = composeRun(
      runDoc({ ...moving, ...patch }),
      [claim({ fetched: 1 }, after(10))],
      place,
      new Date(after(seconds)),
    );
    expect(view.stalledSince).toBe(stalls ? after(10) : undefined);
  });

  it('leaves out what is not there', () => {
    const view = composeRun(runDoc(), [], place, new Date(AT));
    for (const name of ['waitingUntil', 'stalledSince', 'cleanup']) expect(view).not.toHaveProperty(name);
    expect(view).toMatchObject({ attention: null, held: { events: 0, byAutomation: [] }, booksClosed: true });
  });
});
