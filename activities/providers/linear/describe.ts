import { z } from 'zod';
import type { ProviderDescription } from '../provider.js';

/** https://linear.app/developers/graphql and https://linear.app/developers/oauth-2-0-authentication */
const API = 'https://api.linear.app/graphql';
const AUTHORIZE = 'https://linear.app/oauth/authorize';
const TOKEN = 'https://api.linear.app/oauth/token';

const address = z
  .url({ protocol: /^https?$/ })
  .max(2_048)
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
    error: 'An address must not hold a user name or password.',
  });

export const linearSettings = z.strictObject({
  apiUrl: address.optional().meta({ description: `The GraphQL endpoint; ${API} when absent.` }),
  authorizeUrl: address.optional().meta({ description: `Where people log in; ${AUTHORIZE} when absent.` }),
  tokenUrl: address.optional().meta({ description: `Where tokens are got; ${TOKEN} when absent.` }),
  clientId: z
    .string()
    .trim()
    .min(1)
    .max(1_024)
    .optional()
    .meta({ description: 'Of the OAuth application in Linear; not needed with an API key.' }),
  team: z
    .string()
    .trim()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: 'Key, name or id of the only team to read; all teams when absent.' }),
});

const secret = z
  .string()
  .min(1)
  .max(4_096)
  .refine((text) => !/[\p{Cc}\s]/u.test(text), { error: 'A key has no spaces or line breaks.' })
  .meta({ writeOnly: true, format: 'password' });

export const linearCredentials = z.union([
  z.strictObject({ apiKey: secret }),
  z.strictObject({ clientSecret: secret }),
]);

type Settings = z.infer<typeof linearSettings>;
const settingsOf = (settings: Record<string, unknown>): Settings => linearSettings.parse(settings);

/** An address without a path is the server's: the endpoint is under `/graphql`. */
export function endpointOf({ apiUrl }: Settings): URL {
  const url = new URL(apiUrl ?? API);
  if (url.pathname === '/') url.pathname = '/graphql';
  return url;
}

/** What can be said of Linear without asking it. */
export const linear: ProviderDescription = {
  id: 'linear',
  name: 'Linear',
  auth: ['oauth2', 'api_key'],
  actions: { import: true, sync: true },
  settings: linearSettings,
  credentials: linearCredentials,
  addressSettings: ['apiUrl', 'authorizeUrl', 'tokenUrl', 'clientId'],
  oauth: {
    authorizeUrl: (settings) => settingsOf(settings).authorizeUrl ?? AUTHORIZE,
    tokenUrl: (settings) => settingsOf(settings).tokenUrl ?? TOKEN,
    clientId: (settings) => settingsOf(settings).clientId,
    revokeUrl: (settings) => revokeUrlOf(settingsOf(settings)),
    scopes: ['read'],
    scopeSeparator: ',',
    authorizeParameters: { prompt: 'consent' },
  },
  objects: [
    {
      object: 'projects',
      nameAtProvider: 'Projects',
      neededPermission: 'read',
      defaultMapping: {
        fields: {
          name: 'name',
          description: 'description',
          status: 'state',
          startDate: 'startDate',
          endDate: 'targetDate',
          owner: 'lead.email',
          url: 'url',
        },
      },
      defaultStatuses: {
        backlog: 'planned',
        planned: 'planned',
        started: 'active',
        paused: 'on_hold',
        completed: 'done',
        canceled: 'cancelled',
      },
      changes: 'cursor',
      deletions: 'tombstones',
      uniqueIds: true,
    },
    {
      object: 'tasks',
      nameAtProvider: 'Issues',
      neededPermission: 'read',
      defaultMapping: {
        fields: {
          title: 'title',
          description: 'description',
          // Teams name their states as they like; of which type each is stays the same.
          status: 'state.type',
          priority: 'priorityLabel',
          dueDate: 'dueDate',
          completedAt: 'completedAt',
          owner: 'assignee.email',
          labels: 'labels.nodes[].name',
          url: 'url',
          project: { path: 'project.id', relation: 'projects' },
          parent: { path: 'parent.id', relation: 'tasks' },
        },
      },
      defaultStatuses: {
        triage: 'open',
        backlog: 'open',
        unstarted: 'open',
        started: 'in_progress',
        completed: 'done',
        canceled: 'cancelled',
        duplicate: 'cancelled',
      },
      changes: 'cursor',
      deletions: 'tombstones',
      uniqueIds: true,
    },
  ],
};

/** Beside the token endpoint, as at Linear; an endpoint of another form has none that we know. */
function revokeUrlOf({ tokenUrl = TOKEN }: Settings): string | undefined {
  const url = new URL(tokenUrl);
  if (!url.pathname.endsWith('/token')) return undefined;
  url.pathname = url.pathname.replace(/\/token$/, '/revoke');
  return url.href;
}
