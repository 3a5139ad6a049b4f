import { z } from 'zod';
import { ProviderFailure } from '../providers/provider.js';
import type { LoginDoc } from '../store/documents.js';
import { SealBroken, type SealContext, type Sealed, type Sealer } from './seal.js';
import { parsedJson, tokens, type Tokens } from './stored.js';

const secret = z.union([
  z.strictObject({ verifier: z.string(), code: z.string().optional() }),
  z.strictObject({ tokens }),
]);

/** What a log-in keeps on its way: the PKCE verifier, the code that came back with it, at last the tokens in their place. */
export type LoginSecret = z.infer<typeof secret>;

type LoginKey = Pick<LoginDoc, 'workspaceId' | 'appId' | 'loginId'>;

export function sealLogin(sealer: Pick<Sealer, 'seal'>, login: LoginKey, held: LoginSecret): Sealed {
  return sealer.seal(contextOf(login), JSON.stringify(held));
}

/** Throws a `ProviderFailure` (`credentials_rejected`) where it cannot be opened or read. */
export function openLogin(
  sealer: Pick<Sealer, 'open'>,
  login: LoginKey & Pick<LoginDoc, 'sealed'>,
): LoginSecret {
  const parsed = secret.safeParse(login.sealed && parsedJson(opened(sealer, login, login.sealed)));
  if (parsed.success) return parsed.data;
  throw unreadable();
}

export function tokensOfLogin(
  sealer: Pick<Sealer, 'open'>,
  login: LoginKey & Pick<LoginDoc, 'sealed'>,
): Tokens {
  const held = openLogin(sealer, login);
  if ('tokens' in held) return held.tokens;
  throw unreadable();
}

function opened(sealer: Pick<Sealer, 'open'>, login: LoginKey, sealed: Sealed): string {
  try {
    return sealer.open(contextOf(login), sealed);
  } catch (error) {
    if (error instanceof SealBroken) throw unreadable();
    throw error;
  }
}

/** Not the app's own: what is sealed for a log-in cannot be put in the place of credentials, nor of another log-in's. */
function contextOf({ workspaceId, appId, loginId }: LoginKey): SealContext {
  return { workspaceId, appId: `${appId}/logins/${loginId}` };
}

function unreadable(): ProviderFailure {
  return new ProviderFailure(
    'credentials_rejected',
    'What was kept of this log-in cannot be opened (another sealing key, perhaps). Nothing was changed. Log in again: POST /v1/apps/{appId}/connect.',
  );
}
