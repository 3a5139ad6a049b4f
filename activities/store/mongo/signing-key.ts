import type { SigningKeyDoc } from '../documents.js';
import type { SigningKeys } from '../store.js';
import type { Database, PackedStored } from './collections.js';
import { padded } from './ids.js';
import { unpackDoc } from './pack.js';
import { asUpdate, insertPacked, settings } from './packed.js';

/** The deployment's, so no workspace's: they outlive them all. The first one is `signing-key`, then come `signing-key/000002` ... */
const FIRST = 'signing-key';
const ALL = { $gte: FIRST, $lt: `${FIRST}0` };

/** `sealed` is gone once another has taken its place; `token` is of the request that asked for it. */
type Stored = Omit<SigningKeyDoc, 'sealed'> & { sealed?: SigningKeyDoc['sealed']; token?: string };

const keyOf = (number: number): string => (number === 1 ? FIRST : `${FIRST}/${padded(number, 6)}`);

export function createSigningKeys(database: Database): SigningKeys {
  const meta = database.db.collection<PackedStored>('meta');

  /** The newest first. Whichever has the highest number signs: clocks of several processes have no say in it. */
  async function all(): Promise<Stored[]> {
    const found = await meta.find({ _id: ALL }).sort({ _id: -1 }).toArray();
    return found.map((doc) => unpackDoc(doc) as Stored);
  }

  async function get(): Promise<SigningKeyDoc | null> {
    const [newest] = await all();
    return newest?.sealed ? { ...newest, sealed: newest.sealed } : null;
  }

  /** Repeatable. What was signed with the earlier ones is verified by their public halves; nobody signs with them any more. */
  async function retire(earlier: readonly Stored[], at: string): Promise<void> {
    for (const { number = 1, sealed } of earlier) {
      if (!sealed) continue;
      const retired = { $set: settings({ retiredAt: at }), $unset: { sealed: '' } };
      await meta.updateOne({ _id: keyOf(number) }, asUpdate(retired));
    }
  }

  return {
    get,
    async list() {
      return (await all()).map(({ keyId, publicKey, createdAt, retiredAt = null }) => {
        return { keyId, publicKey, createdAt, retiredAt };
      });
    },
    async insert(made) {
      await insertPacked(database, 'meta', FIRST, made);
      return (await get()) ?? made;
    },
    async rotate(made, token) {
      for (;;) {
        const known = await all();
        const mine = known.find((each) => each.token === token);
        if (mine) {
          await retire(known.slice(known.indexOf(mine) + 1), mine.createdAt);
          return {
            keyId: mine.keyId,
            publicKey: mine.publicKey,
            createdAt: mine.createdAt,
            retiredAt: mine.retiredAt ?? null,
          };
        }
        const number = known.length + 1;
        // Taken: another process was faster, and this one comes after it.
        await insertPacked(database, 'meta', keyOf(number), { ...made, number, token });
      }
    },
    async reseal(read, sealed) {
      const filter = { _id: keyOf(read.number ?? 1), 'sealed.iv': read.sealed.iv };
      await meta.updateOne(filter, { $set: settings({ sealed }) });
    },
  };
}
