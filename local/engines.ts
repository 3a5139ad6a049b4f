import { readLocalConfig } from './config.js';
import type { LocalConfig, LocalOverrides } from './config.js';
import type { Engine } from './engine.js';
import { explained } from './errors.js';
import { createInstaller } from './install.js';
import type { Installer } from './install.js';
import { chooseMongo, localMongo } from './mongodb.js';
import { directToLoopback } from './loopback.js';
import { claimPort, freePorts } from './ports.js';
import { startEngine } from './second-try.js';
import { createSupervisor } from './supervisor.js';
import type { Supervisor } from './supervisor.js';
import { chooseTemporal, localTemporal } from './temporal.js';
import type { TemporalEngine } from './temporal.js';

export type EnginesOptions = LocalOverrides & {
  /** Added to the process's own environment. */
  env?: NodeJS.ProcessEnv;
  say?: (line: string) => void;
};

export type Engines = {
  mongodbUri: string;
  temporalAddress: string;
  temporalUiUrl: string | undefined;
  temporalNamespace: string;
};

/** Both engines running, and the means to disturb them. */
export type RunningEngines = Engines & {
  pid(name: 'temporal' | 'mongodb'): number | undefined;
  /** They are started again by themselves; `restarted` waits for it. */
  kill(name: 'temporal' | 'mongodb', signal: NodeJS.Signals): boolean;
  restarted(name: 'temporal' | 'mongodb', than: number | undefined): Promise<number>;
  stop(options?: { now?: boolean }): Promise<void>;
};

/**
 * Installs what is missing and starts only the two engines, side by side; for test suites.
 * With `ports` of 0 (or absent in `env`: the standard ports) several can run beside each other, each in its own `home`.
 */
export async function startEngines(options: EnginesOptions = {}): Promise<RunningEngines> {
  const env = { ...process.env, ...options.env };
  const say = options.say ?? (() => undefined);
  const config = readLocalConfig(env, options);
  const supervisor = await createSupervisor({ home: config.home, say });
  try {
    const engines = await runEngines({ config, env, say, supervisor });
    return {
      ...engines,
      pid: (name) => supervisor.pid(name),
      kill: (name, signal) => supervisor.kill(name, signal),
      restarted: (name, than) => supervisor.restarted(name, than),
      stop: (stopOptions) => supervisor.stop(stopOptions),
    };
  } catch (error) {
    await supervisor.stop({ now: true });
    throw explained(error, config.home);
  }
}

/** Starts under a supervisor whichever engine the environment does not name, and waits until each answers. */
export async function runEngines(deps: {
  config: LocalConfig;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  supervisor: Supervisor;
}): Promise<Engines> {
  const { config, supervisor } = deps;
  // Temporal's client takes its proxy from the process's environment.
  Object.assign(process.env, directToLoopback(process.env));
  const { mongo, temporal } = await chooseEngines(deps);
  const { say } = deps;
  const [store, engine] = await Promise.all([
    running(startEngine(mongo.engine, { supervisor, say, again: mongo.again })),
    running(startEngine(temporal.engine, { supervisor, say, again: temporal.again })),
  ]);
  return {
    mongodbUri: store.address,
    temporalAddress: engine.address,
    temporalUiUrl: engine.uiUrl,
    temporalNamespace: config.temporalNamespace,
  };
}

async function running<E extends Engine>(start: Promise<E>): Promise<E> {
  const engine = await start;
  await engine.prepare?.();
  return engine;
}

/** Everything that decides which program an engine is, before a port is taken. */
type Choice = {
  config: LocalConfig;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  installer: Installer;
};

/** Installs whichever engine is neither named in the environment nor on the PATH; starts nothing. */
export async function installEngines(choice: Choice): Promise<void> {
  await Promise.all([
    choice.config.mongodbUri === undefined ? chooseMongo(choice) : undefined,
    choice.config.temporalAddress === undefined ? chooseTemporal(choice) : undefined,
  ]);
}

/** `again`: the same engine for another start, its ports claimed anew by the same rules. */
type Chosen<E> = { engine: E; again: () => Promise<E> };

async function chooseEngines(
  deps: Omit<Choice, 'installer'>,
): Promise<{ mongo: Chosen<Engine>; temporal: Chosen<TemporalEngine> }> {
  const { config, env, say } = deps;
  const { home } = config;
  const installer = createInstaller({ enginesDir: config.enginesDir, env, say });
  const choice = { home, env, installer, say };
  const ports = await enginePorts(config);
  const makeMongo = async (port: number): Promise<Engine> =>
    config.mongodbUri === undefined ? localMongo({ ...choice, port }) : { address: config.mongodbUri };
  const makeTemporal = async (at: TemporalPorts): Promise<TemporalEngine> =>
    config.temporalAddress === undefined
      ? localTemporal({ ...choice, ports: at, namespace: config.temporalNamespace })
      : elsewhere(config, config.temporalAddress);
  const [mongo, temporal] = await Promise.all([makeMongo(ports.mongodb), makeTemporal(ports)]);
  return {
    mongo: { engine: mongo, again: async () => makeMongo(await mongoPort(config)) },
    temporal: { engine: temporal, again: async () => makeTemporal(await temporalPorts(config)) },
  };
}

/** It may need TLS or a key, which worker and API read from `TEMPORAL_*`: whether it answers is theirs to say. */
function elsewhere(config: LocalConfig, address: string): TemporalEngine {
  return { address, uiUrl: config.temporalUiUrl };
}

type TemporalPorts = { temporal: number; temporalUi: number };

async function enginePorts(config: LocalConfig): Promise<TemporalPorts & { mongodb: number }> {
  const [a = 0, b = 0, c = 0] = await freePorts(3);
  const mongodb = config.mongodbUri ? 0 : await mongoPort(config, a);
  return { mongodb, ...(await temporalPorts(config, [b, c])) };
}

/** The wanted port, or the free one for 0. */
function mongoPort({ ports }: LocalConfig, free = 0): Promise<number> {
  return claimPort({ port: ports.mongodb || free, variable: 'MONGODB_PORT' });
}

async function temporalPorts(config: LocalConfig, free?: [number, number]): Promise<TemporalPorts> {
  if (config.temporalAddress) return { temporal: 0, temporalUi: 0 };
  const [a = 0, b = 0] = free ?? (await freePorts(2));
  const { temporal, temporalUi } = config.ports;
  return {
    temporal: await claimPort({ port: temporal || a, variable: 'TEMPORAL_PORT' }),
    temporalUi: await claimPort({ port: temporalUi || b, variable: 'TEMPORAL_UI_PORT' }),
  };
}
