import type { AskArgs } from '../../workflows/contract/activities.js';
import type { AppSchedule } from '../../workflows/contract/schedules.js';
import type {
  EngineHealth,
  LiveWorkflow,
  RunAddress,
  RunMessage,
  Started,
  WorkflowGateway,
} from '../../api/workflow-gateway.js';

/** Temporal as the routes see it, in memory: one live workflow per app, and whatever a test says the workers answer. */
export interface FakeGateway extends WorkflowGateway {
  started: { runId: string; kind: LiveWorkflow['kind']; token: string }[];
  sent: { run: RunAddress; message: RunMessage; updateId: string }[];
  asked: AskArgs[];
  cancelled: string[];
  woken: string[];
  /** What Temporal keeps, by app. */
  schedules: Map<string, AppSchedule>;
  /** Ends the live workflow of an app. */
  end(appId: string): void;
  /** Called for each question; puts an answer into the store, or does nothing (no worker). */
  onAsk: (args: AskArgs) => Promise<void>;
  /** Called for each message; throws what the workflow would answer. */
  onSend: (message: RunMessage) => void;
  /** Thrown by every call while set. */
  away: Error | null;
}

export function createFakeGateway(): FakeGateway {
  const live = new Map<string, LiveWorkflow>();
  const start = (
    ref: { appId: string; runId: string },
    kind: LiveWorkflow['kind'],
    token: string,
  ): Started => {
    const running = live.get(ref.appId);
    if (running) return { state: 'taken', live: running };
    live.set(ref.appId, { runId: ref.runId, kind, token });
    fake.started.push({ runId: ref.runId, kind, token });
    return { state: 'started', temporalRunId: `temporal-${fake.started.length}` };
  };
  const here = async (): Promise<void> => {
    if (fake.away) throw fake.away;
  };
  const fake: FakeGateway = {
    started: [],
    sent: [],
    asked: [],
    cancelled: [],
    woken: [],
    schedules: new Map(),
    away: null,
    onAsk: () => Promise.resolve(),
    onSend: () => undefined,
    end: (appId) => void live.delete(appId),
    async startRun(kind, ref, token) {
      await here();
      return start(ref, kind, token);
    },
    async startCleanup(args, token) {
      await here();
      return start(args.ref, 'cleanup', token);
    },
    async startRepair(args, token) {
      await here();
      return start(args.ref, 'repair', token);
    },
    async putSchedule(schedule) {
      await here();
      fake.schedules.set(schedule.appId, schedule);
    },
    async removeSchedule({ appId }) {
      await here();
      fake.schedules.delete(appId);
    },
    async nextDue({ appId }) {
      await here();
      return fake.schedules.has(appId) ? NEXT_DUE : null;
    },
    async live({ appId }) {
      await here();
      return live.get(appId) ?? null;
    },
    async ask(args) {
      await here();
      fake.asked.push(args);
      await fake.onAsk(args);
    },
    async send(run, message, updateId) {
      await here();
      fake.onSend(message);
      fake.sent.push({ run, message, updateId });
    },
    async connectionReady({ appId }) {
      await here();
      fake.woken.push(appId);
    },
    async cancel({ runId }) {
      await here();
      fake.cancelled.push(runId);
    },
    health: () => Promise.resolve(HEALTHY),
    place: (workflowId) => ({ namespace: 'default', url: `http://temporal.test/${workflowId}` }),
  };
  return fake;
}

/** When every schedule of these tests is due. */
export const NEXT_DUE = '2030-01-01T00:00:00.000Z';

const HEALTHY: EngineHealth = {
  temporal: { reachable: true, name: 'Temporal', version: '1.32.0', namespace: 'default' },
  worker: { reachable: true, taskQueue: 'sluice', pollers: 1 },
};
