import type { Members } from '../store.js';
import { EmailTaken } from '../store.js';
import type { MemberDoc } from '../documents.js';
import type { Database } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { packDoc, unpackDoc } from './pack.js';
import { getPacked } from './packed.js';
import { transact, type Tx } from './transaction.js';

const MOST_ACTIVE = 10_000;

/**
 * One active member per e-mail: the e-mail is the key of a document of its own, written and removed together with the member,
 * because a unique index that does not begin with the workspace cannot be kept on a cluster.
 */
export function createMembers(database: Database): Members {
  const members = database.collection('members');
  return {
    get: (workspaceId, memberId) => getPacked<MemberDoc>(database, 'members', idOf(workspaceId, memberId)),
    list: (workspaceId, query) =>
      listDown(members, {
        prefix: prefixOf(workspaceId),
        query,
        decode: (doc) => unpackDoc(doc) as MemberDoc,
      }),
    async active(workspaceId) {
      const found = await members.find({ workspaceId }).toArray();
      const all = found.map((doc) => unpackDoc(doc) as MemberDoc);
      return all.filter((member) => member.removedAt === null).slice(0, MOST_ACTIVE);
    },
    async insert(member) {
      try {
        await transact(database, async (tx) => {
          await claimEmail(tx, member);
          await database
            .collection('members')
            .insertOne(packDoc(keyOf(member), member), { session: tx.session });
        });
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
    update: (workspaceId, memberId, patch) => change(database, idOf(workspaceId, memberId), patch),
  };
}

function keyOf(member: MemberDoc): string {
  return idOf(member.workspaceId, member.memberId);
}

function emailKey({ workspaceId, email }: MemberDoc): string {
  return idOf(workspaceId, email.normalize('NFKC').trim().toLowerCase());
}

async function claimEmail(tx: Tx, member: MemberDoc): Promise<void> {
  if (member.removedAt !== null) return;
  const claim = packDoc(emailKey(member), { memberId: member.memberId });
  await tx.database.collection('memberEmails').insertOne(claim, { session: tx.session });
}

async function change(database: Database, key: string, patch: Partial<MemberDoc>): Promise<MemberDoc | null> {
  try {
    return await transact(database, async (tx) => {
      const found = await database.collection('members').findOne({ _id: key }, { session: tx.session });
      if (!found) return null;
      const before = unpackDoc(found) as MemberDoc;
      const after = { ...before, ...patch };
      if (before.removedAt === null) {
        await database
          .collection('memberEmails')
          .deleteOne({ _id: emailKey(before) }, { session: tx.session });
      }
      await claimEmail(tx, after);
      await database
        .collection('members')
        .replaceOne({ _id: key }, packDoc(key, after), { session: tx.session });
      return after;
    });
  } catch (error) {
    if (isDuplicateKey(error))
      throw new EmailTaken('Another active member has this e-mail. Nothing was changed.');
    throw error;
  }
}
