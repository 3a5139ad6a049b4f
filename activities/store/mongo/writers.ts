import { randomUUID } from 'node:crypto';
import type { Binary, ClientSession, Collection, Db } from 'mongodb';
import { range } from './ids.js';

/**
 * A process that is killed inside a transaction leaves it open on the server, which holds every document that it touched until
 * the transaction's own time is over: a minute in which nothing of that object moves. So each process that writes is listed
 * with the sessions of its transactions, and says that it lives while one is open; whoever meets a conflict ends the
 * sessions of those that have gone silent. To end one of a process that was only frozen is harmless: that transaction leaves
 * nothing behind, and is tried again.
 */
export interface Writers {
  /** Runs `work`, which uses the session for transactions. */
  during<T>(session: ClientSession, work: () => Promise<T>): Promise<T>;
  /** Ends what silent processes left open. Never throws: where it is not allowed, the server does it a minute later. */
  endSilent(): Promise<void>;
}

interface WriterStored {
  _id: string;
  sessions: Binary[];
  seenAt: Date;
}

const TELL_MS = 1_000;
/** Below the time after which Temporal starts another attempt. */
const SILENT_MS = 5_000;
const FORGOTTEN_MS = 86_400_000;
const LOOK_MS = 500;
/** A pool hands out few sessions; older ones were given up. */
const MOST_SESSIONS = 200;
const PREFIX = 'writer/';

export function createWriters(db: Db): Writers {
  const _id = `${PREFIX}${randomUUID()}`;
  const sessions = new Map<string, Binary>();
  let toldAt = 0;
  let lookedAt = 0;
  let open = 0;
  let timer: NodeJS.Timeout | undefined;
  const writers = (): Collection<WriterStored> => db.collection<WriterStored>('meta');

  async function tell(): Promise<void> {
    const first = toldAt === 0;
    toldAt = Date.now();
    await writers().updateOne(
      { _id },
      { $set: { sessions: [...sessions.values()] }, $currentDate: { seenAt: true } },
      { upsert: true, writeConcern: { w: 1 } },
    );
    if (first) await writers().deleteMany({ _id: range(PREFIX), seenAt: { $lt: before(FORGOTTEN_MS) } });
  }

  async function enter(session: ClientSession): Promise<void> {
    const id = session.id?.id;
    const isNew = id !== undefined && !sessions.has(id.toString('hex'));
    if (isNew) {
      sessions.set(id.toString('hex'), id);
      const [oldest] = sessions.keys();
      if (sessions.size > MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest);
    }
    if (isNew || Date.now() - toldAt > TELL_MS) await tell();
  }

  return {
    async during(session, work) {
      await enter(session);
      open += 1;
      // A beat that fails is no harm: the next one, or the next transaction, tells again.
      timer ??= setInterval(() => void tell().catch(() => undefined), TELL_MS).unref();
      try {
        return await work();
      } finally {
        open -= 1;
        if (open === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      }
    },
    async endSilent() {
      if (Date.now() - lookedAt < LOOK_MS) return;
      lookedAt = Date.now();
      try {
        const all = await writers()
          .aggregate<WriterStored & { now: Date }>([
            { $match: { _id: range(PREFIX) } },
            { $set: { now: '$$NOW' } },
          ])
          .toArray();
        const silent = all.filter(({ now, seenAt }) => now.getTime() - seenAt.getTime() > SILENT_MS);
        for (const writer of silent) {
          await db.admin().command({ killSessions: writer.sessions.map((id) => ({ id })) });
          await writers().deleteOne({ _id: writer._id, seenAt: writer.seenAt });
        }
      } catch {
        // Nothing was ended; the conflict is met again and looked at again.
      }
    },
  };
}

function before(ms: number): Date {
  return new Date(Date.now() - ms);
}
