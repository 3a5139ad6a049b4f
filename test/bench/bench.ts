/**
 * `npm run bench -- --records 200000 [--memory 1000000] [--apps 1,2,4] [--existing 1000000] [--gate 50000]`: measures Sluice beside the bare driver, in the same run
 * on the same engines, and prints a table and JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { bareIndexedInserts, bareInserts, bareUpserts } from './bare-loops.js';
import { install, measureImport, measureKill, measureUndo, rateOf, startImport } from './measure.js';
import { measureChecklist, measureExisting, measurePlan, measureRepair } from './measure-gate.js';
import { measureSync } from './measure-sync.js';
import { startSystem, type System } from './system.js';
import { rests } from '../../local/api-client.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '200000' },
    memory: { type: 'string', default: '0' },
    apps: { type: 'string', default: '1,2,4' },
    existing: { type: 'string', default: '0' },
    gate: { type: 'string', default: '50000' },
  },
});
const records = Number(values.records);

interface Figure {
  figure: string;
  measured: number;
  goal: string;
  reached: boolean | null;
}

const figures: Figure[] = [];
function note(figure: string, measured: number, goal = '', reached: boolean | null = null): void {
  figures.push({ figure, measured: Math.round(measured * 100) / 100, goal, reached });
  console.log(
    `${figure.padEnd(58)} ${String(Math.round(measured * 100) / 100).padStart(12)}  ${goal}${reached === false ? '  NOT REACHED' : ''}`,
  );
}

async function measureAll(system: System): Promise<void> {
  let worker = await system.startWorker();
  await measureImport(system, 'warm', 2_000);
  const bareInsert = await bareInserts(system.mongo, system.database.collection('bareInserts'), records);
  note('bare insertMany in transactions of 500, records/s', bareInsert);
  const indexed = Math.min(records, 50_000);
  note(
    `  the same with the indexes of records (${indexed})`,
    await bareIndexedInserts(system.mongo, system.database.collection('bareIndexed'), indexed),
  );
  const upserts = Math.min(records, 20_000);
  const bareUpsert = await bareUpserts(system.database.collection('bareUpserts'), upserts);
  note(`bare bulkWrite upserts (${upserts}), records/s`, bareUpsert);

  const first = await measureImport(system, 'first', records);
  const rate = first.recordsPerSecond;
  note(`first import of ${records}, records/s`, rate);
  note('  share of the bare transaction loop', rate / bareInsert, '>= 0.4', rate >= 0.4 * bareInsert);
  note('  share of the bare upsert loop', rate / bareUpsert, '>= 1', rate >= bareUpsert);
  note('start call to first record, ms', first.firstRecordMs, '< 1000', first.firstRecordMs < 1000);
  const perMillion = (first.historyEvents * 1_000_000) / records;
  note('history events of this run', first.historyEvents, `(${Math.round(perMillion)} per million)`);
  const checklist = await measureChecklist(system, first.runId);
  note(`checklist of this run, ms`, checklist, '< 2000', checklist < 2000);
  const undo = await measureUndo(system, first.runId, records);
  note('undo, records/s', undo, '>= first import', undo >= rate);

  const killed = await measureKill(system, worker, Math.min(records, 50_000));
  worker = killed.worker;
  note('kill -9 of the worker to progress again, ms', killed.backMs, '< 15000', killed.backMs < 15_000);
  note('  records twice after it', killed.duplicates, '0', killed.duplicates === 0);
  for (const apps of values.apps.split(',').map(Number)) await measureApps(system, apps);
  const gated = Math.min(records, Number(values.gate));
  if (gated > 0) await measureGate(system, gated, rate);
  await measureSyncs(system, Math.min(records, 100_000), rate);
  const existing = Number(values.existing);
  if (existing > 0) {
    const found = await measureExisting(system, existing, Math.min(records, 100_000));
    note(`import among ${existing} records of another app, records/s`, found.among);
    note('  cost of looking for duplicates, share of the rate', found.cost, '<= 0.25', found.cost <= 0.25);
  }
  await worker.stop();
}

async function measureSyncs(system: System, count: number, first: number): Promise<void> {
  const { unchanged, onePercent, feed } = await measureSync(system, count);
  const { recordsPerSecond: rate } = unchanged;
  note(`sync of ${count} with nothing changed, records/s`, rate, '>= 3 x first import', rate >= 3 * first);
  note('  requests per 1,000 records', (unchanged.requests * 1000) / count, '2 is the least');
  note('  with 1 % changed, records/s', onePercent.recordsPerSecond);
  note('  with 1 % told by a feed, ms in all', feed.milliseconds);
  note('  requests of it', feed.requests, `${Math.ceil(feed.updated / 500)} is the least`);
}

async function measureGate(system: System, count: number, first: number): Promise<void> {
  const { plan, apply } = await measurePlan(system, count);
  note(`plan of ${count}, records/s`, plan, '>= 1.2 x first import', plan >= 1.2 * first);
  note('  applying it, records/s', apply);
  const { failing, repair } = await measureRepair(system, count);
  note(`import of which all ${count} fail, records/s`, failing);
  note('  their repair, records/s', repair, '>= first import', repair >= first);
}

/** The same records shared out over several apps that import at once. */
async function measureApps(system: System, apps: number): Promise<void> {
  const each = Math.floor(Math.min(records, 60_000) / apps);
  const ids = await Promise.all(
    Array.from({ length: apps }, (_, at) => install(system, `of${apps}-${at}`, each)),
  );
  const from = performance.now();
  const runs = await Promise.all(ids.map((appId) => startImport(system, appId)));
  const ended = await Promise.all(
    runs.map((runId) => system.api.untilRun(runId, rests, { withinMs: 3_600_000 })),
  );
  const seconds = (performance.now() - from) / 1000;
  note(`${apps} app(s) at once, records/s in all`, (each * apps) / seconds);
  const rates = ended.map((run) => rateOf(run, each));
  note('  slowest app beside the fastest', Math.min(...rates) / Math.max(...rates));
}

/** Peak memory of a fresh worker at 100,000 and at many more records. */
async function measureMemory(system: System, many: number): Promise<void> {
  const peaks = [];
  for (const count of [100_000, many]) {
    const worker = await system.startWorker();
    const imported = await measureImport(system, `memory${count}`, count);
    peaks.push(worker.peakMb());
    note(`peak memory of the worker at ${count}, MB`, worker.peakMb(), '< 400', worker.peakMb() < 400);
    note(`  records/s at ${count}`, imported.recordsPerSecond);
    note('  history events', imported.historyEvents, many >= 1_000_000 ? '< 400 per million' : '');
    const checklist = await measureChecklist(system, imported.runId);
    note('  checklist of this run, ms', checklist, '< 2000', checklist < 2000);
    await worker.stop();
  }
  const growth = (peaks[1] ?? 0) / (peaks[0] ?? 1) - 1;
  note('  growth of the peak', growth, 'within 0.15', Math.abs(growth) <= 0.15);
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
const system = await startSystem(folder);
try {
  await measureAll(system);
  if (Number(values.memory) > 0) await measureMemory(system, Number(values.memory));
  console.log(JSON.stringify({ at: new Date().toISOString(), records, figures }, null, 2));
} finally {
  await system.stop();
  await rm(folder, { recursive: true, force: true });
}
