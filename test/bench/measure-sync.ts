import { rests, type RunBody } from '../../local/api-client.js';
import { measureImport, rateOf } from './measure.js';
import type { System } from './system.js';

/** What it costs to keep up to date what was imported. */

const LONG_MS = 3_600_000;

export interface Synced {
  recordsPerSecond: number;
  /** From the start call to the end of the run. */
  milliseconds: number;
  updated: number;
  requests: number;
}

export interface SyncFigures {
  /** Everything listed again, nothing of it new. */
  unchanged: Synced;
  /** Everything listed again, 1 % of it changed. */
  onePercent: Synced;
  /** Only 1 % is told, by a provider that knows what changed. */
  feed: Synced;
}

/** Imports so many, then syncs them three times. */
export async function measureSync(system: System, records: number): Promise<SyncFigures> {
  const { appId } = await measureImport(system, 'synced', records);
  const few = Math.ceil(records / 100);
  const unchanged = await syncOnce(system, appId, records, 0);
  await setChanged(system, appId, records, { changed: few });
  const onePercent = await syncOnce(system, appId, records, few);
  const other = await measureImport(system, 'fed', records);
  await setChanged(system, other.appId, records, { changed: few, feed: true, account: 'fed' });
  const feed = await syncOnce(system, other.appId, few, few);
  return { unchanged, onePercent, feed };
}

async function setChanged(
  system: System,
  appId: string,
  records: number,
  more: { changed: number; feed?: boolean; account?: string },
): Promise<void> {
  await system.api.patch(`/v1/apps/${appId}`, { settings: { records, account: 'synced', ...more } });
  await system.api.post(`/v1/apps/${appId}/check`);
}

async function syncOnce(system: System, appId: string, fetched: number, updated: number): Promise<Synced> {
  const from = performance.now();
  const { runId } = await system.api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, {
    kind: 'sync',
    review: 'none',
  });
  const run = await system.api.untilRun(runId, rests, { withinMs: LONG_MS });
  const milliseconds = performance.now() - from;
  const { counts } = run;
  if (run.status !== 'completed' || counts['fetched'] !== fetched || counts['updated'] !== updated) {
    throw new Error(`The sync did not end well: ${JSON.stringify(run)}`);
  }
  return { recordsPerSecond: rateOf(run, fetched), milliseconds, updated, requests: requestsOf(run) };
}

function requestsOf(run: RunBody): number {
  const [object] = run.objects as unknown as { requests?: number }[];
  return object?.requests ?? 0;
}
