import type { AskArgs, CleanupArgs, RepairArgs } from '../workflows/contract/activities.js';
import type { SchedulesPort } from '../activities/store/settle-schedule.js';
import type { AppRef, RunRef } from '../workflows/contract/ids.js';
import type { RunKind } from '../workflows/contract/status.js';
import type {
  AnswerMessage,
  ApplyPlanMessage,
  CleanupMessage,
  ControlMessage,
  RepairMessage,
  ReviewMessage,
} from '../workflows/contract/messages.js';

/** Temporal did not answer in time or could not be reached: what was asked may or may not have been taken. */
export class TemporalUnavailable extends Error {}

/** Temporal is there but no worker answered in time: the message may take effect until its `notAfter`. */
export class WorkerSilent extends Error {}

/** No workflow of this run is live: it has ended, or was terminated. */
export class NoLiveWorkflow extends Error {}

/** The workflow's validator said no, with a code of `REFUSALS` and the fields of the answer. Nothing changed. */
export class MessageRefused extends Error {
  readonly code: string;
  readonly fields: Record<string, unknown>;
  constructor(code: string, message: string, fields: Record<string, unknown>) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}

/** What the app's one workflow id is used for right now. */
export interface LiveWorkflow {
  runId: string;
  kind: RunKind | 'cleanup' | 'repair';
  /** The request that started it: a repeated one recognises its own. */
  token: string;
}

export type Started =
  { state: 'started'; temporalRunId: string } | { state: 'taken'; live: LiveWorkflow | null };

/** Which workflow a message is for. A run that never began has no Temporal run id yet. */
export interface RunAddress extends RunRef {
  temporalRunId: string | null;
}

export type RunMessage =
  | { name: 'submitReview'; message: ReviewMessage }
  | { name: 'answer'; message: AnswerMessage }
  | { name: 'cleanUp'; message: CleanupMessage }
  | { name: 'repairRun'; message: RepairMessage }
  | { name: 'applyPlan'; message: ApplyPlanMessage }
  | { name: 'replan'; message: ControlMessage }
  | { name: 'pauseRun'; message: ControlMessage }
  | { name: 'resumeRun'; message: ControlMessage };

export interface EngineHealth {
  temporal: { reachable: boolean; name: string; version: string | null; namespace: string };
  worker: { reachable: boolean; taskQueue: string; pollers: number };
}

/**
 * What the API asks of Temporal. Every call answers or throws within 10 s: `TemporalUnavailable` when Temporal is away,
 * so that no request hangs on it.
 */
export interface WorkflowGateway extends SchedulesPort {
  /** Under the app's one workflow id. `taken`: another workflow is live under it; it started nothing. */
  startRun(kind: RunKind, ref: RunRef, token: string): Promise<Started>;
  startCleanup(args: CleanupArgs, token: string): Promise<Started>;
  startRepair(args: RepairArgs, token: string): Promise<Started>;
  /** What is live under the app's workflow id; null: nothing. */
  live(app: { workspaceId: string; appId: string }): Promise<LiveWorkflow | null>;
  /** Starts the short workflow that puts an answer into the store under `answerId`. The same id twice is one. */
  ask(args: AskArgs): Promise<void>;
  /**
   * Sends an update and waits until it was taken. Throws `MessageRefused`, `NoLiveWorkflow`, `WorkerSilent`.
   * The same `updateId` takes effect once.
   */
  send(run: RunAddress, message: RunMessage, updateId: string): Promise<void>;
  /** A check succeeded: wakes a run that parked for its connection. No live workflow is no error. */
  connectionReady(app: { workspaceId: string; appId: string }): Promise<void>;
  /** Asks Temporal to cancel the run's workflow. One that is not live is no error. */
  cancel(run: RunAddress): Promise<void>;
  /** When an app's schedule is due next, as Temporal says; null: it has none, or is told to rest. */
  nextDue(app: AppRef): Promise<string | null>;
  /** Never throws. */
  health(): Promise<EngineHealth>;
  /** Where a person finds a workflow: namespace and address in Temporal's UI (null when none is configured). */
  place(workflowId: string, temporalRunId: string | null): { namespace: string; url: string | null };
}
