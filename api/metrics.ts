import { Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { RUN_STATUSES } from '../workflows/contract/status.js';
import type { ApiDeps } from './deps.js';
import { viewRun } from './run-view.js';

export interface Metrics {
  /** The Prometheus text format. Facts of the store are read now. */
  read(): Promise<{ contentType: string; text: string }>;
  answered(request: { method: string; route: string; status: number; seconds: number }): void;
}

/** Live runs whose rates are read for one scrape. */
const MOST_RUNS = 200;

export function createMetrics(deps: Pick<ApiDeps, 'store' | 'workflows' | 'clock'>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'sluice_api_' });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `sluice_${name}`, help, labelNames, registers });
  const runs = gauge('runs', 'Runs by status', ['status']);
  const oldestReview = gauge('oldest_review_seconds', 'Age of the oldest review that waits for a person');
  const rate = gauge('records_per_second', 'Records decided per second over all live runs');
  const waiting = gauge('runs_waiting', 'Live runs that wait to try again, by code', ['code']);
  const held = gauge('held_events', 'Events that wait for a decision');
  const lag = gauge('outbox_lag_seconds', 'Age of the oldest delivery that is due');
  const requests = new Histogram({
    name: 'sluice_http_request_seconds',
    help: 'Time to answer, by route',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30],
    registers,
  });
  // There are no automations yet, so nothing can be held or late.
  held.set(0);
  lag.set(0);

  async function readStore(): Promise<void> {
    const now = deps.clock();
    const [byStatus, since, live] = await Promise.all([
      deps.store.runs.countByStatus(),
      deps.store.runs.oldestReviewSince(),
      deps.store.runs.untouched(now.toISOString(), MOST_RUNS),
    ]);
    for (const status of RUN_STATUSES) runs.set({ status }, 0);
    for (const { status, runs: count } of byStatus) runs.set({ status }, count);
    oldestReview.set(since === null ? 0 : Math.max(0, (now.getTime() - Date.parse(since)) / 1000));
    waiting.reset();
    for (const { waitingCode } of live) if (waitingCode) waiting.inc({ code: waitingCode });
    const views = await Promise.all(live.map((run) => viewRun(deps, run)));
    const moving = views.flatMap(({ objects }) => objects.filter(({ state }) => state === 'transferring'));
    rate.set(moving.reduce((sum, { recordsPerSecond }) => sum + recordsPerSecond, 0));
  }

  return {
    async read() {
      await readStore();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
    answered({ method, route, status, seconds }) {
      requests.observe({ method, route, status }, seconds);
    },
  };
}
