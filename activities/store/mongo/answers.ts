import type { Answers } from '../store.js';
import type { Database } from './collections.js';
import { fromBlob, toBlob } from './json.js';

const KEPT_MS = 3_600_000;

export function createAnswers(database: Database): Answers {
  const answers = database.collection('answers');
  return {
    /** An answer that is there already stays. */
    async begin(answerId) {
      const begun = { $setOnInsert: { at: database.now() } };
      await answers.updateOne({ _id: answerId }, begun, { upsert: true });
    },
    async begun(answerId) {
      return (await answers.findOne({ _id: answerId }, { projection: { _id: 1 } })) !== null;
    },
    async put(answerId, answer) {
      const data = await toBlob(answer);
      await answers.replaceOne({ _id: answerId }, { at: database.now(), data }, { upsert: true });
    },
    /** The server deletes old ones when it gets to it; until then they are not shown. */
    async get(answerId) {
      const oldest = new Date(database.now().getTime() - KEPT_MS);
      const found = await answers.findOne({ _id: answerId });
      if (!found?.data || found.at <= oldest) return null;
      return (await fromBlob(found.data)) as Awaited<ReturnType<Answers['get']>>;
    },
  };
}
