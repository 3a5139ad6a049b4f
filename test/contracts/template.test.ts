import { serve, type LocalServer } from '../providers/local-server.js';
import { connectionOf } from './opening.js';
import { describeProvider } from './provider.js';
import { templateProvider } from './template/provider.js';
import { KEY, startTemplateServer } from './template/server.js';

const servers: LocalServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.close())));

describeProvider('the template', async () => {
  const server = await startTemplateServer(45);
  const silent = await serve(() => undefined);
  servers.push(server, silent);
  const settings = { url: server.url };
  return {
    description: templateProvider,
    account: { id: 'acc-1', name: 'Template Ltd' },
    objects: [
      {
        object: 'contacts',
        ids: () => server.ids(),
        total: () => server.ids().length,
        async change() {
          server.change('p003');
          server.remove('p004');
          return { changed: 'p003', deleted: 'p004' };
        },
      },
    ],
    open: (opening) => templateProvider.open(connectionOf(settings, { apiKey: KEY }, opening)),
    refused: {
      open: () => templateProvider.open(connectionOf(settings, { apiKey: 'wrong-canary' })),
      secrets: ['wrong-canary'],
    },
    openStalled: () => templateProvider.open(connectionOf({ url: silent.url }, { apiKey: KEY })),
  };
});
