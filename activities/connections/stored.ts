import { z } from 'zod';
import { ProviderFailure } from '../providers/provider.js';
import { SealBroken } from './seal.js';
import type { SealContext, Sealed, Sealer } from './seal.js';

/** What a log-in left. Times are this deployment's clock: what a provider says of its own is not needed. */
export const tokens = z.object({
  accessToken: z.string(),
  refreshToken: z.string().optional(),
  /** Milliseconds since 1970; absent where the provider did not say. */
  obtainedAt: z.number(),
  expiresAt: z.number().optional(),
  scope: z.string().optional(),
  tokenUrl: z.string(),
  clientId: z.string(),
  /** The provider refused the refresh token: only a person can go on. */
  revoked: z.object({ at: z.number(), message: z.string() }).optional(),
});

export type Tokens = z.infer<typeof tokens>;

const secret = z.looseObject({ oauth: tokens.optional() });

/** The one sealed secret of an app: what a person entered, and beside it the tokens of a log-in. */
export interface Secret {
  entered: Record<string, unknown>;
  oauth: Tokens | null;
}

/** A client's secret alone opens nothing: somebody has to log in with it. */
const OF_THE_CLIENT = 'clientSecret';

export function clientSecretOf({ entered }: Secret): string | undefined {
  const value = entered[OF_THE_CLIENT];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What was entered is enough without a log-in: an API key, a password. */
export function standsAlone(entered: Record<string, unknown>): boolean {
  const names = Object.keys(entered);
  return names.length !== 1 || names[0] !== OF_THE_CLIENT;
}

export function sealSecret(
  sealer: Pick<Sealer, 'seal'>,
  app: SealContext,
  { entered, oauth }: Secret,
): Sealed {
  const { workspaceId, appId } = app;
  return sealer.seal(
    { workspaceId, appId },
    JSON.stringify(oauth === null ? entered : { ...entered, oauth }),
  );
}

/** Throws a `ProviderFailure` (`credentials_rejected`) where it cannot be opened or read. */
export function openSecret(sealer: Pick<Sealer, 'open'>, app: SealContext, sealed: Sealed): Secret {
  const { workspaceId, appId } = app;
  let text: string;
  try {
    text = sealer.open({ workspaceId, appId }, sealed);
  } catch (error) {
    if (error instanceof SealBroken) throw new ProviderFailure('credentials_rejected', error.message);
    throw error;
  }
  // A parser's error would quote the text, which is the secret.
  const parsed = secret.safeParse(parsedJson(text));
  if (!parsed.success) {
    throw new ProviderFailure(
      'credentials_rejected',
      'The stored credentials cannot be read. Enter them again.',
    );
  }
  const { oauth, ...entered } = parsed.data;
  return { entered, oauth: oauth ?? null };
}

/** Null where it is no JSON: a parser's error would quote the text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
