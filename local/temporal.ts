import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SetupError } from './errors.js';
import type { Engine } from './engine.js';
import type { Installer } from './install.js';
import { allOnPath } from './on-path.js';
import { answers } from './ports.js';
import { runCommand } from './run-command.js';

export type TemporalEngine = Engine & { uiUrl: string | undefined };

type ChoiceDeps = { env: NodeJS.ProcessEnv; installer: Installer; say: (line: string) => void };

export type TemporalDeps = ChoiceDeps & {
  home: string;
  ports: { temporal: number; temporalUi: number };
  namespace: string;
};

/** Closed runs stay to be looked at for this long; the server's own default is one day. */
const RETENTION_DAYS = 30;
const CALL_MS = 3_000;

/** Temporal's development server with its UI, its data in one file under the home folder. */
export async function localTemporal(deps: TemporalDeps): Promise<TemporalEngine> {
  const address = `127.0.0.1:${deps.ports.temporal}`;
  const command = await chooseTemporal(deps);
  const data = join(deps.home, 'temporal');
  await mkdir(data, { recursive: true });
  return {
    address,
    uiUrl: `http://127.0.0.1:${deps.ports.temporalUi}`,
    process: {
      name: 'temporal',
      command,
      args: serverArguments(deps, join(data, 'temporal.db')),
      env: await serverEnv(deps.env, data),
      cwd: data,
      ready: async () => (await answers(deps.ports.temporal)) && (await isServing(address, deps.namespace)),
    },
    prepare: () => keepClosedRuns(address, deps.namespace),
  };
}

function serverArguments(deps: TemporalDeps, file: string): string[] {
  const ports = ['--port', String(deps.ports.temporal), '--ui-port', String(deps.ports.temporalUi)];
  return [
    'server',
    'start-dev',
    '--db-filename',
    file,
    '--ip',
    '127.0.0.1',
    ...ports,
    '--namespace',
    deps.namespace,
  ];
}

/** Without the user's own client settings: they speak of another server, and their TLS would not fit this one. */
async function serverEnv(env: NodeJS.ProcessEnv, data: string): Promise<NodeJS.ProcessEnv> {
  const config = join(data, 'client.toml');
  // Readers of such files want the profile to be there.
  await writeFile(config, '[profile.default]\n');
  return { ...withoutTemporal(env), TEMPORAL_CONFIG_FILE: config };
}

/** Settings by which clients find and enter a Temporal elsewhere; what is ours (the task queue) stays. */
const CLIENT_SETTINGS =
  /^TEMPORAL_(ADDRESS|NAMESPACE|PROFILE|CONFIG_FILE|API_KEY|TLS|TLS_.*|GRPC_META_.*|CODEC_.*|CLIENT_.*)$/;

export function withoutTemporal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !CLIENT_SETTINGS.test(name)));
}

/** `temporal` on the PATH when its server is new enough for the updates that runs are steered with, else the pinned one. */
export async function chooseTemporal(deps: ChoiceDeps): Promise<string> {
  for (const command of await allOnPath('temporal', deps.env['PATH'])) {
    const { stdout } = await runCommand(command, ['--version'], { env: deps.env, timeoutMs: 10_000 });
    const version = /version v?(\d+)\.(\d+)/.exec(stdout);
    if (version && Number(version[1]) * 1_000 + Number(version[2]) >= 1_003) return command;
    deps.say(`${command} is older than 1.3 or no Temporal at all; the pinned one is used.`);
  }
  return deps.installer.ensure('temporal');
}

/** True when the server takes calls and knows the namespace. */
export async function isServing(address: string, namespace: string): Promise<boolean> {
  return withConnection(address, async (connection) => {
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  }).catch(() => false);
}

async function keepClosedRuns(address: string, namespace: string): Promise<void> {
  try {
    await withConnection(address, async ({ workflowService }) => {
      const { config } = await workflowService.describeNamespace({ namespace });
      if (Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) >= RETENTION_DAYS * 86_400) return;
      const kept = { workflowExecutionRetentionTtl: msToTs(`${RETENTION_DAYS} days`) };
      await workflowService.updateNamespace({ namespace, config: kept });
    });
  } catch (error) {
    throw new SetupError(
      `Temporal at ${address} answers, but its retention could not be set: ${messageOf(error)}`,
    );
  }
}

async function withConnection<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: CALL_MS });
  try {
    return await connection.withDeadline(Date.now() + CALL_MS, () => use(connection));
  } finally {
    await connection.close();
  }
}
