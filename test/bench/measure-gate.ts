import { rests, type RunBody } from '../../local/api-client.js';
import { install, measureImport, rateOf } from './measure.js';
import type { System } from './system.js';

/** What the gate costs: plans, repairs, checklists, and looking for duplicates among many. */

const LONG_MS = 3_600_000;

/** Share of the rate that it costs to import where so many other records are there already; 0 is nothing. */
export async function measureExisting(
  system: System,
  existing: number,
  records: number,
): Promise<{ alone: number; among: number; cost: number }> {
  const { recordsPerSecond: alone } = await measureImport(system, 'alone', records);
  await measureImport(system, 'existing', existing);
  const { recordsPerSecond: among } = await measureImport(system, 'among', records);
  return { alone, among, cost: 1 - among / alone };
}

/** Milliseconds of the slowest of three looks at a run's checklist. */
export async function measureChecklist(system: System, runId: string): Promise<number> {
  let slowest = 0;
  for (let look = 0; look < 3; look += 1) {
    const from = performance.now();
    await system.api.get(`/v1/runs/${runId}/checklist`);
    slowest = Math.max(slowest, performance.now() - from);
  }
  return slowest;
}

/** Records per second of deciding a plan, and of applying it. */
export async function measurePlan(system: System, records: number): Promise<{ plan: number; apply: number }> {
  const appId = await install(system, 'planned', records);
  const body = { kind: 'import', mode: 'plan', review: 'none' };
  const from = performance.now();
  const { runId } = await system.api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, body);
  const planned = await system.api.untilRun(runId, (run) => planHashOf(run) !== null || rests(run), {
    withinMs: LONG_MS,
  });
  const plan = records / ((performance.now() - from) / 1000);
  const planHash = planHashOf(planned);
  if (planHash === null) throw new Error(`Nothing was planned: ${JSON.stringify(planned)}`);
  const begun = performance.now();
  await system.api.post(`/v1/runs/${runId}/apply`, { planHash });
  const applied = await system.api.untilRun(runId, ended, { withinMs: LONG_MS });
  if (applied.counts['created'] !== records)
    throw new Error(`The plan was not applied whole: ${JSON.stringify(applied)}`);
  return { plan, apply: records / ((performance.now() - begun) / 1000) };
}

function planHashOf(run: RunBody): string | null {
  const { plan } = run as RunBody & { plan?: { hash?: string } | null };
  return run.status === 'needs_attention' ? (plan?.hash ?? null) : null;
}

function ended({ status }: RunBody): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

/** Every record fails for a mapping that cannot work; it is corrected, and all are repaired. */
export async function measureRepair(
  system: System,
  records: number,
): Promise<{ failing: number; repair: number }> {
  const appId = await install(system, 'repaired', records);
  const birthday = (source: object | null): object => ({
    objects: { contacts: { fields: { birthday: source } } },
  });
  await system.api.patch(`/v1/apps/${appId}`, {
    mapping: birthday({ path: 'title', as: 'date' }),
    policies: { breakers: { failed: null }, review: 'none' },
  });
  const { runId } = await system.api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, {
    kind: 'import',
    review: 'none',
  });
  const run = await system.api.untilRun(runId, rests, { withinMs: LONG_MS });
  if (run.counts['failed'] !== records)
    throw new Error(`They did not all fail: ${JSON.stringify(run.counts)}`);
  await system.api.patch(`/v1/apps/${appId}`, { mapping: birthday(null) });
  const from = performance.now();
  await system.api.post(`/v1/runs/${runId}/repair`, { object: 'contacts' });
  await system.api.untilRun(runId, ({ counts }) => counts['created'] === records, { withinMs: LONG_MS });
  return { failing: rateOf(run, records), repair: records / ((performance.now() - from) / 1000) };
}
