import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLocalConfig } from './config.js';
import { createInstaller } from './install.js';
import { answers, freePorts } from './ports.js';
import { createSupervisor } from './supervisor.js';

export type RadicaleOptions = {
  /** Its settings, users, books and log; made when missing, kept when not. */
  dir: string;
  users: { name: string; password: string }[];
  /** Serves HTTPS with this certificate and key (PEM). */
  tls?: { cert: string; key: string };
  /** A fixed port, to come back under the same address; a free one when absent. */
  port?: number;
  say?: (line: string) => void;
};

export type Radicale = {
  /** Without a trailing slash; a user's books are under `/NAME/`. */
  url: string;
  pid: number;
  /** `now` by default: nothing in a lab is worth an orderly end. Safe to repeat. */
  stop(): Promise<void>;
};

/**
 * A real CardDAV server (Radicale 3.9.0) on the loopback address, installed on first use. Each user sees only what is
 * theirs. It is not started again when it dies, and ends with the process that started it.
 */
export async function startRadicale(options: RadicaleOptions): Promise<Radicale> {
  const { dir } = options;
  const say = options.say ?? (() => undefined);
  const { enginesDir } = readLocalConfig(process.env);
  const command = await createInstaller({ enginesDir, env: process.env, say }).ensure('lab');
  const [free = 0] = options.port === undefined ? await freePorts(1) : [options.port];
  await mkdir(join(dir, 'collections'), { recursive: true });
  await writeFile(
    join(dir, 'users'),
    options.users.map(({ name, password }) => `${name}:${password}\n`).join(''),
    { mode: 0o600 },
  );
  const settings = join(dir, 'radicale.conf');
  await writeFile(settings, await settingsFor(options, free));
  const supervisor = await createSupervisor({ home: dir, say });
  try {
    await supervisor.start({
      name: 'radicale',
      command,
      args: ['--config', settings],
      env: process.env,
      cwd: dir,
      restart: false,
      ready: () => answers(free),
    });
  } catch (error) {
    await supervisor.stop({ now: true });
    throw error;
  }
  return {
    url: `${options.tls ? 'https' : 'http'}://127.0.0.1:${free}`,
    pid: supervisor.pid('radicale') ?? 0,
    stop: () => supervisor.stop({ now: true }),
  };
}

async function settingsFor({ dir, tls }: RadicaleOptions, port: number): Promise<string> {
  const lines = ['[server]', `hosts = 127.0.0.1:${port}`, 'max_connections = 40'];
  if (tls) {
    await writeFile(join(dir, 'cert.pem'), tls.cert);
    await writeFile(join(dir, 'key.pem'), tls.key, { mode: 0o600 });
    lines.push('ssl = True', `certificate = ${join(dir, 'cert.pem')}`, `key = ${join(dir, 'key.pem')}`);
  }
  return [
    ...lines,
    '[auth]',
    'type = htpasswd',
    `htpasswd_filename = ${join(dir, 'users')}`,
    'htpasswd_encryption = plain',
    // The answer to a wrong password is not slowed down.
    'delay = 0',
    '[rights]',
    'type = owner_only',
    '[storage]',
    `filesystem_folder = ${join(dir, 'collections')}`,
    '[web]',
    'type = none',
    '[logging]',
    'level = warning',
    '',
  ].join('\n');
}
