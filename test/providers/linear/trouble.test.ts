import { NotLoggedIn } from '../../../activities/connections/not-logged-in.js';
import type { Session } from '../../../activities/providers/provider.js';
import { fakeLinear, listOf, refusal, type FakeLinear } from './fake-linear.js';
import { failureOf, idsOf, issues, KEY, never, opener, readAll, type Open } from './open.js';

let fake: FakeLinear;
let open: Open;
let sessions: Session[];
beforeEach(async () => {
  fake = await fakeLinear();
  sessions = [];
  open = opener(fake, sessions);
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await fake.close();
});

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
