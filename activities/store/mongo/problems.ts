import { OBJECTS } from '../../../workflows/contract/objects.js';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { Failure, ProblemFilter, Problems, ProblemsOfCode } from '../kept.js';
import type { ProblemDoc } from '../run-documents.js';
import type { Database, ProblemStored } from './collections.js';
import { range, tailOf } from './ids.js';
import { listDown } from './lists.js';
import { placeKey, sameAsKey } from './page-problems.js';
import { runPrefix } from './transfer-codec.js';

const MOST_GROUPS = 1_000;

type Run = Pick<RunRef, 'workspaceId' | 'runId'>;

export function createProblems(database: Database): Problems {
  const problems = database.collection('problems');
  return {
    list: (ref, filter, query) =>
      listDown(problems, { prefix: runPrefix(ref), place: factsOf(ref, filter), query, decode }),
    async summary(ref, object) {
      const key = { severity: '$severity', code: '$code', field: '$field', value: '$value', state: '$state' };
      return problems
        .aggregate<Awaited<ReturnType<Problems['summary']>>[number]>([
          { $match: { place: placeKey(ref, object) } },
          { $group: { _id: key, count: { $sum: { $ifNull: ['$count', 1] } } } },
          // What was repaired or set aside is no finding.
          { $match: { '_id.state': 'open' } },
          { $sort: { count: -1, _id: 1 } },
          { $limit: MOST_GROUPS },
          {
            $project: {
              _id: 0,
              severity: '$_id.severity',
              code: '$_id.code',
              field: { $ifNull: ['$_id.field', null] },
              value: { $ifNull: ['$_id.value', null] },
              count: 1,
            },
          },
        ])
        .toArray();
    },
    async byCode(ref, object) {
      const _id = { severity: '$severity', code: '$code', state: '$state', planned: '$planned' };
      const groups = await problems
        .aggregate<{ _id: Omit<ProblemsOfCode, 'count'> & { planned?: true }; count: number }>([
          { $match: { place: placeKey(ref, object) } },
          { $group: { _id, count: { $sum: { $ifNull: ['$count', 1] } } } },
          { $sort: { _id: 1 } },
        ])
        .toArray();
      return groups
        .filter(({ _id: { planned } }) => !planned)
        .map(({ _id: { severity, code, state }, count }) => ({ severity, code, state, count }));
    },
    async failures(ref, object, limit) {
      const projection = { sameAs: 1, code: 1, field: 1, externalId: 1, position: 1, state: 1 } as const;
      const filter = { sameAs: range(sameAsKey(ref, object, '')) };
      const found = await problems
        .find(filter, { projection })
        .limit(limit + 1)
        .toArray();
      if (found.length > limit) return null;
      return found.filter(({ state }) => state !== 'repaired').map(asFailure);
    },
    async known(ref, object, failures) {
      if (failures.length === 0) return [];
      const keys = failures.map((failure) => sameAsKey(ref, object, failure));
      const found = await problems
        .find({ sameAs: { $in: keys } }, { projection: { _id: 0, sameAs: 1 } })
        .toArray();
      return [...new Set(found.map(({ sameAs }) => tailOf(sameAs ?? '')))];
    },
    async openFailures(ref, object, after, limit) {
      const place = placeKey(ref, object);
      const found = await problems
        .find(
          { place, ...(after !== null && { _id: { $gt: after } }), severity: 'failed', state: 'open' },
          { projection: { externalId: 1, planned: 1 } },
        )
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const last = found.length === limit ? found.at(-1) : undefined;
      const items = found.flatMap(({ _id, externalId, planned }) =>
        externalId === undefined || planned ? [] : [{ key: _id, externalId }],
      );
      return { items, position: last?._id ?? null };
    },
    async settle(keys, byRunId) {
      if (keys.length === 0) return;
      await problems.updateMany(
        { _id: { $in: [...keys] }, state: 'open' },
        { $set: { state: 'repaired', repairedBy: byRunId } },
      );
    },
    async reopen(ref, object, byRunId) {
      await problems.updateMany(
        { place: placeKey(ref, object), repairedBy: byRunId },
        { $set: { state: 'open' }, $unset: { repairedBy: '' } },
      );
    },
    async dismiss(ref, { code, externalIds, note, actor }) {
      const dismissed = { note, actor, at: database.now().toISOString() };
      const found = await problems.updateMany(
        {
          ...placeOf(ref, {}),
          state: 'open',
          ...(code !== undefined && { code }),
          ...(externalIds !== undefined && { externalId: { $in: externalIds } }),
        },
        { $set: { state: 'dismissed', dismissed } },
      );
      return found.modifiedCount;
    },
  };
}

function asFailure({ sameAs, code, field, externalId, position, state }: ProblemStored): Failure {
  const record = JSON.stringify([externalId, position]);
  const failure = { failure: tailOf(sameAs ?? ''), record, code, field: field ?? null };
  return state === 'dismissed' ? { ...failure, dismissed: true } : failure;
}

function placeOf(ref: Run, filter: ProblemFilter): { place: string | { $in: string[] } } {
  if (filter.object !== undefined) return { place: placeKey(ref, filter.object) };
  return { place: { $in: OBJECTS.map((object) => placeKey(ref, object)) } };
}

function factsOf(ref: Run, filter: ProblemFilter): Record<string, unknown> {
  const { severity, code, state } = filter;
  return {
    ...placeOf(ref, filter),
    ...(severity !== undefined && { severity }),
    ...(code !== undefined && { code }),
    ...(state !== undefined && { state }),
  };
}

function decode(stored: ProblemStored): ProblemDoc {
  const { _id, place: _place, sameAs: _sameAs, dismissed: _dismissed, repairedBy: _by, ...problem } = stored;
  return problem;
}
