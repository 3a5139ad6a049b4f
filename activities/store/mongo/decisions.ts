import type { Decisions, DecisionDoc } from '../repairing.js';
import type { Database, PackedStored } from './collections.js';
import { idOf } from './ids.js';
import { pack, unpackDoc } from './pack.js';
import { placeKey } from './page-problems.js';

export function createDecisions(database: Database): Decisions {
  const decisions = database.collection('decisions');
  const decode = (stored: PackedStored): DecisionDoc => {
    const { place: _place, ...doc } = unpackDoc(stored) as DecisionDoc & { place: string };
    return doc;
  };
  const keysOf = (ref: DecisionPlace, object: string, ids: readonly string[]): string[] =>
    ids.map((externalId) => idOf(ref.workspaceId, ref.runId, object, externalId));
  return {
    async put(decision) {
      const { workspaceId, runId, object, externalId } = decision;
      const _id = idOf(workspaceId, runId, object, externalId);
      const place = placeKey(decision, object);
      const doc = pack({ ...decision, place }) as Record<string, unknown>;
      await decisions.replaceOne({ _id }, doc, { upsert: true });
    },
    async get(ref, object, externalIds) {
      if (externalIds.length === 0) return [];
      const found = await decisions.find({ _id: { $in: keysOf(ref, object, externalIds) } }).toArray();
      return found.map(decode);
    },
    async open(ref, object) {
      const found = await decisions.find({ place: placeKey(ref, object) }).toArray();
      return found.map(decode).filter(({ appliedAt }) => appliedAt === null);
    },
    async applied(ref, object, externalIds, at) {
      if (externalIds.length === 0) return;
      const _id = { $in: keysOf(ref, object, externalIds) };
      await decisions.updateMany({ _id }, { $set: { appliedAt: at } });
    },
  };
}

interface DecisionPlace {
  workspaceId: string;
  runId: string;
}
