import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSpec } from './child.js';
import type { LocalConfig } from './config.js';
import type { Engines } from './engines.js';
import { SetupError } from './errors.js';
import type { LocalKeys } from './keys.js';
import { directToLoopback } from './loopback.js';
import { built, projectRoot } from './paths.js';
import { withoutTemporal } from './temporal.js';

/** The JavaScript files that the two processes run. */
export type Programs = { worker: string; api: string };

export function builtPrograms(): Programs {
  return { worker: built('worker', 'main.js'), api: built('api', 'main.js') };
}

export type ServicesDeps = {
  programs: Programs;
  config: LocalConfig;
  env: NodeJS.ProcessEnv;
  engines: Engines;
  keys: LocalKeys;
  /** The port that the API listens on, fixed for the stack's life so that a restart keeps its address. */
  port: number;
  /** True when the whole system answers; both processes count as ready then. */
  ready: () => Promise<boolean>;
};

/** Worker and API as processes of the built code, each with the environment that its `config.ts` reads. */
export function services(deps: ServicesDeps): { worker: ProcessSpec; api: ProcessSpec } {
  const env = sharedEnv(deps);
  return {
    // The worker lets a page in flight finish, which may take its whole grace time.
    worker: { ...service('worker', deps.programs.worker), env, ready: deps.ready, graceMs: 30_000 },
    api: {
      ...service('api', deps.programs.api),
      env: { ...env, SLUICE_ADMIN_KEY: deps.keys.adminKey, HOST: deps.config.host, PORT: String(deps.port) },
      ready: deps.ready,
      graceMs: 10_000,
    },
  };
}

/**
 * A worker makes much that is short-lived (with the standard 16 MB for it, collecting takes an eighth of an import's processor
 * time), and holds little for long: told so, the collector does not let the rest grow to half a gigabyte before it looks.
 */
export const WORKER_FLAGS: readonly string[] = ['--max-semi-space-size=32', '--max-old-space-size=384'];

function service(
  name: 'worker' | 'api',
  main: string,
): Pick<ProcessSpec, 'name' | 'command' | 'args' | 'cwd'> {
  if (!existsSync(main))
    throw new SetupError(`${main} is missing: run npm run setup first. Nothing was started.`);
  const flags = name === 'worker' ? WORKER_FLAGS : [];
  const args = [...flags, '--enable-source-maps', main];
  return { name, command: process.execPath, args, cwd: projectRoot() };
}

function sharedEnv({ config, env, engines, keys }: ServicesDeps): NodeJS.ProcessEnv {
  return {
    ...withoutOurs(config.temporalAddress === undefined ? forLocalTemporal(env, config) : env),
    MONGODB_URI: engines.mongodbUri,
    TEMPORAL_ADDRESS: engines.temporalAddress,
    TEMPORAL_NAMESPACE: engines.temporalNamespace,
    ...(engines.temporalUiUrl === undefined ? {} : { TEMPORAL_UI_URL: engines.temporalUiUrl }),
    SLUICE_HOME: config.home,
    SLUICE_SECRET_KEY: keys.secretKey,
    // Servers on this machine and in its network are what a person tries first.
    ALLOW_PRIVATE_NETWORKS: env['ALLOW_PRIVATE_NETWORKS'] ?? 'true',
    ...directToLoopback(env),
  };
}

/** A user's own Temporal settings (a file with TLS, a profile) speak of another server than the local one. */
function forLocalTemporal(env: NodeJS.ProcessEnv, config: LocalConfig): NodeJS.ProcessEnv {
  return { ...withoutTemporal(env), TEMPORAL_CONFIG_FILE: join(config.home, 'temporal', 'client.toml') };
}

/** What is set anew below, and flags meant for the process that starts the stack (a test runner, a debugger). */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const replaced = [
    'MONGODB_URI_FILE',
    'SLUICE_SECRET_KEY_FILE',
    'SLUICE_ADMIN_KEY_FILE',
    'SLUICE_ADMIN_KEY',
    'NODE_OPTIONS',
  ];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !replaced.includes(name)));
}
