import {
  ApplicationFailure,
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  isGrpcCancelledError,
  isGrpcDeadlineError,
  isGrpcServiceError,
} from '@temporalio/client';
import { appWorkflowId, type RunRef } from '../workflows/contract/ids.js';
import { createSchedules } from './temporal-schedules.js';
import {
  MessageRefused,
  NoLiveWorkflow,
  TemporalUnavailable,
  WorkerSilent,
  type EngineHealth,
  type LiveWorkflow,
  type RunAddress,
  type RunMessage,
  type Started,
  type WorkflowGateway,
} from './workflow-gateway.js';

export interface TemporalPlace {
  taskQueue: string;
  namespace: string;
  /** Root of Temporal's UI, without a trailing slash; null: there is none. */
  uiUrl: string | null;
}

/** The workflow of each kind of run. */
const STORIES = { import: 'importWorkflow', sync: 'syncWorkflow' } as const;

/** One ordinary call. */
const CALL_MS = 4_000;
/** A message waits this long for a worker, so that the whole request stays under 10 s. */
const MESSAGE_MS = 6_000;
/** A poller that was not seen for this long is gone: a worker's long poll is renewed each minute. */
const POLLER_FRESH_MS = 70_000;
/** Questions to a worker are worth nothing later; reading a file is, also after a long absence. */
const ASK_LIVES = '2 minutes';
const INSPECT_LIVES = '24 hours';

/** `client` may be one that connects when it is first used: nothing here needs Temporal to be up at start. */
export function createWorkflowGateway(client: Client, place: TemporalPlace): WorkflowGateway {
  const { taskQueue, namespace } = place;

  async function start(type: string, ref: RunRef, kind: LiveWorkflow['kind'], args: unknown, token: string) {
    const workflowId = appWorkflowId(ref);
    try {
      const handle = await within(client, CALL_MS, () =>
        client.workflow.start(type, {
          taskQueue,
          workflowId,
          args: [args],
          memo: { runId: ref.runId, kind, token },
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        }),
      );
      return { state: 'started', temporalRunId: handle.firstExecutionRunId } satisfies Started;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return { state: 'taken', live: await live(ref) } satisfies Started;
    }
  }

  async function live(app: { workspaceId: string; appId: string }): Promise<LiveWorkflow | null> {
    const described = await describe(appWorkflowId(app));
    return described?.status.name === 'RUNNING' ? liveFrom(described.memo) : null;
  }

  async function describe(workflowId: string, temporalRunId?: string) {
    try {
      return await within(client, CALL_MS, () =>
        client.workflow.getHandle(workflowId, temporalRunId).describe(),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** The app's workflow id is used by one run after the other: a message for one must never reach the next. */
  async function temporalRunOf(run: RunAddress): Promise<string> {
    if (run.temporalRunId !== null) return run.temporalRunId;
    const described = await describe(appWorkflowId(run));
    if (described?.status.name !== 'RUNNING' || liveFrom(described.memo)?.runId !== run.runId) {
      throw new NoLiveWorkflow();
    }
    return described.runId;
  }

  async function send(run: RunAddress, { name, message }: RunMessage, updateId: string): Promise<void> {
    const handle = client.workflow.getHandle(appWorkflowId(run), await temporalRunOf(run));
    try {
      await within(client, MESSAGE_MS, () =>
        handle.executeUpdate<unknown, [unknown]>(name, { args: [message], updateId }),
      );
    } catch (error) {
      throw await whyNotTaken(error);
    }
  }

  async function whyNotTaken(error: unknown): Promise<unknown> {
    if (error instanceof WorkflowNotFoundError) return new NoLiveWorkflow();
    if (error instanceof WorkflowUpdateFailedError) return refusal(error);
    if (!(error instanceof TemporalUnavailable)) return error;
    // Temporal waits as long as no worker answers: a call that it answers at once tells the two apart.
    const { temporal } = await health(1_500);
    return temporal.reachable ? new WorkerSilent() : error;
  }

  async function health(ms = 3_000): Promise<EngineHealth> {
    const [version, pollers] = await Promise.all([
      within(client, ms, () => client.workflowService.getSystemInfo({})).then(
        (info) => info.serverVersion,
        () => null,
      ),
      countPollers(ms).catch(() => 0),
    ]);
    return {
      temporal: { reachable: version !== null, name: 'Temporal', version, namespace },
      worker: { reachable: pollers > 0, taskQueue, pollers },
    };
  }

  /** Of workflow tasks, which is what Temporal tells when nothing else is asked for. */
  async function countPollers(ms: number): Promise<number> {
    const queue = await within(client, ms, () =>
      client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: taskQueue },
      }),
    );
    const freshest = Date.now() - POLLER_FRESH_MS;
    return queue.pollers.filter(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > freshest,
    ).length;
  }

  return {
    startRun: (kind, ref, token) => start(STORIES[kind], ref, kind, ref, token),
    ...createSchedules(client, taskQueue, (ms, call) => within(client, ms, call)),
    startCleanup: (args, token) => start('cleanupWorkflow', args.ref, 'cleanup', args, token),
    startRepair: (args, token) => start('repairWorkflow', args.ref, 'repair', args, token),
    live,
    send,
    health: () => health(),
    async ask(args) {
      try {
        await within(client, CALL_MS, () =>
          client.workflow.start('askProviderWorkflow', {
            taskQueue,
            workflowId: askId(args),
            args: [args],
            workflowExecutionTimeout: args.ask.about === 'inspect' ? INSPECT_LIVES : ASK_LIVES,
            workflowIdConflictPolicy: 'FAIL',
            workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          }),
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
    async connectionReady(app) {
      try {
        await within(client, CALL_MS, () =>
          client.workflow.getHandle(appWorkflowId(app)).signal('connectionReady'),
        );
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },
    async cancel(run) {
      try {
        const handle = client.workflow.getHandle(appWorkflowId(run), await temporalRunOf(run));
        await within(client, CALL_MS, () => handle.cancel());
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError) && !(error instanceof NoLiveWorkflow)) throw error;
      }
    },
    place(workflowId, temporalRunId) {
      const { uiUrl } = place;
      if (uiUrl === null) return { namespace, url: null };
      const root = `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
      return { namespace, url: temporalRunId === null ? root : `${root}/${temporalRunId}/history` };
    },
  };
}

function askId({ answerId, ask }: { answerId: string; ask: { workspaceId: string } }): string {
  return `ask:${ask.workspaceId}:${answerId}`;
}

/** The memo is written by `start` above, or by `scheduledSyncWorkflow`. */
function liveFrom(memo: Record<string, unknown> | undefined): LiveWorkflow | null {
  const { runId, kind, token } = memo ?? {};
  if (typeof runId !== 'string') return null;
  return {
    runId,
    kind: kind === 'cleanup' || kind === 'repair' || kind === 'sync' ? kind : 'import',
    token: typeof token === 'string' ? token : '',
  };
}

function refusal(error: WorkflowUpdateFailedError): Error {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure) || !cause.type) return error;
  // The workflow closed between taking the message and finishing it.
  if (cause.type === 'AcceptedUpdateCompletedWorkflow') return new NoLiveWorkflow();
  const fields: unknown = cause.details?.[0];
  return new MessageRefused(cause.type, cause.message, isFields(fields) ? fields : {});
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** gRPC's own retries end at the deadline; the timer is for a connection that was never made. */
async function within<T>(client: Client, ms: number, call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TemporalUnavailable(`no answer within ${ms} ms`)), ms + 250);
  });
  try {
    return await Promise.race([client.withDeadline(Date.now() + ms, call), late]);
  } catch (error) {
    throw isAway(error) ? new TemporalUnavailable('Temporal did not answer') : error;
  } finally {
    clearTimeout(timer);
  }
}

const GRPC_UNAVAILABLE = 14;

function isAway(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  if (isGrpcDeadlineError(error) || isGrpcCancelledError(error)) return true;
  const grpc = isGrpcServiceError(error) ? error : error instanceof Error ? error.cause : undefined;
  if (!isGrpcServiceError(grpc)) return false;
  const code: number = grpc.code;
  return code === GRPC_UNAVAILABLE;
}
