import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { SetupError } from './errors.js';
import { projectRoot } from './paths.js';

/** What the local stack takes from the environment. Empty values count as absent. */
export type LocalConfig = Readonly<{
  home: string;
  enginesDir: string;
  host: string;
  ports: Readonly<{ api: number; mongodb: number; temporal: number; temporalUi: number }>;
  /** Engines that run elsewhere; they win over local ones. */
  mongodbUri: string | undefined;
  temporalAddress: string | undefined;
  temporalUiUrl: string | undefined;
  temporalNamespace: string;
}>;

export type LocalOverrides = {
  home?: string | undefined;
  enginesDir?: string | undefined;
  ports?: Partial<LocalConfig['ports']> | undefined;
};

const port = (standard: number): z.ZodType<number> =>
  z.coerce
    .number({ error: 'is not a port number' })
    .int('is not a port number')
    .min(0, 'is not a port number')
    .max(65_535, 'is not a port number')
    .default(standard);

export const configSchema = z.object({
  SLUICE_HOME: z.string().default('.sluice'),
  SLUICE_ENGINES: z.string().default('.engines'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port(3000),
  MONGODB_PORT: port(27017),
  TEMPORAL_PORT: port(7233),
  TEMPORAL_UI_PORT: port(8233),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://')
    .optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port, such as 127.0.0.1:7233')
    .optional(),
  TEMPORAL_UI_URL: z.url('is not a URL').optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
});

/**
 * Reads the environment once. Relative folders are taken from the project's folder, wherever the command was called.
 * @throws SetupError with every mistake, not only the first.
 */
export function readLocalConfig(env: NodeJS.ProcessEnv, overrides: LocalOverrides = {}): LocalConfig {
  const given = Object.fromEntries(
    Object.keys(configSchema.shape).map((key) => [key, env[key] === '' ? undefined : env[key]]),
  );
  const parsed = configSchema.safeParse({ ...given, MONGODB_URI: secretFrom(env, 'MONGODB_URI') });
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
    throw new SetupError(`Wrong settings: ${mistakes.join('; ')}. Nothing was started.`);
  }
  const values = parsed.data;
  const own = Object.fromEntries(
    Object.entries(overrides.ports ?? {}).filter(([, value]) => Number.isInteger(value)),
  );
  return Object.freeze({
    home: fromRoot(overrides.home ?? values.SLUICE_HOME),
    enginesDir: fromRoot(overrides.enginesDir ?? values.SLUICE_ENGINES),
    host: values.HOST,
    ports: Object.freeze({
      api: values.PORT,
      mongodb: values.MONGODB_PORT,
      temporal: values.TEMPORAL_PORT,
      temporalUi: values.TEMPORAL_UI_PORT,
      ...own,
    }),
    mongodbUri: values.MONGODB_URI,
    temporalAddress: values.TEMPORAL_ADDRESS,
    temporalUiUrl: values.TEMPORAL_UI_URL,
    temporalNamespace: values.TEMPORAL_NAMESPACE,
  });
}

/** A secret from its variable or, when only `NAME_FILE` is set, from that file without its last newline. */
export function secretFrom(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct !== '') return direct;
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return undefined;
  if (!existsSync(file)) throw new SetupError(`${name}_FILE names ${file}, which does not exist.`);
  return readFileSync(file, 'utf8').trim();
}

function fromRoot(folder: string): string {
  return isAbsolute(folder) ? folder : resolve(projectRoot(), folder);
}
