import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../workflows/contract/activities.js';

export interface WorkerParts {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: Activities;
  workflows: { codePath: string } | { workflowsPath: string };
  /** In tests: an error of ours fails the run instead of hanging it. */
  failOnBugs?: boolean;
}

/** Slices beat every 2 s: a killed worker is noticed after the heartbeat time-out, not after a slice. */
export function createWorker(parts: WorkerParts): Promise<Worker> {
  const { connection, namespace, taskQueue, activities, workflows } = parts;
  const source: Partial<WorkerOptions> =
    'codePath' in workflows
      ? { workflowBundle: { codePath: workflows.codePath } }
      : { workflowsPath: workflows.workflowsPath };
  return Worker.create({
    connection,
    namespace,
    taskQueue,
    activities: { ...activities },
    ...source,
    maxHeartbeatThrottleInterval: '2 seconds',
    defaultHeartbeatThrottleInterval: '2 seconds',
    stickyQueueScheduleToStartTimeout: '3 seconds',
    maxCachedWorkflows: 200,
    maxConcurrentActivityTaskExecutions: 20,
    shutdownGraceTime: '20 seconds',
    shutdownForceTime: '30 seconds',
    ...(parts.failOnBugs ? { workflowFailureErrorTypes: { '*': ['Error'] } } : {}),
  });
}
