import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApiClient, type ApiClient } from '../../../local/api-client.js';
import { projectRoot } from '../../../local/paths.js';
import { startStack, type Stack, type StackName } from '../../../local/start.js';

/** Kills, once, at a call of the store (see test/support/fault-worker.mjs) or at an answer of the API (fault-api.mjs). */
export interface Fault {
  op: string;
  when: 'before' | 'uncommitted' | 'committing' | 'after' | 'answering';
  /** Number of the page that the call is about. */
  seq?: number;
  /** Whom it kills; the process that comes to the point when absent. */
  kills?: StackName;
}

/** The whole system of one test file, in a folder of its own, with engines of its own that may be killed. */
export interface House {
  stack: Stack;
  api: ApiClient;
  /** Lays these faults, in place of what was laid before. */
  lay(faults: Fault[]): Promise<void>;
  /** Those that have not struck yet. */
  laid(): Promise<Fault[]>;
  /** Resolves when every fault that was laid has struck. */
  struck(): Promise<void>;
  /** kill -9, and waits until the process is back and the system is ready. */
  kill(name: StackName): Promise<void>;
  /** Stops everything and takes the folder away. */
  leave(): Promise<void>;
}

/** The environment may name other engines: these tests kill their own. */
const LOCAL = {
  MONGODB_URI: '',
  MONGODB_URI_FILE: '',
  TEMPORAL_ADDRESS: '',
  SLUICE_ADMIN_KEY: '',
  SLUICE_SECRET_KEY: '',
};
/** These processes die often and mean nothing by it. */
const SHORT_PAUSES = { firstMs: 200, mostMs: 200, calmMs: 0 };
const FREE_PORTS = { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 };

/** Long, because the machine may be busy: a deadline only ends a test that would never end. */
export const IN_TIME = 150_000;

export async function enter(env: NodeJS.ProcessEnv = {}): Promise<House> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-faults-'));
  const home = path.join(folder, 'home');
  const plan = path.join(folder, 'faults.json');
  await writeFile(plan, '[]');
  const program = (name: string): string => path.join(projectRoot(), 'test', 'support', `fault-${name}.mjs`);
  const stack = await startStack({
    home,
    ports: FREE_PORTS,
    env: { ...LOCAL, SLUICE_FAULTS: plan, ...env },
    quiet: true,
    pauses: SHORT_PAUSES,
    programs: { worker: program('worker'), api: program('api') },
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const laid = async (): Promise<Fault[]> => JSON.parse(await readFile(plan, 'utf8'));
  return {
    stack,
    api: createApiClient(stack.apiUrl, stack.adminKey),
    async lay(faults) {
      const points = faults.map(({ kills, ...point }) =>
        kills === undefined ? point : { ...point, pidFile: path.join(home, 'run', `${kills}.pid`) },
      );
      await writeFile(`${plan}.new`, JSON.stringify(points));
      await rename(`${plan}.new`, plan);
    },
    laid,
    struck: () => until('every fault has struck', async () => (await laid()).length === 0),
    async kill(name) {
      const pid = stack.pid(name);
      stack.kill(name, 'SIGKILL');
      await stack.restarted(name, pid, IN_TIME);
      await stack.ready(IN_TIME);
    },
    async leave() {
      await stack.stop({ now: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Looks again and again until it holds, or fails naming what was awaited. What a look throws counts as not yet. */
export async function until(what: string, met: () => Promise<boolean>, withinMs = IN_TIME): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    let last = '';
    const isMet = await met().catch((error: unknown) => {
      last = String(error);
      return false;
    });
    if (isMet) return;
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}. ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
