import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { createSealer, sealingKey } from '../activities/connections/seal.js';
import { DEFAULT_TASK_QUEUE } from '../workflows/contract/ids.js';

const MIB = 1024 * 1024;

const whole = (standard: number, least: number, most = Number.MAX_SAFE_INTEGER): z.ZodType<number> =>
  z.coerce
    .number('must be a whole number')
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`)
    .default(standard);

const NEED_KEY = 'must be 32 bytes in base64, made with `openssl rand -base64 32`';

function isKeys(text: string): boolean {
  try {
    createSealer(text.split(',').map((key) => sealingKey(key)));
    return true;
  } catch {
    return false;
  }
}

const address = z
  .url('must be an address such as https://sluice.example.com')
  .transform((url) => url.replace(/\/+$/, ''))
  .optional();

const origins = z
  .string()
  .transform((text) => text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()])))
  .refine(
    (list) => list.every(isOrigin),
    'must be origins with commas between, such as https://crm.example.com',
  )
  .transform((list) => list.map((each) => new URL(each).origin))
  .default([]);

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin, href } = new URL(text);
  return /^https?:$/.test(protocol) && href === `${origin}/`;
}

/** The keys are the names of the environment's variables; Temporal's own (`TEMPORAL_ADDRESS` ...) are read by its library. */
export const configSchema = z.object({
  PORT: whole(3000, 0, 65_535),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: address,
  MONGODB_URI: z
    .string('is needed')
    .regex(/^mongodb(\+srv)?:\/\//, 'must start with mongodb:// or mongodb+srv://'),
  SLUICE_SECRET_KEY: z
    .string(NEED_KEY)
    .refine(isKeys, NEED_KEY)
    .meta({ description: 'The first key seals; others, after commas, still open what was sealed before' }),
  SLUICE_OLD_SECRET_KEYS: z
    .string()
    .refine(isKeys, NEED_KEY)
    .optional()
    .meta({ description: 'Keys of before, with commas between: they still open what was sealed with them' }),
  SLUICE_ADMIN_KEY: z.string().min(16, 'must have at least 16 characters').max(512).optional(),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default(DEFAULT_TASK_QUEUE),
  TEMPORAL_UI_URL: address,
  RETURN_ORIGINS: origins.meta({
    description: 'Where a log-in at a provider may send people back to, besides this API itself',
  }),
  ALLOW_PRIVATE_NETWORKS: z.enum(['true', 'false'], 'must be true or false').default('false'),
  MAX_LIVE_RUNS: whole(50, 1),
  MAX_UPLOAD_BYTES: whole(2048 * MIB, 1024),
  MAX_XLSX_BYTES: whole(100 * MIB, 1024),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'is not a level')
    .default('info'),
});

export type ApiConfig = Readonly<z.infer<typeof configSchema>>;

/** Every mistake at once, none with a value in it: values may be secrets. */
export class ConfigError extends Error {}

/** Reads the environment once; `NAME_FILE` names a file that holds the value. Empty values count as absent. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ApiConfig {
  const mistakes: string[] = [];
  const given: Record<string, string | undefined> = {};
  for (const name of Object.keys(configSchema.shape)) {
    const value = valueOf(env, name);
    if (value === 'unreadable') mistakes.push(`${name}_FILE: names a file that cannot be read`);
    else given[name] = value?.text;
  }
  const parsed = configSchema.safeParse(given);
  if (parsed.success && mistakes.length === 0) return Object.freeze(parsed.data);
  const wrong = parsed.success ? [] : parsed.error.issues;
  // What could not be read is not also said to be missing.
  const issues = wrong.filter(
    ({ path }) => !mistakes.some((text) => text.startsWith(`${String(path[0])}_FILE`)),
  );
  mistakes.push(...issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  throw new ConfigError(`The API's configuration is not usable. ${mistakes.join('; ')}.`);
}

function valueOf(env: NodeJS.ProcessEnv, name: string): { text: string } | undefined | 'unreadable' {
  const value = env[name];
  if (value) return { text: value };
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  try {
    const text = readFileSync(file, 'utf8').trim();
    return text === '' ? undefined : { text };
  } catch {
    return 'unreadable';
  }
}
