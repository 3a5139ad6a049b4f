import { NotLoggedIn } from '../../../activities/connections/not-logged-in.js';
import { linearProvider } from '../../../activities/providers/linear/provider.js';
import {
  ProviderFailure,
  type OpenConnection,
  type Session,
  type Since,
  type SourcePage,
} from '../../../activities/providers/provider.js';
import { fakeLinear, issue, listOf, refusal, type FakeLinear } from './fake-linear.js';

const KEY = 'lin_api_canary_of_ann';
const never = new AbortController().signal;

let fake: FakeLinear;
let sessions: Session[];
beforeEach(async () => {
  fake = await fakeLinear();
  sessions = [];
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await fake.close();
});

async function open(
  more: Partial<OpenConnection> = {},
  settings: Record<string, unknown> = {},
): Promise<Session> {
  const session = await linearProvider.open({
    ...{ workspaceId: 'w1', appId: 'a1', settings: { apiUrl: fake.url, ...settings } },
    credentials: async () => ({ apiKey: KEY }),
    mapping: { objects: {}, owners: {}, statuses: {} },
    network: { allowPrivate: true, requestTimeoutMs: 10_000, maxResponseBytes: 200_000 },
    onRequest: () => undefined,
    ...more,
  });
  sessions.push(session);
  return session;
}

async function readAll(session: Session, from?: string | Since): Promise<SourcePage[]> {
  const pages: SourcePage[] = [];
  for await (const page of session.read('tasks', from, never)) pages.push(page);
  return pages;
}

const idsOf = (pages: readonly SourcePage[]): string[] =>
  pages.flatMap(({ records }) => records.map(({ externalId }) => externalId));

function sinceOf(pages: readonly SourcePage[]): Since {
  return { bookmark: pages.at(-1)?.bookmark ?? '' };
}

async function failureOf(work: Promise<unknown>): Promise<ProviderFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ProviderFailure) return error;
  throw new Error(`No failure of the provider: ${String(error)}`);
}

const issues = (count: number) =>
  Array.from({ length: count }, (_, n) => issue(`i${String(n).padStart(4, '0')}`));

describe('credentials', () => {
  it('a personal key goes as it is, a token of a log-in as Bearer', async () => {
    await (await open()).identity(never);
    await (await open({ credentials: async () => ({ accessToken: 'token-of-ann' }) })).identity(never);
    const sent = [...new Set(fake.asked.map(({ authorization }) => authorization))];
    expect(sent).toEqual([KEY, 'Bearer token-of-ann']);
  });

  it.each([
    ['401', { status: 401, body: { message: 'Expired.' } }],
    ['a GraphQL error with 400', refusal('Not authenticated', { code: 'AUTHENTICATION_ERROR' })],
    ['a GraphQL error with 200', { ...refusal('x', { type: 'authentication error' }), status: 200 }],
  ])('a token refused by %s is renewed once, and the question repeated', async (_, reply) => {
    fake.lists.issues = issues(3);
    fake.on = ({ authorization }) => (authorization === 'Bearer new' ? undefined : reply);
    const refused: unknown[] = [];
    const credentials = async (rejected?: { accessToken: string }) => {
      if (rejected) refused.push(rejected.accessToken);
      return { accessToken: rejected ? 'new' : 'old-canary' };
    };
    expect(idsOf(await readAll(await open({ credentials })))).toHaveLength(3);
    expect(refused).toEqual(['old-canary']);

    fake.on = () => reply;
    const failure = await failureOf(readAll(await open({ credentials })));
    expect(failure.code).toBe('credentials_rejected');
    expect(failure.message).not.toContain('canary');
  });

  it('what the connection says of a log-in reaches the caller as it is', async () => {
    const credentials = () => Promise.reject(new NotLoggedIn());
    await expect((await open({ credentials })).identity(never)).rejects.toBeInstanceOf(NotLoggedIn);
  });

  it('a permission that one object lacks is told of that object alone', async () => {
    fake.on = (asked) =>
      !asked.query.includes('viewer') && listOf(asked) === 'projects'
        ? refusal('You do not have access', { code: 'FORBIDDEN' })
        : undefined;
    const { account, objects } = await (await open()).identity(never);
    expect(account).toEqual({ id: 'org-1', name: 'Ann Ltd' });
    const granted = objects.map(({ object, granted, why }) => [object, granted, why !== undefined]);
    expect(granted).toEqual([
      ['projects', false, true],
      ['tasks', true, false],
    ]);
  });

  it('a permission withdrawn while reading is not a broken provider', async () => {
    fake.on = () => refusal('Missing required Linear scope: read');
    expect((await failureOf(readAll(await open()))).code).toBe('permission_missing');
  });
});

describe('answers that are none', () => {
  it.each([
    ['with 400', 400],
    ['with 200', 200],
  ])('a limit told %s says when to go on', async (_, status) => {
    const reset = Date.now() + 1_800_000;
    const headers = { 'x-ratelimit-requests-remaining': '0', 'x-ratelimit-requests-reset': String(reset) };
    const limits = {
      ...headers,
      'x-ratelimit-complexity-remaining': '9',
      'x-ratelimit-complexity-reset': '1',
    };
    fake.on = () => ({ ...refusal('Rate limit exceeded', { code: 'RATELIMITED' }), status, headers: limits });
    const { code, retryAt } = await failureOf(readAll(await open()));
    expect([code, retryAt?.getTime()]).toEqual(['provider_rate_limited', reset]);
  });

  it('a web page is no data', async () => {
    fake.on = () => ({
      body: '<!doctype html><title>Log in</title>',
      headers: { 'content-type': 'text/html' },
    });
    expect((await failureOf(readAll(await open()))).code).toBe('provider_contract_broken');
  });

  it('half an answer is asked for again', async () => {
    fake.lists.issues = issues(2);
    let left = 1;
    fake.on = () => (left-- > 0 ? { body: '{"data":{"issues":{"nodes":[{"id":"i' } : undefined);
    expect(idsOf(await readAll(await open()))).toHaveLength(2);
  });

  it.each([
    ['nothing', {}],
    ['data without the list', { data: {} }],
    ['a null', { data: null }],
    ['a next page without a cursor', { data: { issues: { nodes: [], pageInfo: { hasNextPage: true } } } }],
    [
      'a record without an id',
      { data: { issues: { nodes: [{ title: 'x' }], pageInfo: { hasNextPage: false } } } },
    ],
  ])('%s is no answer', async (_, body) => {
    fake.on = () => ({ body });
    expect((await failureOf(readAll(await open()))).code).toBe('provider_contract_broken');
  });

  it('a cursor that comes back ends the reading', async () => {
    fake.lists.issues = issues(200);
    const loop = (endCursor: string) => ({
      body: { data: { issues: { nodes: issues(3), pageInfo: { hasNextPage: true, endCursor } } } },
    });
    fake.on = () => loop('same');
    expect((await failureOf(readAll(await open()))).code).toBe('provider_cursor_loop');
    let turn = 0;
    fake.on = () => loop(['a', 'b', 'c'][turn++ % 3] ?? '');
    expect((await failureOf(readAll(await open()))).code).toBe('provider_cursor_loop');
  });
});

describe('pages', () => {
  it('are made smaller where they cost too much, and larger again', async () => {
    fake.lists.issues = issues(400);
    fake.on = ({ variables }) =>
      Number(variables['first']) > 100 ? refusal('Query too complex', { code: 'INPUT_ERROR' }) : undefined;
    expect(new Set(idsOf(await readAll(await open()))).size).toBe(400);
    const refused = fake.asked.filter(({ variables }) => Number(variables['first']) > 100).length;
    expect(refused).toBeLessThanOrEqual(4);
  });

  it('leave out one giant record, as a problem of its own', async () => {
    fake.lists.issues = issues(60);
    fake.lists.issues[20] = issue('giant', { description: 'x'.repeat(300_000) });
    fake.on = ({ query }) => {
      if (query.includes('description')) return undefined;
      // A real server sends only what it is asked for.
      const small = fake.lists.issues.map(({ id, updatedAt }) => ({ id, updatedAt }));
      const at = small.findIndex(({ id }) => id === 'giant');
      return {
        body: {
          data: { issues: { nodes: [small[at]], pageInfo: { hasNextPage: true, endCursor: 'giant' } } },
        },
      };
    };
    const records = (await readAll(await open())).flatMap((page) => page.records);
    expect(records).toHaveLength(60);
    const [giant, ...others] = records.filter(({ trouble }) => trouble !== undefined);
    expect([giant?.externalId, giant?.trouble?.code, others]).toEqual(['giant', 'too_large', []]);
  });

  it('hand on every digit', async () => {
    fake.on = () => ({
      body: '{"data":{"issues":{"nodes":[{"id":"i1","estimate":12345678901234567890.5}],"pageInfo":{"hasNextPage":false}}}}',
    });
    const [page] = await readAll(await open());
    expect(String((page?.records[0]?.data as { estimate: unknown }).estimate)).toBe('12345678901234567890.5');
  });

  it('bring all labels of an issue that has many', async () => {
    const names = Array.from({ length: 45 }, (_, n) => ({ name: `l${n}` }));
    const part = (count: number) => ({ nodes: names.slice(0, count), pageInfo: { hasNextPage: count < 45 } });
    fake.lists.issues = [issue('i1', { labels: part(20) }), issue('i2')];
    fake.on = ({ query }) =>
      /\bissue\(/.test(query) ? { body: { data: { issue: { id: 'i1', labels: part(45) } } } } : undefined;
    const [page] = await readAll(await open());
    const { labels } = page?.records[0]?.data as { labels: { nodes: unknown[] } };
    expect(labels.nodes).toEqual(names);
  });
});

describe('changes', () => {
  it('are asked for by time, with the trash as deletions, and never pass for a listing', async () => {
    fake.lists.issues = [...issues(120), issue('trashed', { trashed: true, archivedAt: '2026-01-01' })];
    const first = await readAll(await open());
    expect(idsOf(first)).toHaveLength(120);
    expect(first.at(-1)?.complete).toBe(true);

    const now = new Date().toISOString();
    fake.lists.issues[5] = issue('i0005', { title: 'Renamed', updatedAt: now });
    fake.lists.issues[7] = issue('i0007', { trashed: true, archivedAt: now, updatedAt: now });
    fake.lists.issues[9] = issue('i0009', { archivedAt: now, updatedAt: now });
    const changes = await readAll(await open(), sinceOf(first));
    const told = changes.flatMap((page) => page.records).map((record) => [record.externalId, record.deleted]);
    expect(told).toEqual([
      ['i0005', undefined],
      ['i0007', true],
      ['i0009', undefined],
    ]);
    expect(changes.at(-1)?.complete).toBeUndefined();
    // The overlap asks for them again; they are not told again.
    expect(idsOf(await readAll(await open(), sinceOf(changes)))).toEqual([]);
    fake.lists.issues[5] = issue('i0005', { updatedAt: new Date(Date.now() + 1).toISOString() });
    expect(idsOf(await readAll(await open(), sinceOf(changes)))).toEqual(['i0005']);
  });

  it('begin at the earlier of two clocks', async () => {
    fake.lists.issues = issues(1);
    fake.clock = new Date(Date.now() + 86_400_000);
    const first = await readAll(await open());
    fake.lists.issues[0] = issue('i0000', { updatedAt: new Date().toISOString() });
    expect(idsOf(await readAll(await open(), sinceOf(first)))).toEqual(['i0000']);
  });

  it('come as a full listing from a server that cannot tell them', async () => {
    fake.lists.issues = issues(70);
    const first = await readAll(await open());
    fake.on = ({ query, variables }) =>
      JSON.stringify([query, variables]).includes('gte')
        ? refusal('Field "updatedAt" is not defined by type "IssueFilter".')
        : undefined;
    const again = await readAll(await open(), sinceOf(first));
    expect(idsOf(again)).toHaveLength(70);
    expect(again.at(-1)?.complete).toBe(true);
  });

  it('of one team are not those of another', async () => {
    fake.lists.teams = [
      { id: 't1', key: 'ENG', name: 'Engineering' },
      { id: 't2', key: 'OPS', name: 'Operations' },
    ];
    fake.lists.issues = [issue('i1'), issue('i2', { team: { id: 't2', key: 'OPS' } })];
    const first = await readAll(await open({}, { team: 'eng' }));
    expect(idsOf(first)).toEqual(['i1']);
    expect((await failureOf(readAll(await open({}, { team: 'OPS' }), sinceOf(first)))).code).toBe(
      'cursor_expired',
    );
    const { code, message } = await failureOf((await open({}, { team: 'Nobody' })).identity(never));
    expect([code, message.includes('Nobody')]).toEqual(['provider_object_gone', true]);
  });
});

describe('schemas that lack something', () => {
  it('are asked without it, and are not asked twice', async () => {
    fake.lists.issues = issues(120);
    const lacks: [RegExp, string][] = [
      [/parent/, 'Cannot query field "parent" on type "Issue".'],
      [/trashed/, 'Cannot query field "trashed" on type "Issue". Did you mean "startedAt"?'],
      [/includeArchived/, 'Unknown argument "includeArchived" on field "Query.issues".'],
    ];
    fake.on = ({ query }) => {
      const errors = lacks.filter(([part]) => part.test(query)).map(([, message]) => ({ message }));
      return errors.length > 0 ? { status: 400, body: { errors } } : undefined;
    };
    expect(idsOf(await readAll(await open()))).toHaveLength(120);
    expect(fake.asked).toHaveLength(3);
  });

  it('that lack what is needed are told as such', async () => {
    fake.on = () => refusal('Cannot query field "title" on type "Issue".');
    expect((await failureOf(readAll(await open()))).code).toBe('provider_contract_broken');
    expect(fake.asked).toHaveLength(1);
  });
});

describe('single records', () => {
  it('are found by id, archived ones too, what is in the trash not', async () => {
    const archivedAt = '2026-02-01T00:00:00.000Z';
    fake.lists.issues = [
      issue('i1', { archivedAt }),
      issue('i2', { trashed: true, archivedAt }),
      issue('i3'),
    ];
    const session = await open();
    expect(session.urlOf?.('tasks', 'i1')).toBeUndefined();
    const found = await session.get('tasks', ['i1', 'i2', 'i3', 'none'], never);
    expect(found.map(({ externalId }) => externalId)).toEqual(['i1', 'i3']);
    expect(session.urlOf?.('tasks', 'i1')).toBe('https://linear.example/issue/i1');
  });

  it('an address that is no web address is not shown', async () => {
    fake.lists.issues = [issue('i1', { url: 'javascript:alert(1)' })];
    const session = await open();
    await session.get('tasks', ['i1'], never);
    expect(session.urlOf?.('tasks', 'i1')).toBeUndefined();
  });
});
