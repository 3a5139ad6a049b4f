import { ApplicationFailure } from '@temporalio/common';
import type { RunRef } from '../workflows/contract/ids.js';
import type { AppDoc } from './store/documents.js';
import type { PinnedDoc, RunDoc } from './store/run-documents.js';
import type { Mapping } from './records/types.js';
import type { OpenConnection, Provider, Session } from './providers/provider.js';
import type { ActivityDeps } from './deps.js';

export interface Traffic {
  requests: number;
  bytes: number;
}

export interface OpenedRun {
  run: RunDoc;
  pinned: PinnedDoc;
  provider: Provider;
}

/** The run with what was pinned at its preflight. A run that is not there, or not pinned, is a bug and is not retried. */
export async function openRun(deps: ActivityDeps, ref: RunRef): Promise<OpenedRun> {
  const run = await deps.store.runs.get(ref.workspaceId, ref.runId);
  if (!run) throw bug(`There is no run ${ref.runId}.`);
  if (!run.pinned) throw bug(`Run ${ref.runId} was not pinned by its preflight.`);
  return { run, pinned: run.pinned, provider: providerOf(deps, run.providerId) };
}

export function providerOf(deps: ActivityDeps, providerId: string): Provider {
  const provider = deps.providers.get(providerId);
  if (!provider) throw bug(`This worker has no provider "${providerId}".`);
  return provider;
}

export function bug(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'bug', message, nonRetryable: true });
}

/** A session with the run's pinned settings, mapping and files; credentials are read anew at each request. */
export function openSession(
  deps: ActivityDeps,
  { run, pinned, provider }: OpenedRun,
  traffic: Traffic,
): Promise<Session> {
  return provider.open(
    connectionOf(deps, run, {
      settings: pinned.settings,
      mapping: pinned.rules.mapping,
      files: pinned.files,
      traffic,
      ...(run.options.limit === undefined ? {} : { limit: run.options.limit }),
    }),
  );
}

export function connectionOf(
  deps: ActivityDeps,
  app: Pick<AppDoc, 'workspaceId' | 'appId'>,
  open: {
    settings: Record<string, unknown>;
    mapping: Mapping;
    files: PinnedDoc['files'];
    traffic: Traffic;
    limit?: number;
  },
): OpenConnection {
  const { workspaceId, appId } = app;
  const { files } = deps.store;
  return {
    workspaceId,
    appId,
    settings: open.settings,
    credentials: (rejected) => deps.openCredentials(workspaceId, appId, rejected),
    mapping: open.mapping,
    ...(open.limit === undefined ? {} : { limit: open.limit }),
    files: {
      async describe(object) {
        const fileId = open.files[object];
        const file = fileId ? await files.get(workspaceId, appId, fileId) : null;
        if (!file?.result) return null;
        const { result } = file;
        return {
          fileId: file.fileId,
          name: file.name,
          kind: result.kind,
          rows: result.rows,
          columns: result.columns.map((column) => column.name),
          locale: result.locale,
        };
      },
      chunks: (fileId, fromChunk, signal) => files.chunks(workspaceId, appId, fileId, fromChunk, signal),
    },
    network: deps.network,
    onRequest({ bytes }) {
      open.traffic.requests += 1;
      open.traffic.bytes += bytes;
    },
  };
}
