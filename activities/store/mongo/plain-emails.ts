import type { Database } from './collections.js';
import { updateAll } from './commands.js';
import { unpart } from './ids.js';
import type { Migration } from './migration.js';
import type { RecordStored } from './record-codec.js';
import { keysFrom, keyTerm, listOf } from './terms.js';
import { transact } from './transaction.js';

/** Contacts that are read and rewritten in one transaction. */
const BATCH = 500;

/** As far as a record's keys tell. */
type Keyed = Pick<RecordStored, '_id' | 'key' | 'terms'>;
const KEYED = { key: 1, terms: 1 } as const;

/**
 * Contacts of before have a tagged address (`a+b@corp.example`) as it is only; they get the second key without the tag, by which they are
 * found where an app ignores tags. A batch at a time, each in one transaction that reads what it rewrites, so that nobody's edit is
 * lost. Repeatable, and it goes on below the last batch that was done. The rule stands here as it was when this was written: a
 * migration must not change with the code.
 */
export function plainEmails({ batch = BATCH } = {}): Migration {
  return {
    name: 'plain forms of tagged e-mail addresses',
    async run(database, progress) {
      for (let below = progress.at; ;) {
        const contacts = await database
          .collection('records')
          .find({ object: 'contacts', ...(below !== null && { _id: { $lt: below } }) }, { projection: KEYED })
          .sort({ _id: -1 })
          .limit(batch)
          .toArray();
        const missing = contacts.filter((doc) => plainTermsOf(doc).length > 0).map(({ _id }) => _id);
        if (missing.length > 0) await addTo(database, missing);
        below = contacts.at(-1)?._id ?? null;
        if (contacts.length < batch || below === null) return;
        await progress.reached(below);
      }
    },
  };
}

async function addTo(database: Database, keys: readonly string[]): Promise<void> {
  await transact(database, async (tx) => {
    const found = await database
      .collection('records')
      .find(
        { _id: { $in: [...keys] } },
        { session: tx.session, projection: KEYED, batchSize: keys.length + 1 },
      )
      .toArray();
    const updates = found.flatMap((doc) => {
      const added = plainTermsOf(doc);
      const terms = [...added, ...listOf(doc.terms)];
      return added.length === 0
        ? []
        : [
            {
              q: { _id: doc._id },
              u: { $set: { terms: terms.length === 1 ? terms[0] : terms }, $inc: { version: 1 } },
            },
          ];
    });
    await updateAll(tx, 'records', updates);
  });
}

/** The terms that a contact lacks. */
function plainTermsOf(doc: Keyed): string[] {
  const slash = doc._id.indexOf('/');
  const { keys } = keysFrom(doc, slash + 1);
  const wanted = keys.flatMap((key) => {
    const plain = key.startsWith('email:') ? withoutTag(key.slice('email:'.length)) : null;
    return plain === null ? [] : [`emailBase:${plain}`];
  });
  const ws = unpart(doc._id.slice(0, slash));
  return [...new Set(wanted)]
    .filter((key) => !keys.includes(key))
    .map((key) => keyTerm(ws, 'contacts', 'k', key));
}

function withoutTag(email: string): string | null {
  const [plus, at] = [email.indexOf('+'), email.lastIndexOf('@')];
  return plus > 0 && plus < at ? email.slice(0, plus) + email.slice(at) : null;
}
