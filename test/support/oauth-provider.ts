import { z } from 'zod';
import { createHttp } from '../../activities/providers/http.js';
import {
  ProviderFailure,
  type OAuthAccess,
  type OpenConnection,
  type Provider,
  type Session,
} from '../../activities/providers/provider.js';
import { scriptedProvider, type ScriptedProvider } from './scripted-provider.js';

const settings = z.strictObject({ url: z.url(), clientId: z.string().optional() });

/** Its pages are a test's; who asks for them is told from a real token at a real server. */
export function oauthProvider(): ScriptedProvider {
  const { provider, script } = scriptedProvider({ id: 'oauthed', auth: ['oauth2', 'api_key'] });
  const at = (of: Record<string, unknown>, path: string): string => `${String(of['url'])}${path}`;
  const logging: Provider = {
    ...provider,
    name: 'Oauthed',
    actions: { import: true, sync: true },
    settings,
    addressSettings: ['url', 'clientId'],
    credentials: z.union([
      z.strictObject({ clientSecret: z.string().min(1) }),
      z.strictObject({ apiKey: z.string().min(1) }),
    ]),
    oauth: {
      authorizeUrl: (of) => at(of, '/authorize?audience=people'),
      tokenUrl: (of) => at(of, '/token'),
      revokeUrl: (of) => at(of, '/revoke'),
      clientId: (of) => settings.parse(of).clientId,
      scopes: ['read', 'write'],
      scopeSeparator: ',',
      authorizeParameters: { prompt: 'consent' },
    },
    async open(connection) {
      const session = await provider.open(connection);
      const whose = (signal: AbortSignal) => askWhose(connection, signal);
      return {
        ...session,
        async identity(signal) {
          const account = await whose(signal);
          return { ...(await session.identity(signal)), account };
        },
        async *read(object, from, signal) {
          for await (const page of session.read(object, from, signal)) {
            await whose(signal);
            yield page;
          }
        },
      } satisfies Session;
    },
  };
  return { provider: logging, script };
}

async function askWhose(
  connection: OpenConnection,
  signal: AbortSignal,
): Promise<{ id: string; name: string }> {
  const { url } = settings.parse(connection.settings);
  const http = createHttp({ network: connection.network, onRequest: () => undefined });
  const ask = async (credentials: unknown) => {
    const { accessToken } = z.object({ accessToken: z.string() }).parse(credentials) satisfies OAuthAccess;
    const headers = { authorization: `Bearer ${accessToken}` };
    const answer = await http.request({
      ...{ method: 'GET', url: new URL(`${url}/userinfo`), headers, signal },
      ...{ expect: 'json', accept: [401] },
    });
    return { accessToken, answer };
  };
  try {
    let { accessToken, answer } = await ask(await connection.credentials());
    if (answer.status === 401)
      ({ accessToken, answer } = await ask(await connection.credentials({ accessToken })));
    if (answer.status === 401) throw new ProviderFailure('token_revoked', 'The token is not accepted.');
    const { sub, name } = z.object({ sub: z.string(), name: z.string() }).parse(JSON.parse(answer.text));
    return { id: sub, name };
  } finally {
    await http.close();
  }
}
