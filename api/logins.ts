import { isDeepStrictEqual } from 'node:util';
import { authorizationUrl, hashState, placeOf } from '../activities/connections/authorization.js';
import { sealLogin } from '../activities/connections/login-secret.js';
import { clientSecretOf, openSecret, type Secret } from '../activities/connections/stored.js';
import { ProviderFailure, type OAuthOffer } from '../activities/providers/provider.js';
import type { AppDoc, CredentialsDoc, LoginDoc, LoginPlace } from '../activities/store/documents.js';
import type { ApiDeps } from './deps.js';
import type { Call } from './endpoint.js';
import { Problem } from './errors.js';
import { describedBy } from './lookup.js';
import { makeKey } from './secrets.js';

/** Throws 409 where people do not log in at this provider. */
export function offerOf(deps: Pick<ApiDeps, 'descriptions'>, app: AppDoc): OAuthOffer {
  const { oauth, name } = describedBy(deps.descriptions, app.providerId);
  if (oauth) return oauth;
  throw new Problem(
    'action_not_supported',
    `Nobody logs in at ${name} this way. Nothing was begun. Enter credentials: PUT /v1/apps/{appId}/credentials.`,
  );
}

/** Throws 409 with what is missing: the client id, its secret, an address people can come back to. */
export async function prepareLogin(call: Pick<Call, 'deps' | 'req'>, app: AppDoc): Promise<LoginPlace> {
  const { deps, req } = call;
  const place = placeOf(offerOf(deps, app), app.settings, publicUrl(deps, req));
  if (!place) {
    throw missing(
      'The settings of this app name no clientId. Register Sluice at the provider, then set it: PATCH /v1/apps/{appId} {"settings": {"clientId": ...}}.',
    );
  }
  for (const url of [place.authorizeUrl, place.tokenUrl]) refuseInsecure(deps, url);
  const { secret } = await secretOf(deps, app);
  if (!secret || clientSecretOf(secret) === undefined) {
    throw missing(
      'This app has no client secret, which the provider gives out beside the client id. Enter it: PUT /v1/apps/{appId}/credentials {"clientSecret": ...}.',
    );
  }
  return place;
}

/** Where the settings have changed since, what came back belongs to another client or another server. */
export function stillFits(call: Pick<Call, 'deps' | 'req'>, app: AppDoc, login: LoginDoc): boolean {
  const { redirectUri } = login.place;
  const back = redirectUri.slice(0, -'/oauth/callback'.length);
  return isDeepStrictEqual(placeOf(offerOf(call.deps, app), app.settings, back), login.place);
}

/** What is stored of an app's credentials. Throws 409 where it cannot be opened. */
export async function secretOf(
  { store, sealer }: Pick<ApiDeps, 'store' | 'sealer'>,
  { workspaceId, appId }: AppDoc,
): Promise<{ doc: CredentialsDoc | null; secret: Secret | null }> {
  const doc = await store.credentials.get(workspaceId, appId);
  if (!doc) return { doc, secret: null };
  try {
    return { doc, secret: openSecret(sealer, { workspaceId, appId }, doc.sealed) };
  } catch (error) {
    if (error instanceof ProviderFailure) throw missing(error.message);
    throw error;
  }
}

/**
 * The address a person opens to log in. State and PKCE verifier are made from the request's token: the same request gets the same
 * address again, and nobody without the secret key can make either. The store has the state as a hash and the verifier sealed.
 */
export async function beginLogin(
  call: Pick<Call, 'deps' | 'caller' | 'now' | 'token'>,
  app: AppDoc,
  place: LoginPlace,
  returnTo: string | null,
): Promise<string> {
  const { deps, caller, now, token } = call;
  const { secretKey } = deps.settings;
  const state = makeKey(secretKey, 'login-state', token);
  const verifier = makeKey(secretKey, 'login-verifier', token);
  const key = { workspaceId: app.workspaceId, appId: app.appId, loginId: token };
  await deps.store.logins.insert({
    ...key,
    ...{ stateHash: hashState(state), status: 'begun', place, returnTo },
    by: { keyId: caller.keyId, actor: caller.actor },
    sealed: sealLogin(deps.sealer, key, { verifier }),
    ...{ account: null, failure: null, startedAt: now },
  });
  return authorizationUrl(offerOf(deps, app), place, { state, verifier });
}

/** As given, or (without `PUBLIC_URL`) the loopback address at which this very request came in: nobody else can be meant. */
function publicUrl({ settings }: Pick<ApiDeps, 'settings'>, req: Call['req']): string {
  if (settings.publicUrl !== null) return settings.publicUrl;
  const { localAddress = '', localPort } = req.socket;
  if (/^(::ffff:)?127\./.test(localAddress)) return `http://127.0.0.1:${localPort}`;
  if (localAddress === '::1') return `http://[::1]:${localPort}`;
  throw missing(
    'This API does not know the address at which people reach it, so the provider could not send them back. Set PUBLIC_URL and start it again.',
  );
}

function refuseInsecure({ settings }: Pick<ApiDeps, 'settings'>, address: string): void {
  const { protocol = '', host = address } = URL.canParse(address) ? new URL(address) : {};
  if (protocol === 'https:' || (protocol === 'http:' && settings.allowPrivate)) return;
  throw missing(
    `The address at ${host} in the settings of this app does not begin with https://. Correct it: PATCH /v1/apps/{appId}.`,
  );
}

function missing(what: string): Problem {
  return new Problem('not_configured', `${what} Nothing was begun.`);
}

/** Only to pages that the deployment named, so that nobody can make this API send people elsewhere. Throws 422. */
export function checkReturn({ settings }: Pick<ApiDeps, 'settings'>, returnTo: string): string {
  const url = URL.canParse(returnTo) ? new URL(returnTo) : null;
  const own = settings.publicUrl === null ? [] : [new URL(settings.publicUrl).origin];
  const allowed = [...settings.returnOrigins, ...own];
  if (url && /^https?:$/.test(url.protocol) && !url.username && allowed.includes(url.origin)) return url.href;
  throw new Problem(
    'return_not_allowed',
    `People may not be sent to ${url ? url.origin : 'an address that cannot be read'}. Nothing was begun. Leave returnTo out (a small page is shown then), or have its origin added to RETURN_ORIGINS.`,
    { issues: [{ path: 'body.returnTo', message: 'Its origin is not in RETURN_ORIGINS' }] },
  );
}
