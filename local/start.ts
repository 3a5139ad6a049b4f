import { setTimeout as pause } from 'node:timers/promises';
import { readLocalConfig } from './config.js';
import type { LocalConfig, LocalOverrides } from './config.js';
import { runEngines } from './engines.js';
import type { Engines } from './engines.js';
import { explained, SetupError } from './errors.js';
import { localKeys } from './keys.js';
import type { LocalKeys } from './keys.js';
import { describeStore } from './mongodb.js';
import type { PauseRule } from './pauses.js';
import { claimPort } from './ports.js';
import { builtPrograms, services } from './services.js';
import type { Programs } from './services.js';
import { createSupervisor } from './supervisor.js';
import type { Supervisor } from './supervisor.js';

export type StackName = 'temporal' | 'mongodb' | 'worker' | 'api';

export type StackOptions = LocalOverrides & {
  /** Engines that already run (from `startEngines`); started here when absent. */
  engines?: Engines;
  /** Added to the process's own environment, for this stack and its processes. */
  env?: NodeJS.ProcessEnv;
  /** Where one-line news go (a process that is started again, an installation); nowhere when `quiet`. */
  say?: (line: string) => void;
  quiet?: boolean;
  /** Other programs in place of the built worker and API (paths of JavaScript files), for tests. */
  programs?: Programs;
  /** How long a process that died stays down before it is started again. */
  pauses?: PauseRule;
  /** Gives up when it is aborted while starting. */
  signal?: AbortSignal;
};

/** The whole system, running. */
export type Stack = Engines & {
  home: string;
  apiUrl: string;
  adminKey: string;
  adminKeyIsNew: boolean;
  store: { trial: boolean; version: string };
  /** The process id now; undefined while it is down. */
  pid(name: StackName): number | undefined;
  /** A signal to the process alone, as from `kill`; it is started again by itself. False when it does not run. */
  kill(name: StackName, signal: NodeJS.Signals): boolean;
  /** Resolves with its new id when it runs under another id than `than` and the system is ready again. */
  restarted(name: StackName, than: number | undefined, withinMs?: number): Promise<number>;
  /** Resolves when `GET /readyz` answers 200: after a killed engine is back, API and worker still need a moment. */
  ready(withinMs?: number): Promise<void>;
  /** Ends it and keeps it ended, until `resume`. */
  halt(name: StackName, signal?: NodeJS.Signals): Promise<void>;
  resume(name: StackName): Promise<void>;
  /** Ends everything, API first, then worker, Temporal, store. `now` forces instead of asking. Safe to repeat. */
  stop(options?: { now?: boolean }): Promise<void>;
};

/**
 * Starts engines, worker and API on one machine and resolves when `GET /readyz` answers 200. After a failure nothing
 * is left running.
 * @throws SetupError with what to do: a taken port, no Python, a full disk, a home that is in use, a process that does not come up
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const env = { ...process.env, ...options.env };
  const say = options.quiet ? () => undefined : (options.say ?? ((line: string) => console.log(line)));
  const config = withEngines(readLocalConfig(env, options), options.engines);
  const pauses = options.pauses === undefined ? {} : { pauses: options.pauses };
  const supervisor = await createSupervisor({ home: config.home, say, ...pauses }).catch((error: unknown) => {
    throw explained(error, config.home);
  });
  const stopNow = (): void => void supervisor.stop({ now: true });
  options.signal?.addEventListener('abort', stopNow);
  try {
    return await startUnder({ supervisor, config, env, say, programs: options.programs ?? builtPrograms() });
  } catch (error) {
    await supervisor.stop({ now: true });
    throw options.signal?.aborted ? new SetupError('Stopped while starting.') : explained(error, config.home);
  } finally {
    options.signal?.removeEventListener('abort', stopNow);
  }
}

async function startUnder(deps: {
  supervisor: Supervisor;
  config: LocalConfig;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  programs: Programs;
}): Promise<Stack> {
  const { supervisor, config, env, say, programs } = deps;
  const port = await claimPort({ port: config.ports.api, variable: 'PORT', host: config.host });
  const keys = await localKeys(config.home, env);
  const engines = await runEngines({ config, env, say, supervisor });
  const store = await describeStore(engines.mongodbUri);
  const apiUrl = `http://${reachable(config.host)}:${port}`;
  const probe = readiness(apiUrl);
  const { worker, api } = services({ programs, config, env, engines, keys, port, ready: probe.ready });
  try {
    await Promise.all([supervisor.start(worker), supervisor.start(api)]);
  } catch (error) {
    throw probe.explain(error);
  }
  await keys.keepAdminKey();
  return { ...engines, ...stackOf(supervisor, keys), ready: probe.wait, home: config.home, apiUrl, store };
}

function stackOf(supervisor: Supervisor, keys: LocalKeys) {
  return {
    adminKey: keys.adminKey,
    adminKeyIsNew: keys.adminKeyIsNew,
    pid: (name: StackName) => supervisor.pid(name),
    kill: (name: StackName, signal: NodeJS.Signals) => supervisor.kill(name, signal),
    restarted: (name: StackName, than: number | undefined, withinMs?: number) =>
      supervisor.restarted(name, than, withinMs),
    halt: (name: StackName, signal?: NodeJS.Signals) => supervisor.halt(name, signal),
    resume: (name: StackName) => supervisor.resume(name),
    stop: (options?: { now?: boolean }) => supervisor.stop(options),
  };
}

function withEngines(config: LocalConfig, engines: Engines | undefined): LocalConfig {
  if (!engines) return config;
  const { mongodbUri, temporalAddress, temporalUiUrl, temporalNamespace } = engines;
  return { ...config, mongodbUri, temporalAddress, temporalUiUrl, temporalNamespace };
}

/** An address to call for one to listen on. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

type Readiness = {
  ready: () => Promise<boolean>;
  wait: (withinMs?: number) => Promise<void>;
  explain: (error: unknown) => unknown;
};

/** `GET /readyz` as the health call of worker and API; when they do not get ready, its last answer says why. */
function readiness(apiUrl: string): Readiness {
  let last = '';
  async function ready(): Promise<boolean> {
    const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(10_000) });
    last = (await answer.text()).slice(0, 500);
    return answer.status === 200;
  }
  return {
    ready,
    async wait(withinMs = 60_000) {
      const deadline = Date.now() + withinMs;
      while (!(await ready().catch(() => false))) {
        if (Date.now() > deadline) {
          throw new SetupError(
            `Sluice was not ready within ${withinMs / 1000} s. ${apiUrl}/readyz says: ${last}`,
          );
        }
        await pause(50);
      }
    },
    explain(error) {
      const late =
        error instanceof SetupError && error.message.includes('did not answer within') && last !== '';
      return late ? new SetupError(`${error.message}. ${apiUrl}/readyz says: ${last}`) : error;
    },
  };
}
