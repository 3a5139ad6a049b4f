import type { Session } from '../../../activities/providers/provider.js';
import { fakeLinear, issue, refusal, type FakeLinear } from './fake-linear.js';
import { failureOf, idsOf, issues, never, opener, readAll, sinceOf, type Open } from './open.js';

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

  it('one that is too large is there, in trouble, and takes no other with it', async () => {
    fake.lists.issues = [issue('i1'), issue('giant', { description: 'x'.repeat(300_000) }), issue('i3')];
    const found = await (await open()).get('tasks', ['i1', 'giant', 'i3', 'none'], never);
    expect(found.map(({ externalId, trouble }) => [externalId, trouble?.code])).toEqual([
      ['i1', undefined],
      ['giant', 'too_large'],
      ['i3', undefined],
    ]);
  });

  it('an address that is no web address is not shown', async () => {
    fake.lists.issues = [issue('i1', { url: 'javascript:alert(1)' })];
    const session = await open();
    await session.get('tasks', ['i1'], never);
    expect(session.urlOf?.('tasks', 'i1')).toBeUndefined();
  });
});

describe('counting', () => {
  it('leaves out the trash and other teams, and asks for no more than it needs', async () => {
    fake.lists.teams = [{ id: 't1', key: 'ENG', name: 'Engineering' }];
    const gone = { trashed: true, archivedAt: '2026-02-01T00:00:00.000Z' };
    fake.lists.issues = [...issues(260), issue('x', gone), issue('y', { team: { id: 't2', key: 'OPS' } })];
    expect(await (await open()).total?.('tasks', never)).toBe(261);
    expect(fake.asked.filter(({ query }) => query.includes('title'))).toEqual([]);
    expect(await (await open({}, { team: 'ENG' })).total?.('tasks', never)).toBe(260);
  });

  it('says nothing of a list that is too long to count', async () => {
    fake.lists.issues = issues(5_001);
    expect(await (await open()).total?.('tasks', never)).toBeUndefined();
    expect(fake.asked).toHaveLength(20);
  });
});
