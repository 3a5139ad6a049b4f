import type { Idempotency } from '../store.js';
import type { Database } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { idOf } from './ids.js';
import { fromField, toField } from './json.js';

const KEPT_MS = 86_400_000;

interface Claimed {
  requestHash: string;
  token: string;
  answer: string | null;
  at: Date;
}

export function createIdempotency(database: Database): Idempotency {
  const keys = database.collection('idempotency');
  return {
    async begin({ workspaceId, route, key, requestHash, token }) {
      const _id = idOf(workspaceId, route, key);
      for (;;) {
        const claim: Claimed = { requestHash, token, answer: null, at: database.now() };
        try {
          await keys.insertOne({ _id, ...claim });
          return { state: 'fresh', token };
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        const known = (await keys.findOne({ _id })) as unknown as (Claimed & { _id: string }) | null;
        if (!known || isOld(known, database.now())) {
          await keys.deleteOne({ _id, ...(known && { token: known.token }) });
          continue;
        }
        if (known.requestHash !== requestHash) return { state: 'different' };
        const answer =
          known.answer === null ? null : (fromField(known.answer) as { status: number; body: unknown });
        return { state: 'known', token: known.token, answer };
      }
    },
    /** The first answer stays. */
    async finish(workspaceId, route, key, answer) {
      await keys.updateOne(
        { _id: idOf(workspaceId, route, key), answer: null },
        { $set: { answer: toField(answer) } },
      );
    },
  };
}

function isOld(known: Claimed, now: Date): boolean {
  return now.getTime() - known.at.getTime() > KEPT_MS;
}
