import { z } from 'zod';
import type { ProviderDescription } from '../../activities/providers/provider.js';
import { endpoint } from '../endpoint.js';
import { objectName } from '../shapes/common.js';

const jsonSchema = z.looseObject({}).meta({ description: 'JSON Schema (2020-12)' });

const provider = z
  .object({
    id: z.string(),
    name: z.string(),
    auth: z.array(z.enum(['oauth2', 'api_key', 'basic', 'file', 'none'])),
    actions: z.object({ import: z.boolean(), sync: z.boolean() }),
    objects: z.array(
      z.object({ object: objectName, nameAtProvider: z.string(), neededPermission: z.string().optional() }),
    ),
    settingsSchema: jsonSchema,
    credentialsSchema: jsonSchema,
  })
  .meta({ id: 'Provider' });

export const listProviders = endpoint({
  method: 'get',
  path: '/v1/providers',
  tag: 'Apps',
  summary: 'What can be installed',
  access: 'viewer',
  answers: { 200: { description: 'Every provider', schema: z.object({ items: z.array(provider) }) } },
  errors: [],
  async handle({ deps }) {
    return { status: 200, body: { items: deps.descriptions.map(viewProvider) } };
  },
});

function viewProvider(description: ProviderDescription): z.infer<typeof provider> {
  const { id, name, auth, actions, objects, settings, credentials } = description;
  return {
    id,
    name,
    auth,
    actions,
    objects: objects.map(({ object, nameAtProvider, neededPermission }) => ({
      object,
      nameAtProvider,
      ...(neededPermission === undefined ? {} : { neededPermission }),
    })),
    settingsSchema: z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }),
    credentialsSchema: writeOnly(z.toJSONSchema(credentials, { io: 'input', unrepresentable: 'any' })),
  };
}

/** Every field of the credentials is a secret or belongs to one: none can be read again. */
function writeOnly(schema: Record<string, unknown>): Record<string, unknown> {
  const { properties } = schema;
  if (typeof properties !== 'object' || properties === null) return schema;
  const marked = Object.entries(properties).map(([name, property]: [string, unknown]) => [
    name,
    typeof property === 'object' ? { ...property, writeOnly: true } : property,
  ]);
  return { ...schema, properties: Object.fromEntries(marked) as Record<string, unknown> };
}
