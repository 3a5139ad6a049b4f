import type { Express } from 'express';
import { pino } from 'pino';
import request, { type Response } from 'supertest';
import { v7 as uuid } from 'uuid';
import { createServer } from '../../api/server.js';
import { createSealer, sealingKey } from '../../activities/connections/seal.js';
import { carddav } from '../../activities/providers/carddav/describe.js';
import { files } from '../../activities/providers/files/describe.js';
import type { ProviderDescription } from '../../activities/providers/provider.js';
import { sniffFile } from '../../activities/providers/formats/sniff.js';
import { connectMongo } from '../../activities/store/mongo/connect.js';
import { createMongoStore } from '../../activities/store/mongo/create-store.js';
import type { FileDoc, InspectionDoc } from '../../activities/store/documents.js';
import type { Store } from '../../activities/store/store.js';
import type { ApiSettings } from '../../api/deps.js';
import { createConformity } from './conformity.js';
import { createFakeGateway, type FakeGateway } from './fake-gateway.js';

export const OWNER = 'owner-key-of-these-tests';
export const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

export interface Harness {
  app: Express;
  store: Store;
  gateway: FakeGateway;
  /** What was logged, line by line. */
  logs: string[];
  /** Every answer is checked against the OpenAPI document. Owner's key unless said otherwise. */
  call(method: Method, path: string, options?: CallOptions): Promise<Response>;
  newKey(role: 'viewer' | 'operator' | 'admin', actAs?: boolean): Promise<string>;
  newApp(body?: object): Promise<string>;
  close(): Promise<void>;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface CallOptions {
  key?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The API on a real store and an in-memory Temporal. */
export async function startHarness(
  settings: Partial<ApiSettings> = {},
  more: readonly ProviderDescription[] = [],
): Promise<Harness> {
  const uri = process.env['TEST_MONGODB_URI'];
  if (!uri) throw new Error('TEST_MONGODB_URI is set by the global set-up of the tests');
  const client = connectMongo(uri, { selectionMs: 5_000 });
  const database = `api_${uuid().replaceAll('-', '')}`;
  const store = createMongoStore({ client, database });
  await store.prepare();
  const gateway = createFakeGateway();
  const logs: string[] = [];
  const app = createServer({
    store,
    workflows: gateway,
    descriptions: [files, carddav, ...more],
    sealer: createSealer([sealingKey(SECRET_KEY)]),
    sniff: sniffFile,
    settings: {
      adminKey: OWNER,
      secretKey: SECRET_KEY,
      publicUrl: null,
      returnOrigins: [],
      allowPrivate: true,
      maxLiveRuns: 50,
      maxUploadBytes: 1024 * 1024,
      maxXlsxBytes: 256 * 1024,
      version: '0.0.0-test',
      ...settings,
    },
    logger: pino({ level: 'trace' }, { write: (line: string) => void logs.push(line) }),
    clock: () => new Date(),
    newId: () => uuid(),
  });
  const conforms = await createConformity(app);

  async function call(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
    const { key = OWNER, body, headers = {} } = options;
    let sent = request(app)[method](path).set(headers);
    if (key !== null) sent = sent.set('Authorization', `Bearer ${key}`);
    const answer = await (body === undefined ? sent : sent.send(body as object));
    conforms(method, path, answer);
    return answer;
  }

  return {
    app,
    store,
    gateway,
    logs,
    call,
    async newKey(role, actAs = false) {
      const made = await call('post', '/v1/keys', { body: { name: `a ${role}`, role, actAs } });
      return made.body.key;
    },
    async newApp(body = { providerId: 'files' }) {
      return (await call('post', '/v1/apps', { body })).body.appId;
    },
    async close() {
      await client.db(database).dropDatabase();
      await store.close();
    },
  };
}

export const CLEAR: InspectionDoc = {
  kind: 'csv',
  encoding: 'utf-8',
  delimiter: ',',
  locale: null,
  sheet: null,
  sheets: [],
  headerRow: 1,
  rows: 1,
  columns: [],
  proposedMapping: { key: ['id'], fields: { name: 'name' } },
  mappingClear: true,
  mappingWhy: [],
  warnings: [],
};

/** A worker that reads uploaded files at once and finds this. */
export function inspectsAs(
  { store, gateway }: Harness,
  result: Partial<InspectionDoc> | null,
  error: FileDoc['error'] = null,
): void {
  gateway.onAsk = async ({ ask }) => {
    if (ask.about !== 'inspect') return;
    await store.files.update(ask.workspaceId, ask.appId, ask.fileId, {
      inspection: result ? 'done' : 'failed',
      result: result && { ...CLEAR, ...result },
      error,
    });
  };
}
