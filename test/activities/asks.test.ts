import { ProviderFailure } from '../../activities/providers/provider.js';
import { filesProvider } from '../../activities/providers/files/provider.js';
import type { FileDoc } from '../../activities/store/documents.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { putFile } from '../support/house-files.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

describe('a check of the connection', () => {
  async function checked(prepare: (it: ReturnType<typeof scriptedProvider>['script']) => void, changes = {}) {
    const { provider, script } = scriptedProvider();
    const pending = { status: 'pending' as const, account: null, checkedAt: null, problems: [] };
    const app = await house.install(provider, { connection: pending, ...changes });
    prepare(script);
    const answer = await house.ask({ about: 'check', workspaceId: app.workspaceId, appId: app.appId });
    const { result } = answer as { result: Record<string, unknown> };
    expect(script.openSessions).toBe(0);
    return { result, connection: (await house.store.apps.get(app.workspaceId, app.appId))?.connection };
  }

  it('that succeeds makes the app ready and remembers the account', async () => {
    const { result, connection } = await checked((script) => (script.totals = { contacts: 12 }));
    const account = { id: 'scripted-account', name: 'Scripted Ltd' };
    expect(result).toMatchObject({ status: 'ready', account, problems: [] });
    expect(result['objects']).toContainEqual({ object: 'contacts', granted: true, total: 12 });
    expect(connection).toMatchObject({ status: 'ready', account, problems: [] });
    expect(connection?.checkedAt).not.toBeNull();
  });

  it('that finds another account keeps the first one', async () => {
    const account = { id: 'first', name: 'First Ltd' };
    const { result, connection } = await checked(() => undefined, {
      connection: { status: 'ready', account, checkedAt: null, problems: [] },
    });
    expect(result).toMatchObject({ status: 'needs_attention', problems: [{ code: 'account_changed' }] });
    expect(connection).toMatchObject({ status: 'needs_attention', account });
  });

  it('that finds an object of the scope refused says which; the others can be moved', async () => {
    const { result, connection } = await checked(
      (script) => (script.refused = { deals: 'no such role', tasks: 'not in the scope' }),
      { scope: ['contacts', 'deals'] },
    );
    expect(result).toMatchObject({ status: 'ready', problems: [{ code: 'permission_missing' }] });
    expect(result['problems']).toHaveLength(1);
    expect(connection?.problems[0]?.message).toContain('may not read deals (no such role)');
  });

  it('that finds the whole scope refused needs attention', async () => {
    const { result, connection } = await checked(
      (script) => (script.refused = { contacts: 'no', deals: 'no' }),
      { scope: ['contacts', 'deals'] },
    );
    expect(result).toMatchObject({ status: 'needs_attention' });
    expect(result['problems']).toHaveLength(2);
    expect(connection?.status).toBe('needs_attention');
  });

  it.each([
    [
      new ProviderFailure('credentials_rejected', 'Wrong password.'),
      'credentials_rejected',
      'Wrong password.',
    ],
    [new TypeError('canary'), 'bug', 'an error that it does not know'],
  ])('that fails is an answer: %s', async (error, code, words) => {
    const { result, connection } = await checked((script) => {
      script.account = () => {
        throw error;
      };
    });
    expect(result).toMatchObject({ status: 'needs_attention', account: null, objects: [] });
    expect(connection?.problems).toEqual([{ code, message: expect.stringContaining(words) as string }]);
    expect(JSON.stringify(connection)).not.toContain('canary');
  });

  it('is known to have begun while the provider is still silent', async () => {
    const { provider, script } = scriptedProvider();
    const { workspaceId, appId } = await house.install(provider);
    const answerId = house.deps.newId();
    let begun = false;
    script.account = () => {
      begun = true;
      return { id: 'a', name: 'A' };
    };
    const answers = {
      ...house.store.answers,
      begin: async (id: string) => {
        expect({ id, begun }).toEqual({ id: answerId, begun: false });
        await house.store.answers.begin(id);
      },
    };
    const deps = { store: { ...house.store, answers } };
    await house.run('answerAsk', { answerId, ask: { about: 'check', workspaceId, appId } }, { deps });
    expect(begun).toBe(true);
    expect(await house.store.answers.begun(answerId)).toBe(true);
  });

  it('of an app that was uninstalled meanwhile is an answer', async () => {
    const { provider } = scriptedProvider();
    const { workspaceId, appId } = await house.install(provider, { removedAt: '2026-01-01T00:00:00.000Z' });
    expect(await house.ask({ about: 'check', workspaceId, appId })).toMatchObject({
      error: { code: 'superseded' },
    });
  });
});

describe('an inspection', () => {
  const inspect = async ({ workspaceId, appId, fileId }: FileDoc): Promise<FileDoc> => {
    await house.ask({ about: 'inspect', workspaceId, appId, fileId });
    return must(await house.store.files.get(workspaceId, appId, fileId));
  };
  async function chunks({ workspaceId, appId, fileId }: FileDoc): Promise<unknown[]> {
    const found = [];
    const never = new AbortController().signal;
    for await (const chunk of house.store.files.chunks(workspaceId, appId, fileId, 0, never))
      found.push(chunk);
    return found;
  }

  it('reads the file once, whatever is left of an earlier try', async () => {
    const app = await house.install(filesProvider);
    const file = await putFile(house, app, 'Id,Name\n1,Ann\n2,Bob\n');
    const left = { seq: 1, rows: [{ line: 2, data: { Id: '9' } }] };
    await house.store.files.putChunk(app.workspaceId, app.appId, file.fileId, left);
    const read = await inspect(file);
    expect(read).toMatchObject({ inspection: 'done', error: null, result: { rows: 2 } });
    const kept = await chunks(file);
    expect(kept).toHaveLength(1);
    expect(await inspect(file)).toEqual(read);
    expect(await chunks(file)).toEqual(kept);
  });

  it('of a file that cannot be read says why, and is not tried again', async () => {
    const app = await house.install(filesProvider);
    const file = await putFile(house, app, '');
    const read = await inspect(file);
    expect(read).toMatchObject({ inspection: 'failed', result: null });
    expect(read.error?.message).not.toBe('');
    expect(await inspect(file)).toEqual(read);
  });

  it('of a file whose app is uninstalled meanwhile leaves no rows behind', async () => {
    const app = await house.install(filesProvider);
    const file = await putFile(house, app, 'Id,Name\n1,Ann\n2,Bob\n');
    const inspectFile: typeof house.deps.inspectFile = async (args) => {
      const inspected = await house.deps.inspectFile(args);
      await house.store.files.removeAll(app.workspaceId, app.appId);
      await args.writeChunk({ seq: 150, rows: [{ line: 75_002, data: { Id: '3' } }] });
      return inspected;
    };
    const { workspaceId, appId, fileId } = file;
    const answer = await house.ask(
      { about: 'inspect', workspaceId, appId, fileId },
      { deps: { inspectFile } },
    );
    expect(answer).toMatchObject({ error: { code: 'superseded' } });
    const never = new AbortController().signal;
    const left = house.store.files.chunks(workspaceId, appId, fileId, 150, never);
    for await (const chunk of left) throw new Error(`Chunk ${chunk.seq} was left behind.`);
  });

  it('of a file that is gone is an answer', async () => {
    const { workspaceId, appId } = await house.install(filesProvider);
    expect(await house.ask({ about: 'inspect', workspaceId, appId, fileId: 'never' })).toMatchObject({
      error: { code: 'file_unreadable' },
    });
  });
});

describe('a comparison', () => {
  async function compared(prepare: (script: ReturnType<typeof scriptedProvider>['script']) => void) {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1, 1, { status: 'hot lead' })] };
    const mapping = { objects: {}, owners: {}, statuses: { contacts: { 'hot lead': 'lead' } } };
    const app = await house.install(provider, { mapping });
    await house.transfer(await house.begin(app));
    prepare(script);
    const { recordId } = must((await house.records(app.workspaceId))[0]);
    const { workspaceId, appId } = app;
    return house.ask({ about: 'compare', workspaceId, recordId, appId });
  }

  it('says what is the same and what is only written differently', async () => {
    const answer = await compared(() => undefined);
    expect(answer).toMatchObject({
      result: { externalId: 'P1', gone: false, providerUrl: 'https://scripted.example/contacts/P1' },
    });
    const { fields } = (answer as { result: { fields: { field: string }[] } }).result;
    expect(fields).toContainEqual(
      expect.objectContaining({ field: 'name', provider: 'Person 1', record: 'Person 1', same: true }),
    );
    expect(fields).toContainEqual(
      expect.objectContaining({
        field: 'status',
        provider: 'hot lead',
        record: 'lead',
        same: true,
        why: 'mapped',
      }),
    );
  });

  it('says when the provider has it no longer', async () => {
    expect(await compared((script) => (script.get = () => []))).toMatchObject({
      result: { externalId: 'P1', gone: true, fields: [] },
    });
  });

  it('says when the provider does not answer', async () => {
    const answer = await compared((script) => {
      script.get = () => {
        throw new ProviderFailure('provider_unavailable', 'It is down.');
      };
    });
    expect(answer).toEqual({ error: { code: 'provider_unavailable', message: 'It is down.' } });
  });

  it('says when the record is gone', async () => {
    const { provider } = scriptedProvider();
    const { workspaceId } = await house.install(provider);
    const ask = { about: 'compare', workspaceId, recordId: 'never', appId: null } as const;
    expect(await house.ask(ask)).toMatchObject({ error: { code: 'superseded' } });
  });
});
