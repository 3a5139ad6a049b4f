import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { storeHealth } from '../store-health.js';

export const healthz = endpoint({
  method: 'get',
  path: '/healthz',
  tag: 'Health',
  summary: 'Whether this process is alive',
  access: 'public',
  answers: {
    200: { description: 'Alive', schema: z.object({ status: z.literal('ok'), version: z.string() }) },
  },
  errors: [],
  async handle({ deps }) {
    return { status: 200, body: { status: 'ok', version: deps.settings.version } };
  },
});

const readiness = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    temporal: z.object({
      reachable: z.boolean(),
      name: z.string(),
      version: z.string().nullable(),
      namespace: z.string(),
    }),
    worker: z.object({ reachable: z.boolean(), taskQueue: z.string(), pollers: z.int() }),
    store: z.object({
      reachable: z.boolean(),
      name: z.string().nullable(),
      version: z.string().nullable(),
      standIn: z.boolean().nullable().meta({ description: 'A trial store, not for production' }),
    }),
  })
  .meta({ id: 'Readiness' });

export const readyz = endpoint({
  method: 'get',
  path: '/readyz',
  tag: 'Health',
  summary: 'Whether engines, worker and store can be reached, with their names and versions',
  access: 'public',
  answers: {
    200: { description: 'Everything is there', schema: readiness },
    503: { description: 'Something is away', schema: readiness },
  },
  errors: [],
  async handle({ deps }) {
    const [{ temporal, worker }, store] = await Promise.all([
      deps.workflows.health(),
      storeHealth(deps.store),
    ]);
    const ready = temporal.reachable && worker.reachable && store.reachable;
    return {
      status: ready ? 200 : 503,
      body: { status: ready ? 'ready' : 'not_ready', temporal, worker, store },
    };
  },
});
