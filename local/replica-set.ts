import { MongoClient, MongoServerError } from 'mongodb';
import { z } from 'zod';

const configSchema = z.record(z.string(), z.unknown());
const NOT_YET_INITIALIZED = 94;
const CALL_MS = 3_000;

/**
 * Makes a `mongod --replSet sluice` on this port a replica set of one, which transactions need. Safe to repeat; a set
 * that was made under another port is moved to this one, else it would not find itself in its own list.
 */
export async function initiateReplicaSet(port: number): Promise<void> {
  const host = `127.0.0.1:${port}`;
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, {
    serverSelectionTimeoutMS: CALL_MS,
  });
  try {
    const admin = (await client.connect()).db('admin');
    const config = await admin.command({ replSetGetConfig: 1 }).then(
      (answer) => configSchema.parse(answer['config']),
      (error: unknown) => {
        if (error instanceof MongoServerError && error.code === NOT_YET_INITIALIZED) return undefined;
        throw error;
      },
    );
    if (config === undefined) {
      await admin.command({ replSetInitiate: { _id: 'sluice', members: [{ _id: 0, host }] } });
    } else if (!JSON.stringify(config).includes(`"${host}"`)) {
      const moved = { ...config, version: Number(config['version'] ?? 0) + 1, members: [{ _id: 0, host }] };
      await admin.command({ replSetReconfig: moved, force: true });
    }
  } finally {
    await client.close();
  }
}
