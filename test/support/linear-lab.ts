import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../local/ports.js';
import { bodyOf, serve } from '../providers/local-server.js';

/** What is in the account when the lab starts; the emulator's own names (npm `emulate`). */
export interface LinearSeed {
  organization: { name: string; url_key: string };
  users: { id: string; email: string; name: string; admin?: boolean }[];
  teams: {
    id: string;
    key: string;
    name: string;
    states: { id: string; name: string; type: string; position: number }[];
  }[];
  projects: { id: string; name: string; description?: string; state?: string; team: string }[];
  issues: {
    id: string;
    team: string;
    title: string;
    description?: string;
    priority?: number;
    state?: string;
    assignee?: string;
    project?: string;
    due_date?: string;
  }[];
  oauth_apps?: {
    client_id: string;
    client_secret: string;
    name: string;
    redirect_uris: string[];
    scopes: string[];
  }[];
  tokens: { token: string; type: 'personal'; user: string; scopes: string[] }[];
}

export interface LinearLab {
  url: string;
  settings: { apiUrl: string; authorizeUrl: string; tokenUrl: string };
  /** A query or change with a token of the seed. Throws on errors. */
  ask(token: string, query: string, variables?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** As if the person took back what was granted to us: every token, of access and for renewal; or those of access ran out. */
  revokeGrants(only?: 'access'): Promise<void>;
  /** How often tokens were granted or renewed. */
  grants(): number;
  /** Logs a person in at the address of an authorization request; answers where the browser is sent. */
  logIn(authorizationUrl: string, email: string): Promise<URL>;
  stop(): Promise<void>;
}

/** Linear as npm `emulate` speaks it, in a process of its own on the loopback address. It ends with the process that started it. */
export async function startLinearLab(seed: LinearSeed): Promise<LinearLab> {
  const [port = 0] = await freePorts(1);
  const child = fork(fileURLToPath(new URL('linear-lab-child.mjs', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  });
  const ended = once(child, 'exit');
  child.send({ port, seed: { ...seed, strict_scopes: true } });
  await Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error('the Linear lab did not start'))),
  ]);
  const url = `http://127.0.0.1:${port}`;
  const tokens: Granted[] = [];
  let grants = 0;
  const desk = await tokenDesk(url, (granted) => {
    grants += 1;
    tokens.push(...granted);
  });
  return {
    url,
    settings: {
      apiUrl: `${url}/graphql`,
      authorizeUrl: `${url}/oauth/authorize`,
      tokenUrl: `${desk.url}/oauth/token`,
    },
    async ask(token, query, variables = {}) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: token },
        body: JSON.stringify({ query, variables }),
      });
      const said = (await answer.json()) as { data?: Record<string, unknown>; errors?: unknown };
      if (!said.data || said.errors) throw new Error(JSON.stringify(said));
      return said.data;
    },
    grants: () => grants,
    async revokeGrants(only) {
      const taken = tokens.filter(({ kind }) => only === undefined || kind === only);
      for (const { token } of taken) {
        await fetch(`${url}/oauth/revoke`, { method: 'POST', body: new URLSearchParams({ token }) });
      }
    },
    logIn: (authorizationUrl, email) => logIn(url, authorizationUrl, email),
    async stop() {
      if (child.connected) child.disconnect();
      await Promise.all([ended, desk.close()]);
    },
  };
}

/** The page has a form for each person; one of them is sent. */
async function logIn(url: string, authorizationUrl: string, email: string): Promise<URL> {
  const page = await (await fetch(authorizationUrl)).text();
  const form = page.split('<form').find((each) => each.includes(email));
  if (form === undefined) throw new Error(`the log-in page offers no ${email}`);
  const fields = [...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']): [string, string] => [
      name,
      value.replaceAll('&amp;', '&').replaceAll('&quot;', '"'),
    ],
  );
  const answer = await fetch(`${url}/oauth/authorize/callback`, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams(fields) },
  });
  const back = answer.headers.get('location');
  if (back === null) throw new Error(`the log-in page answered ${answer.status}`);
  return new URL(back);
}

interface Granted {
  kind: 'access' | 'refresh';
  token: string;
}

/** Hands requests for tokens on, and tells what was granted: the lab itself shows no token to anybody. */
function tokenDesk(url: string, granted: (tokens: Granted[]) => void): ReturnType<typeof serve> {
  return serve((request, response) => {
    void (async () => {
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const answer = await fetch(`${url}${request.url ?? ''}`, {
        ...{ method: 'POST', headers, body: await bodyOf(request) },
      });
      const text = await answer.text();
      const found = [...text.matchAll(/"(access|refresh)_token":"([^"]+)"/g)];
      if (found.length > 0)
        granted(found.map(([, kind, token = '']) => ({ kind: kind as Granted['kind'], token })));
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    })();
  });
}
