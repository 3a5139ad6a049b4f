import type { RequestListener } from 'node:http';
import { createTokenEndpoint, type TokenEndpoint } from '../../activities/connections/token-endpoint.js';
import { bodyOf, serve, type LocalServer } from '../providers/local-server.js';

const NOW = new Date('2026-05-01T10:00:00.000Z');
const SECRET = 'canary-client-secret';
const REFRESH = 'canary-refresh-token';
const OLD = { accessToken: 'old', refreshToken: REFRESH, obtainedAt: 0, tokenUrl: '', clientId: 'sluice' };
const GRANT = {
  ...{ code: 'canary-code', verifier: `canary-verifier-${'x'.repeat(40)}` },
  redirectUri: 'https://sluice.example/oauth/callback',
};

describe('the token endpoint', () => {
  const open: LocalServer[] = [];
  const bodies: string[] = [];
  let endpoint: TokenEndpoint;
  beforeEach(() => {
    bodies.length = 0;
    endpoint = make(true);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  const make = (allowPrivate: boolean): TokenEndpoint =>
    createTokenEndpoint({
      network: { allowPrivate, requestTimeoutMs: 1_000, maxResponseBytes: 1_000_000 },
      now: () => NOW,
    });
  /** Answers everything so, and keeps what it was sent. */
  async function server(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    return listening((request, response) => {
      void bodyOf(request).then((text) => {
        bodies.push(text);
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
      });
    });
  }
  async function listening(listener: RequestListener): Promise<string> {
    const made = await serve(listener);
    open.push(made);
    return `${made.url}/token`;
  }
  const client = (tokenUrl: string) => ({ tokenUrl, clientId: 'sluice', clientSecret: SECRET });
  const refresh = (tokenUrl: string) => endpoint.refresh(client(tokenUrl), { ...OLD, tokenUrl });
  const failure = async (work: Promise<unknown>): Promise<{ code: string; message: string }> => {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof Error) || !('code' in error)) throw new Error(`no failure: ${String(error)}`);
    for (const secret of [SECRET, REFRESH, GRANT.code, GRANT.verifier])
      expect(`${error.message} ${error.stack}`).not.toContain(secret);
    return { code: String(error.code), message: error.message };
  };

  it('trades a code with its verifier, and counts the time from now', async () => {
    const url = await server(
      200,
      '{"access_token":"a","token_type":"bearer","refresh_token":"r","expires_in":60}',
    );
    expect(await endpoint.exchange(client(url), GRANT)).toEqual({
      ...{ accessToken: 'a', refreshToken: 'r', tokenUrl: url, clientId: 'sluice' },
      ...{ obtainedAt: NOW.getTime(), expiresAt: NOW.getTime() + 60_000 },
    });
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      ...{ grant_type: 'authorization_code', code: GRANT.code, code_verifier: GRANT.verifier },
      ...{ redirect_uri: GRANT.redirectUri, client_id: 'sluice', client_secret: SECRET },
    });
  });

  it('takes a rotated refresh token, and keeps the old one where none comes', async () => {
    const rotated = await server(200, '{"access_token":"b","token_type":"Bearer","refresh_token":"new"}');
    expect(await refresh(rotated)).toMatchObject({ accessToken: 'b', refreshToken: 'new' });
    const kept = await server(200, '{"access_token":"c","token_type":"Bearer"}');
    expect(await refresh(kept)).toMatchObject({ accessToken: 'c', refreshToken: REFRESH });
  });

  it.each([
    [400, '{"error":"invalid_grant","error_description":"canary-refresh-token was used"}', 'token_revoked'],
    [200, '{"error":"bad_refresh_token"}', 'token_revoked'],
    [401, '{"error":"invalid_client"}', 'credentials_rejected'],
    [401, '', 'credentials_rejected'],
    [400, '{"error":"invalid_scope"}', 'credentials_rejected'],
    [400, '{"error":"canary-refresh-token"}', 'credentials_rejected'],
    [400, '{"error":"temporarily_unavailable"}', 'provider_unavailable'],
    [503, 'down', 'provider_unavailable'],
    [429, '', 'provider_rate_limited'],
    [404, 'not here', 'provider_contract_broken'],
    [200, '{"access_token":"canary-refresh-token"', 'provider_contract_broken'],
    [200, '{"ok":true}', 'provider_contract_broken'],
    [200, '[]', 'provider_contract_broken'],
  ])('calls %s %s a %s', async (status, body, code) => {
    expect((await failure(refresh(await server(status, body)))).code).toBe(code);
    expect(bodies).toHaveLength(1);
  });

  it('is not taken in by a web page with status 200', async () => {
    const url = await server(200, '<!doctype html><p>Log in', { 'content-type': 'text/html' });
    expect((await failure(refresh(url))).code).toBe('provider_contract_broken');
  });

  it('follows no redirect, so that no secret leaves its host', async () => {
    const elsewhere = await server(200, '{"access_token":"stolen","token_type":"bearer"}');
    for (const status of [302, 307, 308]) {
      const url = await server(status, '', { location: elsewhere });
      bodies.length = 0;
      expect((await failure(endpoint.exchange(client(url), GRANT))).code).toBe('provider_contract_broken');
      expect(bodies).toHaveLength(1);
    }
  });

  it('goes to no private address and to none without TLS where the deployment does not allow it', async () => {
    const url = await server(200, '{"access_token":"a","token_type":"bearer"}');
    endpoint = make(false);
    expect((await failure(refresh(url))).code).toBe('provider_contract_broken');
    const secure = url.replace('http:', 'https:');
    expect((await failure(refresh(secure))).code).toBe('address_not_allowed');
    expect((await failure(refresh('https://169.254.169.254/token'))).code).toBe('address_not_allowed');
    expect(bodies).toEqual([]);
  });

  it('sends nothing twice when the answer is cut off', async () => {
    let asked = 0;
    const url = await listening((request) => {
      asked += 1;
      request.socket.destroy();
    });
    expect((await failure(refresh(url))).code).toBe('provider_unavailable');
    expect(asked).toBe(1);
  });

  it('gives a token back, also where the answer is empty', async () => {
    const url = await server(200, '');
    await endpoint.revoke(client(url), REFRESH, 'refresh_token');
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toEqual({
      ...{ token: REFRESH, token_type_hint: 'refresh_token' },
      ...{ client_id: 'sluice', client_secret: SECRET },
    });
    expect(
      (await failure(endpoint.revoke(client(await server(503, '')), REFRESH, 'refresh_token'))).code,
    ).toBe('provider_unavailable');
  });
});
