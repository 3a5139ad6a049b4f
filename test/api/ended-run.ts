import { v7 as uuid } from 'uuid';
import { noCounts, type Counts } from '../../activities/records/types.js';
import type { DecidedPage } from '../../activities/records/page.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { FailureInfo } from '../../workflows/contract/failures.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { newRun } from '../../activities/store/new-run.js';
import type { Harness } from './harness.js';

/** A run of the app whose object a worker moved as the counts say (no record is there), live. */
export async function movedRun(
  { store }: Harness,
  appId: string,
  object: ObjectName,
  counts: Partial<Counts>,
): Promise<RunDoc> {
  const now = new Date().toISOString();
  const run: RunDoc = {
    ...newRun({
      ...{ workspaceId: 'default', runId: uuid(), appId, providerId: 'files', createdAt: now },
      ...{
        mode: 'apply',
        startedBy: { id: 'u', name: 'U' },
        scope: [object],
        options: {},
        reviewAsked: null,
      },
    }),
    startedAt: now,
  };
  await store.runs.insert(run);
  await store.runs.patchObject('default', run.runId, object, { state: 'transferring', startedAt: now });
  const ref = { workspaceId: 'default', appId, runId: run.runId };
  const { fetch, apply } = await store.transfers.claim(ref, object, { slice: 0, attempt: 1 });
  const all = { ...noCounts(), ...counts };
  const sources = Array.from({ length: all.created + all.updated + all.unchanged }, (_, at) => ({
    externalId: `e${at}`,
    data: { id: `e${at}` },
  }));
  await store.pages.stage({
    ...{ ref, object, epoch: fetch.epoch, fromSeq: 0, pages: [sources], cursor: null, done: true },
    ...{ bookmark: null, complete: true, traffic: { requests: 1, bytes: 10 } },
  });
  const decided: DecidedPage = {
    outcomes: sources.map(({ externalId }) => ({ externalId, outcome: 'created', recordId: null })),
    ...{ records: [], links: [], bumps: [], pending: [], journal: [], duplicates: [], problems: [] },
    ...{ counts: { ...all, fetched: 0 }, identity: { known: 0, changed: 0, samples: [] } },
  };
  const turn = await store.turns.acquire('default', object, 'test', AbortSignal.timeout(5_000));
  await store.pages.apply({
    ...{ ref, object, seq: 0, pageOrigin: 'fetch', origin: `files:${appId}`, epoch: apply.epoch },
    ...{ turn, decided, settled: [], rows: 0, now },
  });
  await store.turns.release(turn);
  return run;
}

/** Closes it as a worker would that met this. */
export async function endRun(
  { store }: Harness,
  run: RunDoc,
  status: 'completed' | 'failed' | 'cancelled',
  error: FailureInfo | null = null,
): Promise<void> {
  const at = new Date().toISOString();
  const state = status === 'completed' ? 'accepted' : status === 'failed' ? 'failed' : 'unreviewed';
  for (const { object } of run.objects)
    await store.runs.patchObject('default', run.runId, object, { state, endedAt: at });
  if (status !== 'completed')
    await store.apps.patch('default', run.appId, { lock: { runId: run.runId, at } });
  const lastError = error && { ...error, object: null, step: 'transfer' as const, at };
  await store.runs.patch('default', run.runId, { status, endedAt: at, step: 'close', lastError });
}
