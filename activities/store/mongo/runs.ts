import type { RunFilter, Runs } from '../store.js';
import type { RunDoc } from '../run-documents.js';
import { isTerminal, RUN_STATUSES, type RunStatus } from '../../../workflows/contract/status.js';
import type { Database, PackedStored } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { asUpdate, getPacked, insertPacked, patchPacked, settings } from './packed.js';

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));

export function createRuns(database: Database): Runs {
  const runs = database.collection('runs');
  const decode = (doc: PackedStored): RunDoc => unpackDoc(doc) as RunDoc;
  const touched = (): Record<string, unknown> => ({ updatedAt: database.now().toISOString() });
  /** Live runs are few: their status alone finds them. */
  const everyLive = async (): Promise<RunDoc[]> =>
    (await runs.find({ status: { $in: LIVE } }).toArray()).map(decode);
  return {
    get: (workspaceId, runId) => getPacked<RunDoc>(database, 'runs', idOf(workspaceId, runId)),
    list: (workspaceId, filter, query) =>
      listDown(runs, { prefix: prefixOf(workspaceId), filter: factsOf(filter), query, decode }),
    insert: (run) => insertPacked(database, 'runs', idOf(run.workspaceId, run.runId), run),
    async removeUnstarted(workspaceId, runId) {
      await runs.deleteOne({ _id: idOf(workspaceId, runId), startedAt: null, status: 'running' });
    },
    patch: (workspaceId, runId, patch, onlyIf) =>
      patchPacked<RunDoc>(database, 'runs', idOf(workspaceId, runId), {
        set: { ...settings(patch), ...touched() },
        increment: { revision: 1 },
        filter: { $and: [leaves(patch.status), onlyIf ? { status: { $in: [...onlyIf.status] } } : {}] },
      }),
    async patchObject(workspaceId, runId, object, patch) {
      const set: Record<string, unknown> = touched();
      for (const [field, value] of Object.entries(settings(patch))) set[`objects.$.${field}`] = value;
      await runs.updateOne(
        { _id: idOf(workspaceId, runId), 'objects.object': object },
        asUpdate({ $set: set, $inc: { revision: 1 } }),
      );
    },
    async control(workspaceId, runId) {
      const found = await runs.findOne({ _id: idOf(workspaceId, runId) }, { projection: { control: 1 } });
      return found && (found['control'] as RunDoc['control']);
    },
    async revision(workspaceId, runId) {
      const found = await runs.findOne(
        { _id: idOf(workspaceId, runId) },
        { projection: { _id: 0, revision: 1, status: 1 } },
      );
      return found as { revision: number; status: RunStatus } | null;
    },
    async live(workspaceId, appId) {
      const found = (await runs.find({ appId, status: { $in: LIVE } }).toArray()).map(decode);
      const own = found.filter((run) => run.workspaceId === workspaceId);
      return own.sort((a, b) => (a.runId < b.runId ? 1 : -1));
    },
    async before({ workspaceId, appId, runId }, limit) {
      const found = await runs
        .find({ appId, _id: { $gte: prefixOf(workspaceId), $lt: idOf(workspaceId, runId) } })
        .project<PackedStored>({ workspaceId: 1, runId: 1, status: 1, objects: 1 })
        .sort({ _id: -1 })
        .limit(limit)
        .toArray();
      return found.map(decode);
    },
    async untouched(olderThan, limit) {
      return (await everyLive()).filter((run) => run.updatedAt < olderThan).slice(0, limit);
    },
    async cancelling(limit) {
      return (await everyLive()).filter((run) => run.control === 'cancel').slice(0, limit);
    },
    async expired(before, limit) {
      const filter = { undoExpired: false, endedAt: { $lt: before } };
      return (await runs.find(filter).limit(limit).toArray()).map(decode);
    },
    countByStatus: () =>
      runs
        .aggregate<{ status: RunStatus; runs: number }>([
          { $group: { _id: '$status', runs: { $sum: 1 } } },
          { $project: { _id: 0, status: '$_id', runs: 1 } },
        ])
        .toArray(),
    async oldestReviewSince() {
      const waiting = runs
        .find({ status: 'needs_attention', 'attention.reason': 'review' })
        .project<{ attention: { since: string } }>({ 'attention.since': 1 });
      let oldest: string | null = null;
      for await (const { attention } of waiting) {
        if (oldest === null || attention.since < oldest) oldest = attention.since;
      }
      return oldest;
    },
  };
}

/** A run that has ended stays as it ended; what is said of it otherwise (clean-up, retention) may still change. */
function leaves(status: RunStatus | undefined): Record<string, unknown> {
  return status === undefined ? {} : { status: { $in: [...LIVE, status] } };
}

function factsOf({ appId, status, kind }: RunFilter): Record<string, unknown> {
  return {
    ...(appId !== undefined && { appId }),
    ...(status !== undefined && { status }),
    ...(kind !== undefined && { kind }),
  };
}
