import { createHash } from 'node:crypto';
import { calculatePKCECodeChallenge } from 'oauth4webapi';
import type { OAuthOffer } from '../providers/provider.js';
import type { LoginPlace } from '../store/documents.js';

/** A state is looked up by this alone, so that no comparison of texts tells anything about it. Hex. */
export function hashState(state: string): string {
  return createHash('sha256').update(state).digest('hex');
}

/** Where a log-in of an app with these settings goes and comes back to. Null: no client id is known. */
export function placeOf(
  offer: OAuthOffer,
  settings: Record<string, unknown>,
  publicUrl: string,
): LoginPlace | null {
  const clientId = offer.clientId(settings);
  if (clientId === undefined || clientId === '') return null;
  return {
    authorizeUrl: offer.authorizeUrl(settings),
    tokenUrl: offer.tokenUrl(settings),
    clientId,
    redirectUri: `${publicUrl}/oauth/callback`,
  };
}

/** What a person opens to log in: authorization code with PKCE (RFC 7636, S256). The address may bring parameters of its own. */
export async function authorizationUrl(
  offer: OAuthOffer,
  place: LoginPlace,
  { state, verifier }: { state: string; verifier: string },
): Promise<string> {
  const url = new URL(place.authorizeUrl);
  const parameters = {
    ...offer.authorizeParameters,
    response_type: 'code',
    client_id: place.clientId,
    redirect_uri: place.redirectUri,
    ...(offer.scopes.length > 0 && { scope: offer.scopes.join(offer.scopeSeparator ?? ' ') }),
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** RFC 9207, where the provider names itself at the callback: an answer of another server belongs to no log-in of this one. */
export function isIssuer(place: LoginPlace, iss: string): boolean {
  if (!URL.canParse(iss)) return false;
  const { origin } = new URL(iss);
  return [place.authorizeUrl, place.tokenUrl].some((address) => new URL(address).origin === origin);
}
