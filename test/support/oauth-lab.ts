import { randomUUID } from 'node:crypto';
import { OAuth2Server, type MutableResponse, type TokenRequestIncomingMessage } from 'oauth2-mock-server';

/** An OAuth 2 server of somebody else, and what it is to do wrong. */
export interface OAuthLab {
  /** `http://127.0.0.1:port`. */
  url: string;
  /** Grants that were asked for: `authorization_code`, `refresh_token`. */
  asked: string[];
  /** Everything secret that it gave out or was sent. */
  secrets: Set<string>;
  /** Tokens that it takes right now. */
  access: Set<string>;
  refresh: Set<string>;
  /** Tokens that were given back. */
  revoked: string[];
  account: { id: string; name: string };
  /** Seconds that an access token is said to live. */
  expiresIn: number;
  /** Refresh tokens are good for one use. */
  rotates: boolean;
  /** In place of the next answers to requests for tokens. */
  failing: ((response: MutableResponse) => void) | null;
  /** Forgets all tokens, as if somebody revoked them there. */
  forget(): void;
  /** Where the provider sends a person who logs in at this address. */
  visit(authorizationUrl: string): Promise<URL>;
  close(): Promise<void>;
}

export async function startOAuthLab(): Promise<OAuthLab> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  const { port } = server.address();
  const lab: OAuthLab = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    secrets: new Set(),
    access: new Set(),
    refresh: new Set(),
    revoked: [],
    account: { id: 'account-1', name: 'Ann Ltd' },
    expiresIn: 3_600,
    rotates: true,
    failing: null,
    forget() {
      lab.access.clear();
      lab.refresh.clear();
    },
    async visit(authorizationUrl) {
      const answer = await fetch(authorizationUrl, { redirect: 'manual' });
      const back = answer.headers.get('location');
      if (back === null) throw new Error(`the log-in page answered ${answer.status}`);
      const url = new URL(back);
      for (const name of ['code', 'state']) lab.secrets.add(url.searchParams.get(name) ?? randomUUID());
      return url;
    },
    close: () => server.stop(),
  };
  server.service.on('beforeResponse', (response: MutableResponse, req: TokenRequestIncomingMessage) =>
    answer(lab, response, req),
  );
  server.service.on('beforeUserinfo', (response: MutableResponse, req: TokenRequestIncomingMessage) => {
    const token = req.headers.authorization?.replace('Bearer ', '') ?? '';
    const known = lab.access.has(token);
    response.statusCode = known ? 200 : 401;
    const whose: Record<string, string> = { sub: lab.account.id, name: lab.account.name };
    response.body = known ? whose : { error: 'invalid_token' };
  });
  server.service.on('beforeRevoke', () => {
    lab.revoked.push('a token');
    lab.forget();
  });
  return lab;
}

function answer(lab: OAuthLab, response: MutableResponse, { body }: TokenRequestIncomingMessage): void {
  const asked = body as unknown as Record<string, string>;
  lab.asked.push(asked['grant_type'] ?? '');
  for (const name of ['client_secret', 'code_verifier', 'refresh_token'])
    if (asked[name]) lab.secrets.add(asked[name]);
  if (lab.failing) return lab.failing(response);
  const refreshing = asked['grant_type'] === 'refresh_token';
  const used = asked['refresh_token'] ?? '';
  if (refreshing && !lab.refresh.has(used)) {
    response.statusCode = 400;
    response.body = { error: 'invalid_grant' };
    return;
  }
  if (refreshing && lab.rotates) lab.refresh.delete(used);
  const [access, refresh] = [`access-${randomUUID()}`, `refresh-${randomUUID()}`];
  lab.access.add(access);
  lab.secrets.add(access);
  const body_ = { access_token: access, token_type: 'Bearer', expires_in: lab.expiresIn, scope: 'read' };
  response.body = refreshing && !lab.rotates ? body_ : { ...body_, refresh_token: refresh };
  if (!refreshing || lab.rotates) {
    lab.refresh.add(refresh);
    lab.secrets.add(refresh);
  }
}
