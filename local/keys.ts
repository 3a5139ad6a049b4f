import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { secretFrom } from './config.js';
import { codeOf, messageOf, SetupError } from './errors.js';

export type LocalKeys = {
  /** 32 bytes in base64; seals the credentials of connections. */
  secretKey: string;
  adminKey: string;
  /** True only on the start that made the admin key: it is shown then and never again. */
  adminKeyIsNew: boolean;
  /** Keeps a new admin key; called once everything runs, so that a start that failed does not use up its only showing. */
  keepAdminKey(): Promise<void>;
};

/**
 * The two keys of the local stack: from the environment, else from the home folder, else made now (readable by the
 * owner only).
 * @throws SetupError when a kept or given secret key is not 32 bytes: replacing it would lose every stored credential.
 */
export async function localKeys(home: string, env: NodeJS.ProcessEnv): Promise<LocalKeys> {
  const secret = await given(env, 'SLUICE_SECRET_KEY', join(home, 'secret.key'));
  const adminFile = join(home, 'admin.key');
  const admin = await given(env, 'SLUICE_ADMIN_KEY', adminFile);
  const secretKey = secret?.value ?? randomBytes(32).toString('base64');
  const adminKey = admin?.value ?? `sluice_${randomBytes(24).toString('base64url')}`;
  // Several, after commas, while a key is being replaced.
  if (secretKey.split(',').some((key) => Buffer.from(key, 'base64').length !== 32)) {
    throw new SetupError(
      `The secret key in ${secret?.from ?? home} is not 32 bytes in base64. Put the right one back: without it, stored ` +
        'credentials cannot be opened and every app has to be connected again. Nothing was started.',
    );
  }
  if (!secret) await keepKey(join(home, 'secret.key'), secretKey);
  return {
    secretKey,
    adminKey,
    adminKeyIsNew: admin === undefined,
    keepAdminKey: () => (admin ? Promise.resolve() : keepKey(adminFile, adminKey)),
  };
}

async function given(
  env: NodeJS.ProcessEnv,
  name: string,
  file: string,
): Promise<{ value: string; from: string } | undefined> {
  const value = secretFrom(env, name);
  if (value !== undefined) return { value, from: name };
  const stored = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new SetupError(`${file} cannot be read: ${messageOf(error)}. Nothing was started.`);
  });
  return stored === undefined ? undefined : { value: stored.trim(), from: file };
}

/** Linked into place whole: a start that is cut off leaves no half key behind, and no key is ever overwritten. */
async function keepKey(file: string, value: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.new`;
  await writeFile(fresh, `${value}\n`, { mode: 0o600 });
  await chmod(fresh, 0o600);
  await link(fresh, file);
  await unlink(fresh);
}
