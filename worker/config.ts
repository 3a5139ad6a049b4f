import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { sealingKeys, type SealingKey } from '../activities/connections/seal.js';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const whole = (standard: number, least: number): z.ZodType<number> =>
  z.coerce.number().int().min(least).default(standard);

/** The keys are the names of the environment's variables; Temporal's own (`TEMPORAL_*`) are read by its library. */
export const configSchema = z.object({
  MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://'),
  SLUICE_SECRET_KEY: z.string().min(1),
  SLUICE_OLD_SECRET_KEYS: z.string().optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default('sluice'),
  WORKFLOW_BUNDLE: z.string().optional(),
  ALLOW_PRIVATE_NETWORKS: flag.default(false),
  PROVIDER_TIMEOUT_MS: whole(30_000, 1_000),
  PROVIDER_MAX_RESPONSE_BYTES: whole(64 * 1024 * 1024, 64 * 1024),
  RETENTION_DAYS: whole(30, 1),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type WorkerConfig = Readonly<z.infer<typeof configSchema>>;

/** Every mistake at once, none with a value in it: values may be secrets. */
export class ConfigError extends Error {}

/** Reads the environment once; `NAME_FILE` names a file that holds the value. Empty values count as absent. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): WorkerConfig {
  const given = Object.fromEntries(Object.keys(configSchema.shape).map((name) => [name, valueOf(env, name)]));
  const parsed = configSchema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`The worker's configuration is not usable. ${mistakes.join('; ')}.`);
}

/** The first key seals; the others still open what was sealed before a rotation. */
export function readSealingKeys(
  config: Pick<WorkerConfig, 'SLUICE_SECRET_KEY' | 'SLUICE_OLD_SECRET_KEYS'>,
): SealingKey[] {
  return sealingKeys(config.SLUICE_SECRET_KEY, config.SLUICE_OLD_SECRET_KEYS);
}

function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (env[name]) return env[name];
  if (!file) return undefined;
  if (!existsSync(file)) throw new ConfigError(`${name}_FILE names a file that is not there.`);
  return readFileSync(file, 'utf8').trim();
}
