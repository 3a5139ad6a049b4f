import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createApiClient,
  rests,
  type ApiClient,
  type Body,
  type RunBody,
} from '../../../local/api-client.js';
import { startStack, type Stack } from '../../../local/start.js';

/** The built system of one test file, used as any client would: over HTTP, with what a person does at a desk. */
export interface Desk {
  api: ApiClient;
  stack: Stack;
  /** Installs an app and answers its id. */
  install(body?: Body): Promise<string>;
  /** Uploads and waits for the inspection; the answer as it was, also when it is a refusal. */
  upload(appId: string, file: Upload): Promise<{ status: number; body: Body }>;
  /** Starts an import and waits until it rests. */
  importOf(appId: string, body?: Body): Promise<RunBody>;
  /** One file through an app of its own, without a review. */
  through(file: Upload, body?: Body): Promise<{ appId: string; file: Body; run: RunBody }>;
  problems(runId: string): Promise<Body[]>;
  records(object: string, appId: string): Promise<RecordBody[]>;
  as(key: string): ApiClient;
  leave(): Promise<void>;
}

export interface Upload {
  object: string;
  name: string;
  bytes: Uint8Array | string;
  type?: string;
  /** `&sheet=...` and the like. */
  more?: string;
}

export interface RecordBody {
  recordId: string;
  fields: Body;
  extra: Body;
  relations: Record<string, { recordId: string | null; externalId: string | null; resolved: boolean }>;
  unmapped: { owner?: string; status?: string };
  links: { appId: string; externalId: string }[];
  version: number;
  archivedAt: string | null;
}

const OWN = {
  MONGODB_URI: '',
  MONGODB_URI_FILE: '',
  TEMPORAL_ADDRESS: '',
  SLUICE_ADMIN_KEY: '',
  SLUICE_SECRET_KEY: '',
};

/** Long, because the machine may be busy: a deadline only ends a test that would never end. */
export const IN_TIME = 120_000;

/** `env` is added to that of the stack and its processes. */
export async function enter(env: NodeJS.ProcessEnv = {}): Promise<Desk> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-e2e-'));
  const stack = await startStack({
    home: path.join(folder, 'home'),
    ports: { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 },
    env: { ...OWN, ...env },
    quiet: true,
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const as = (key: string): ApiClient => createApiClient(stack.apiUrl, key);
  const leave = async (): Promise<void> => {
    await stack.stop({ now: true });
    await rm(folder, { recursive: true, force: true });
  };
  return { ...atDesk(as(stack.adminKey)), stack, as, leave };
}

function atDesk(api: ApiClient): Omit<Desk, 'stack' | 'as' | 'leave'> {
  const install: Desk['install'] = async (body = {}) =>
    String((await api.post('/v1/apps', { providerId: 'files', ...body }))['appId']);

  const upload: Desk['upload'] = async (appId, { object, name, bytes, type = 'text/csv', more = '' }) => {
    const query = `object=${object}&name=${encodeURIComponent(name)}${more}`;
    const answer = await api.raw('POST', `/v1/apps/${appId}/files?${query}`, {
      body: bytes,
      headers: { 'content-type': type },
    });
    if (answer.status !== 201) return answer;
    return { status: 201, body: await inspected(api, appId, String(answer.body['fileId'])) };
  };

  const importOf: Desk['importOf'] = async (appId, body = {}) => {
    const started = await api.post<RunBody>(`/v1/apps/${appId}/runs`, { kind: 'import', ...body });
    return api.untilRun(started.runId, rests, { withinMs: IN_TIME });
  };

  return {
    api,
    install,
    upload,
    importOf,
    async through(file, body = {}) {
      const appId = await install(body);
      const uploaded = await upload(appId, file);
      return { appId, file: uploaded.body, run: await importOf(appId, { review: 'none' }) };
    },
    problems: async (runId) =>
      (await api.get<{ items: Body[] }>(`/v1/runs/${runId}/problems?limit=1000`)).items,
    records: async (object, appId) => {
      const { items } = await api.get<{ items: RecordBody[] }>(
        `/v1/records?object=${object}&appId=${appId}&limit=1000`,
      );
      return items.sort((a, b) => externalIdOf(a).localeCompare(externalIdOf(b)));
    },
  };
}

function externalIdOf({ links }: RecordBody): string {
  return links[0]?.externalId ?? '';
}

async function inspected(api: ApiClient, appId: string, fileId: string): Promise<Body> {
  const end = Date.now() + IN_TIME;
  for (;;) {
    const file = await api.get(`/v1/apps/${appId}/files/${fileId}`);
    if (file['inspection'] !== 'pending') return file;
    if (Date.now() > end) throw new Error(`File ${fileId} was not inspected in time.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
