import type { LoginDesk } from './connections/exchange.js';
import type { Store } from './store/store.js';
import type { inspectFile } from './providers/files/inspect.js';
import type { NetworkPolicy, Provider } from './providers/provider.js';
import type { SchedulesPort } from './store/settle-schedule.js';

/** Everything the activities get from outside; made in `worker/main.ts`, and in tests. */
export interface ActivityDeps {
  store: Store;
  providers: { get(id: string): Provider | undefined };
  /** What an app connects with, read anew at each call (`OpenConnection.credentials`); throws a `ProviderFailure` where there is none. */
  openCredentials(workspaceId: string, appId: string, rejected?: { accessToken: string }): Promise<unknown>;
  /** Log-ins at OAuth providers. */
  logins: LoginDesk;
  /** Reads an upload into rows; the file provider's. */
  inspectFile: typeof inspectFile;
  network: NetworkPolicy;
  workflows: WorkflowsPort;
  log: Log;
  now: () => Date;
  /** Ids that sort by time. */
  newId: () => string;
  /** Days for which raw pages and journals of an ended run are kept. */
  retentionDays: number;
}

/** What activities need of Temporal itself. Injected by `worker/`, which owns the client. */
export interface WorkflowsPort extends SchedulesPort {
  /** `gone`: closed, or never heard of. */
  state(workflowId: string, temporalRunId: string | null): Promise<'running' | 'gone'>;
  /** Asks for the end of a run's workflow. One that is gone, or is another run's, is no error. Repeatable. */
  cancel(run: { workflowId: string; temporalRunId: string | null; runId: string }): Promise<void>;
}

export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}
