import * as oauth from 'oauth4webapi';
import { failureOfStatus } from '../providers/http-failures.js';
import { createHttp, type Http, type HttpAnswer, type HttpOptions } from '../providers/http.js';
import { ProviderFailure } from '../providers/provider.js';
import type { NetworkPolicy } from '../providers/provider.js';
import type { Tokens } from './stored.js';

/** A token answer is a few hundred bytes; one with signed tokens in it some thousand. */
const MOST_BYTES = 64 * 1024;
/** Shorter than the lease under which tokens are renewed. */
const TIMEOUT_MS = 15_000;

export interface ClientAt {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
}

export interface CodeGrant {
  code: string;
  verifier: string;
  redirectUri: string;
}

/**
 * The token endpoint of a provider. Every request goes through the deployment's network policy, follows no redirect, and is never sent
 * twice: a code and a rotating refresh token are good for one use.
 *
 * Throws `ProviderFailure`: `token_revoked` (the grant is not accepted), `credentials_rejected` (the client is not),
 * `provider_unavailable`, `provider_rate_limited`, `provider_contract_broken`, `address_not_allowed`, `certificate_invalid`. No answer of
 * the provider is in its message.
 */
export interface TokenEndpoint {
  exchange(client: ClientAt, grant: CodeGrant): Promise<Tokens>;
  /** The tokens that were there, with what the answer replaced. */
  refresh(client: ClientAt, tokens: Tokens & { refreshToken: string }): Promise<Tokens>;
  /** Has the provider forget a token (RFC 7009); here `tokenUrl` is where that is asked for. */
  revoke(client: ClientAt, token: string, kind: 'access_token' | 'refresh_token'): Promise<void>;
}

export function createTokenEndpoint(deps: {
  network: NetworkPolicy;
  now: () => Date;
  lookup?: NonNullable<HttpOptions['lookup']>;
}): TokenEndpoint {
  const { network, now } = deps;

  const ask = (client: ClientAt, send: (at: Request) => Promise<Response>): Promise<Answer> =>
    talk(client, fetchThrough, async (at) =>
      oauth.processRefreshTokenResponse(at.server, at.known, await send(at)),
    );

  async function talk<T>(
    client: ClientAt,
    through: typeof fetchThrough,
    speak: (at: Request) => Promise<T>,
  ): Promise<T> {
    const host = new URL(client.tokenUrl).host;
    const http = createHttp({
      network,
      onRequest: () => undefined,
      ...(deps.lookup && { lookup: deps.lookup }),
    });
    // Without discovery nobody names an issuer; the library wants one for what we do not use (OpenID Connect).
    // It speaks of https alone; `fetchThrough` asks the address itself, and decides on http as the deployment says.
    const secure = Object.assign(new URL(client.tokenUrl), { protocol: 'https:' });
    const server = {
      issuer: secure.origin,
      token_endpoint: secure.href,
      revocation_endpoint: secure.href,
    };
    const options = { [oauth.customFetch]: through(http, new URL(client.tokenUrl), network, now) };
    const known = { client_id: client.clientId };
    try {
      return await speak({ server, known, secret: oauth.ClientSecretPost(client.clientSecret), options });
    } catch (error) {
      throw asFailure(error, host);
    } finally {
      await http.close();
    }
  }

  return {
    async exchange(client, { code, verifier, redirectUri }) {
      const answer = await ask(client, ({ server, known, secret, options }) => {
        // The state was checked when the person came back: it led to the log-in that this code belongs to.
        const back = oauth.validateAuthResponse(
          server,
          known,
          new URLSearchParams({ code }),
          oauth.expectNoState,
        );
        return oauth.authorizationCodeGrantRequest(
          server,
          known,
          secret,
          back,
          redirectUri,
          verifier,
          options,
        );
      });
      return tokensOf(client, answer, now().getTime());
    },
    async refresh(client, tokens) {
      const answer = await ask(client, ({ server, known, secret, options }) =>
        oauth.refreshTokenGrantRequest(server, known, secret, tokens.refreshToken, options),
      );
      const { refreshToken, scope } = tokens;
      const kept = { refreshToken, ...(scope === undefined ? {} : { scope }) };
      // A provider that does not rotate sends no refresh token: the old one stays good.
      return { ...kept, ...tokensOf(client, answer, now().getTime()) };
    },
    async revoke(client, token, kind) {
      await talk(client, fetchPlainly, async ({ server, known, secret, options }) => {
        const more = { ...options, additionalParameters: { token_type_hint: kind } };
        await oauth.processRevocationResponse(
          await oauth.revocationRequest(server, known, secret, token, more),
        );
      });
    },
  };
}

interface Request {
  server: oauth.AuthorizationServer;
  known: oauth.Client;
  secret: oauth.ClientAuth;
  options: oauth.TokenEndpointRequestOptions;
}

type Answer = oauth.TokenEndpointResponse;

function tokensOf({ tokenUrl, clientId }: ClientAt, answer: Answer, now: number): Tokens {
  const { access_token, refresh_token, expires_in, scope } = answer;
  return {
    accessToken: access_token,
    obtainedAt: now,
    tokenUrl,
    clientId,
    ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
    ...(expires_in === undefined ? {} : { expiresAt: now + expires_in * 1_000 }),
    ...(scope === undefined ? {} : { scope }),
  };
}

type Fetch = (url: string, options: oauth.CustomFetchOptions<'POST', URLSearchParams>) => Promise<Response>;

type Fetches = (http: Http, url: URL, network: NetworkPolicy, now: () => Date) => Fetch;

/** As the library's `fetch`: what it gets to see is JSON, or it is a failure already. */
const fetchThrough: Fetches = fetching(judged);

/** Of an answer without a body that matters. */
const fetchPlainly: Fetches = fetching(({ status, headers }, host, now) => {
  if (status >= 300) throw failureOfStatus(status, headers, host, now);
  return new Response(null, { status: 200 });
});

function fetching(judge: typeof judged): Fetches {
  return (http, url, network, now) =>
    async (_secure, { method, headers, body }) => {
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && network.allowPrivate))
        throw insecure(url.host);
      const answer = await http.request({
        method,
        url,
        headers,
        body: body.toString(),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MOST_BYTES,
        expect: 'json',
        // All of them are judged here: no redirect is followed, and nothing is sent again.
        accept: EVERY_STATUS,
      });
      return judge(answer, url.host, now().getTime());
    };
}

const EVERY_STATUS = Array.from({ length: 300 }, (_, index) => 300 + index);

function judged({ status, headers, text }: HttpAnswer, host: string, now: number): Response {
  if (status >= 300 && status < 400) {
    throw new ProviderFailure(
      'provider_contract_broken',
      `${host} redirects requests for tokens (${status}), which is not followed, so that secrets stay with the host they were entered for. ` +
        'Nothing was changed. Check tokenUrl in the settings.',
    );
  }
  if (status >= 500 || status === 429 || status === 408) throw failureOfStatus(status, headers, host, now);
  const body = jsonObject(text);
  if (body === null) {
    if (status === 401 || status === 403) throw clientRefused(host);
    throw new ProviderFailure(
      'provider_contract_broken',
      `${host} did not answer a request for tokens as OAuth 2 says (${status}, no JSON object). Nothing was changed. Check tokenUrl in the settings.`,
    );
  }
  // Some say 200 and mean an error (GitHub, "Troubleshooting OAuth app access token request errors").
  const good = status < 300 && typeof body['error'] !== 'string';
  const { id_token: _unused, ...rest } = body;
  return new Response(JSON.stringify(rest), {
    status: good ? 200 : Math.max(status, 400),
    headers: { 'content-type': 'application/json' },
  });
}

function insecure(host: string): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `The tokenUrl at ${host} does not begin with https://, so no secret was sent to it. Correct it in the settings.`,
  );
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The library's errors carry what the provider sent, tokens among it: nothing of them goes on. */
function asFailure(error: unknown, host: string): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (error instanceof oauth.ResponseBodyError) return refused(error.error, host);
  return new ProviderFailure(
    'provider_contract_broken',
    `${host} did not answer a request for tokens as OAuth 2 says. Nothing was changed. Check tokenUrl in the settings (it must begin with https://).`,
  );
}

/** RFC 6749 §5.2, and what GitHub says in its place. */
function refused(error: string, host: string): ProviderFailure {
  switch (error) {
    case 'invalid_grant':
    case 'bad_refresh_token':
    case 'bad_verification_code':
      return new ProviderFailure('token_revoked', `${host} does not accept this log-in (any more).`);
    case 'invalid_client':
    case 'unauthorized_client':
    case 'incorrect_client_credentials':
      return clientRefused(host);
    case 'temporarily_unavailable':
    case 'server_error':
      return new ProviderFailure(
        'provider_unavailable',
        `${host} cannot give out tokens right now. It is tried again.`,
      );
    case 'slow_down':
      return new ProviderFailure(
        'provider_rate_limited',
        `${host} asks for fewer requests. It goes on after a pause.`,
      );
    default:
      return new ProviderFailure(
        'credentials_rejected',
        `${host} refused a request for tokens (${plain(error)}). Check clientId and the addresses in the settings, enter clientSecret again, then log in again: POST /v1/apps/{appId}/connect.`,
      );
  }
}

function clientRefused(host: string): ProviderFailure {
  return new ProviderFailure(
    'credentials_rejected',
    `${host} does not accept the client id or its secret. Check clientId in the settings and enter clientSecret again (PUT /v1/apps/{appId}/credentials).`,
  );
}

/** An error code as the standards write them; anything else may be anything. */
function plain(error: string): string {
  return /^[a-z_]{1,60}$/.test(error) ? error : 'an error it does not name properly';
}
