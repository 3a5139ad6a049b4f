import { readLocalConfig } from './config.js';
import type { LocalConfig, LocalOverrides } from './config.js';
import type { Engine } from './engine.js';
import { explained } from './errors.js';
import { createInstaller } from './install.js';
import type { Installer } from './install.js';
import { chooseMongo, localMongo } from './mongodb.js';
import { directToLoopback } from './loopback.js';
import { claimPort, freePorts } from './ports.js';
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
  const starts = [mongo, temporal].map(async (engine) => {
    if (engine.process) await supervisor.start(engine.process);
    await engine.prepare?.();
  });
  await Promise.all(starts);
  return {
    mongodbUri: mongo.address,
    temporalAddress: temporal.address,
    temporalUiUrl: temporal.uiUrl,
    temporalNamespace: config.temporalNamespace,
  };
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

async function chooseEngines(
  deps: Omit<Choice, 'installer'>,
): Promise<{ mongo: Engine; temporal: TemporalEngine }> {
  const { config, env, say } = deps;
  const { home } = config;
  const installer = createInstaller({ enginesDir: config.enginesDir, env, say });
  const ports = await enginePorts(config);
  const [mongo, temporal] = await Promise.all([
    config.mongodbUri === undefined
      ? localMongo({ home, env, installer, say, port: ports.mongodb })
      : { address: config.mongodbUri },
    config.temporalAddress === undefined
      ? localTemporal({ home, env, installer, say, ports, namespace: config.temporalNamespace })
      : elsewhere(config, config.temporalAddress),
  ]);
  return { mongo, temporal };
}

/** It may need TLS or a key, which worker and API read from `TEMPORAL_*`: whether it answers is theirs to say. */
function elsewhere(config: LocalConfig, address: string): TemporalEngine {
  return { address, uiUrl: config.temporalUiUrl };
}

async function enginePorts(
  config: LocalConfig,
): Promise<{ mongodb: number; temporal: number; temporalUi: number }> {
  const [a = 0, b = 0, c = 0] = await freePorts(3);
  const claim = (port: number, free: number, variable: string): Promise<number> =>
    claimPort({ port: port === 0 ? free : port, variable });
  const mongodb = config.mongodbUri ? 0 : await claim(config.ports.mongodb, a, 'MONGODB_PORT');
  if (config.temporalAddress) return { mongodb, temporal: 0, temporalUi: 0 };
  return {
    mongodb,
    temporal: await claim(config.ports.temporal, b, 'TEMPORAL_PORT'),
    temporalUi: await claim(config.ports.temporalUi, c, 'TEMPORAL_UI_PORT'),
  };
}
