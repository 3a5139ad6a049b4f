import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { Engine } from './engine.js';
import { messageOf, SetupError } from './errors.js';
import type { Installer } from './install.js';
import { allOnPath } from './on-path.js';
import { PackageGone } from './packages.js';
import { answers } from './ports.js';
import { initiateReplicaSet } from './replica-set.js';
import { runCommand } from './run-command.js';

type ChoiceDeps = { env: NodeJS.ProcessEnv; installer: Installer; say: (line: string) => void };

export type MongoDeps = ChoiceDeps & { home: string; port: number };

/** The kinds keep their files apart: they do not read each other's. */
type Kind = 'mongod' | 'trial' | 'trial-py';

const CALL_MS = 3_000;

/** The store on this machine: MongoDB itself when it is here, else the trial store. */
export async function localMongo(deps: MongoDeps): Promise<Engine> {
  const { kind, command } = await chooseMongo(deps);
  const data = join(deps.home, 'mongodb', kind);
  if (!existsSync(data)) tellOfOtherData(deps, kind);
  await mkdir(data, { recursive: true });
  // Straight to this one server: its name for itself may be an address of an earlier start.
  const address = `mongodb://127.0.0.1:${deps.port}/sluice?directConnection=true`;
  const base = { name: 'mongodb', command, cwd: data, readyWithinMs: 120_000, graceMs: 30_000 };
  const process = {
    ...base,
    env: withoutTrialSettings(deps.env),
    args: kind === 'mongod' ? mongodArguments(deps.port, data) : await trialArguments(kind, deps.port, data),
    ready: async () => {
      if (!(await answers(deps.port))) return false;
      if (kind === 'mongod') await initiateReplicaSet(deps.port);
      return takesWrites(address);
    },
  };
  return { address, process };
}

/** MongoDB 7 or newer on the PATH, else the trial store, else its fallback; installed when it has to be. */
export async function chooseMongo(deps: ChoiceDeps): Promise<{ kind: Kind; command: string }> {
  for (const command of await allOnPath('mongod', deps.env['PATH'])) {
    const { stdout } = await runCommand(command, ['--version'], { env: deps.env, timeoutMs: 10_000 });
    if (Number(/db version v(\d+)/.exec(stdout)?.[1] ?? 0) >= 7) return { kind: 'mongod', command };
    deps.say(`${command} is older than MongoDB 7; the trial store is used.`);
  }
  try {
    return { kind: 'trial', command: await deps.installer.ensure('mongodb') };
  } catch (error) {
    if (!(error instanceof PackageGone)) throw error;
    const command = await deps.installer.ensure('mongodb-fallback').catch((second: unknown) => {
      throw second instanceof PackageGone ? new SetupError(error.message) : second;
    });
    deps.say('The pinned trial store is no longer offered; its newer, slower server is used instead.');
    return { kind: 'trial-py', command };
  }
}

function mongodArguments(port: number, data: string): string[] {
  return [
    '--dbpath',
    data,
    '--port',
    String(port),
    '--bind_ip',
    '127.0.0.1',
    '--replSet',
    'sluice',
    '--nounixsocket',
  ];
}

/** An own, empty settings file keeps the server from reading one it finds elsewhere on the machine. */
async function trialArguments(kind: Kind, port: number, data: string): Promise<string[]> {
  const settings = join(data, '..', `${kind}.toml`);
  await writeFile(settings, '');
  const common = [
    '--config',
    settings,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--storage-path',
    data,
  ];
  // Without it an acknowledged write can be lost when the process is killed.
  const durable = [...common, '--sync-on-commit'];
  if (kind !== 'trial') return durable;
  // Log files of the standard 2 GB are written in full at the start and read in full after a crash (12 s instead of 0.7 s).
  const files = ['--cache-size', '1G', '--log-file-max', '128MB'];
  // Past its standard 100,000 entries every further write clears old ones away, which takes half of the server's time.
  const oplog = ['--oplog-max-entries', '5000000', '--oplog-retention-seconds', '86400'];
  return [...durable, ...files, ...oplog, '--log-level', 'WARNING'];
}

function withoutTrialSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SECANTUS')));
}

function tellOfOtherData(deps: MongoDeps, kind: Kind): void {
  const others = (['mongod', 'trial', 'trial-py'] as const).filter((other) => other !== kind);
  const [other] = others
    .map((name) => join(deps.home, 'mongodb', name))
    .filter((folder) => existsSync(folder));
  if (other)
    deps.say(`The store starts empty: earlier records are in ${other}, which only its own server reads.`);
}

/** True when the server at this address is a primary and answers. */
export async function takesWrites(uri: string): Promise<boolean> {
  return withClient(uri, async (client) => {
    const hello = await client.db('admin').command({ hello: 1 });
    return hello['isWritablePrimary'] === true;
  }).catch(() => false);
}

/**
 * What answers at an address.
 * @throws SetupError when nothing does
 */
export async function describeStore(uri: string): Promise<{ trial: boolean; version: string }> {
  try {
    return await withClient(uri, async (client) => {
      const info = await client.db('admin').command({ buildInfo: 1 });
      return { trial: 'secantusVersion' in info, version: String(info['version']) };
    });
  } catch (error) {
    throw new SetupError(
      `The store at ${redacted(uri)} (MONGODB_URI) does not answer: ${messageOf(error)}. Nothing was started.`,
    );
  }
}

async function withClient<T>(uri: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: CALL_MS,
    connectTimeoutMS: CALL_MS,
    maxPoolSize: 1,
  });
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.close();
  }
}

/** An address fit to be shown: without user and password. */
export function redacted(uri: string): string {
  return uri.replace(/^([a-z+]+:\/\/)[^/@]*@/, '$1…@');
}
