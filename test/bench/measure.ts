import { rests, type RunBody } from '../../local/api-client.js';
import type { System, WorkerProcess } from './system.js';

export interface Imported {
  appId: string;
  runId: string;
  recordsPerSecond: number;
  /** From the start call until a record could be read in the store. */
  firstRecordMs: number;
  historyEvents: number;
}

const LONG_MS = 3_600_000;

export async function install(system: System, account: string, records: number): Promise<string> {
  const { appId } = await system.api.post<{ appId: string }>('/v1/apps', {
    ...{ providerId: 'synthetic', name: account },
    settings: { records, account },
  });
  await system.api.post(`/v1/apps/${appId}/check`);
  return appId;
}

export async function startImport(system: System, appId: string): Promise<string> {
  const run = await system.api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, {
    kind: 'import',
    review: 'none',
  });
  return run.runId;
}

/** One import from start to end; the rate is that of the transfer itself, first page to last. */
export async function measureImport(system: System, account: string, records: number): Promise<Imported> {
  const appId = await install(system, account, records);
  const from = performance.now();
  const runId = await startImport(system, appId);
  const probe = { links: `default/synthetic:${account}/contacts/${account}-0` };
  const firstRecord = untilThere(system, probe.links).then(() => performance.now() - from);
  const run = await system.api.untilRun(runId, rests, { withinMs: LONG_MS });
  if (run.status !== 'completed' || run.counts['created'] !== records) {
    throw new Error(`The import did not end well: ${JSON.stringify(run)}`);
  }
  const firstRecordMs = await firstRecord;
  const historyEvents = await countEvents(system, run);
  return { appId, runId, recordsPerSecond: rateOf(run, records), firstRecordMs, historyEvents };
}

async function untilThere(system: System, key: string): Promise<void> {
  const links = system.database.collection<{ _id: string }>('links');
  while (!(await links.findOne({ _id: key }, { projection: { _id: 1 } }))) await pause(10);
}

/** From the object's start to its end: with the slices' own overhead in it. */
export function rateOf(run: RunBody, records: number): number {
  const [object] = run.objects as unknown as { startedAt: string; endedAt: string }[];
  if (!object) throw new Error('The run moved nothing.');
  return records / ((Date.parse(object.endedAt) - Date.parse(object.startedAt)) / 1000);
}

async function countEvents(system: System, run: RunBody): Promise<number> {
  const parent = await system.temporal.workflow.getHandle(run.temporal.workflowId).describe();
  const child = await system.temporal.workflow
    .getHandle(`${run.temporal.workflowId}/${run.runId}/contacts`)
    .describe();
  return parent.historyLength + child.historyLength;
}

/** Undoes a whole run; records per second of what was removed. */
export async function measureUndo(system: System, runId: string, records: number): Promise<number> {
  const from = performance.now();
  await system.api.post(`/v1/runs/${runId}/cleanup`, { mode: 'undo', note: 'Benchmark.' });
  const run = await system.api.untilRun(runId, (seen) => seen.cleanup?.state === 'done', {
    withinMs: LONG_MS,
  });
  if (run.cleanup?.remove !== records)
    throw new Error(`The undo removed ${run.cleanup?.remove ?? 0} of ${records}.`);
  return records / ((performance.now() - from) / 1000);
}

/** Kills the worker in the middle of an import; milliseconds until another page was applied, and what the run ends with. */
export async function measureKill(
  system: System,
  worker: WorkerProcess,
  records: number,
): Promise<{ backMs: number; duplicates: number; worker: WorkerProcess }> {
  const account = 'killed';
  const runId = await startImport(system, await install(system, account, records));
  const half = await system.api.untilRun(runId, (run) => (run.counts['created'] ?? 0) > records / 4);
  await worker.kill();
  const from = performance.now();
  const next = await system.startWorker();
  const before = half.counts['created'] ?? 0;
  const more = (run: RunBody): boolean => (run.counts['created'] ?? 0) > before + 1000 || rests(run);
  await system.api.untilRun(runId, more, { withinMs: LONG_MS });
  const backMs = performance.now() - from;
  const run = await system.api.untilRun(runId, rests, { withinMs: LONG_MS });
  const links = await system.database
    .collection<{ _id: string }>('links')
    .countDocuments({ _id: { $gte: `default/synthetic:${account}/`, $lt: `default/synthetic:${account}0` } });
  return { backMs, duplicates: (run.counts['created'] ?? 0) - links, worker: next };
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
