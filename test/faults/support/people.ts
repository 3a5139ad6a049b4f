import { randomUUID } from 'node:crypto';
import { rests, type ApiClient, type Body, type RunBody } from '../../../local/api-client.js';
import { IN_TIME } from './house.js';

/** One row of a generated file, and what its record must say in the end. */
export interface Person {
  id: string;
  name: string;
  email: string;
  city: string;
}

/** People number `from` and following; the same numbers are the same people, in every file. */
export function people(count: number, from = 1, city = 'Lyon'): Person[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(from + index).padStart(6, '0');
    return { id: `P-${number}`, name: `Person ${number}`, email: `p${number}@people.example`, city };
  });
}

export function csv(rows: readonly Person[]): string {
  return [
    'Id,Name,E-mail,City',
    ...rows.map(({ id, name, email, city }) => `${id},${name},${email},${city}`),
    '',
  ].join('\n');
}

export async function installFiles(api: ApiClient, policies: Body = {}): Promise<string> {
  const { appId } = await api.post<{ appId: string }>('/v1/apps', { providerId: 'files', policies });
  return appId;
}

export async function upload(
  api: ApiClient,
  appId: string,
  text: string,
  object = 'contacts',
): Promise<void> {
  const { fileId } = await api.upload<{ fileId: string }>(
    `/v1/apps/${appId}/files?object=${object}&name=${object}.csv`,
    text,
    'text/csv',
  );
  const deadline = Date.now() + IN_TIME;
  for (;;) {
    const file = await api.get(`/v1/apps/${appId}/files/${fileId}`);
    if (file['inspection'] === 'done') return;
    if (file['inspection'] === 'failed' || Date.now() > deadline) throw new Error(JSON.stringify(file));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function start(api: ApiClient, appId: string, body: Body = {}, key?: string): Promise<string> {
  const { runId } = await api.post<{ runId: string }>(
    `/v1/apps/${appId}/runs`,
    { kind: 'import', ...body },
    key === undefined ? {} : { 'idempotency-key': key },
  );
  return runId;
}

/** Installs, uploads, starts: an import that ends without a review unless the body says otherwise. */
export async function importOf(api: ApiClient, rows: readonly Person[], body: Body = { review: 'none' }) {
  const appId = await installFiles(api);
  await upload(api, appId, csv(rows));
  return { appId, runId: await start(api, appId, body) };
}

export function ended(run: RunBody): boolean {
  return ['completed', 'failed', 'cancelled'].includes(run.status);
}

export function untilEnded(api: ApiClient, runId: string): Promise<RunBody> {
  return api.untilRun(runId, ended, { withinMs: IN_TIME });
}

/** Until it has ended or waits for a person. */
export function untilRests(api: ApiClient, runId: string): Promise<RunBody> {
  return api.untilRun(runId, rests, { withinMs: IN_TIME });
}

/** Until so many pages of its first object are applied. */
export function untilPages(api: ApiClient, runId: string, pages: number): Promise<RunBody> {
  const applied = (run: RunBody): number => (run.objects[0] as { pages?: number } | undefined)?.pages ?? 0;
  return api.untilRun(runId, (run) => applied(run) >= pages, { withinMs: IN_TIME });
}

/** Undoes an ended run (or one object of it) and waits until that is done. */
export async function undo(api: ApiClient, runId: string): Promise<RunBody> {
  await insist(api, `/v1/runs/${runId}/cleanup`, { mode: 'undo', note: 'By a test.' });
  return api.untilRun(runId, undone, { withinMs: IN_TIME });
}

export function undone(run: RunBody): boolean {
  return run.cleanup?.state === 'done';
}

/** The ids of the checklist items that a person has to confirm before an object can be accepted. */
export async function openItems(api: ApiClient, runId: string, object = 'contacts'): Promise<string[]> {
  const { objects } = await api.get<{
    objects: { object: string; items: { itemId: string; status: string }[] }[];
  }>(`/v1/runs/${runId}/checklist`);
  const items = objects.find((entry) => entry.object === object)?.items ?? [];
  return items.filter(({ status }) => status === 'open').map(({ itemId }) => itemId);
}

export async function accept(api: ApiClient, runId: string, object = 'contacts'): Promise<void> {
  const confirmed = await openItems(api, runId, object);
  await insist(api, `/v1/runs/${runId}/review`, { object, decision: 'accept', confirmed });
}

/** As the contract says: 503 means unknown, so the same request is sent again under the same key until it is answered. */
export async function insist(
  api: ApiClient,
  path: string,
  body: Body,
  key: string = randomUUID(),
): Promise<Body> {
  const deadline = Date.now() + IN_TIME;
  const options = {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  };
  for (;;) {
    const answer = await api
      .raw('POST', path, options)
      .catch(() => ({ status: 503, body: {}, text: 'no answer' }));
    if (answer.status < 300) return answer.body;
    if (answer.status !== 503 || Date.now() > deadline) throw new Error(`${answer.status} ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export interface StoredRecord {
  recordId: string;
  version: number;
  fields: Record<string, unknown>;
  links: { appId: string; externalId: string }[];
}

/** Every record of an app, from the API's lists. */
export async function recordsOf(api: ApiClient, appId: string, object = 'contacts'): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { items: StoredRecord[]; nextCursor: string | null } = await api.get(
      `/v1/records?object=${object}&appId=${appId}&limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}

export async function recordOf(api: ApiClient, appId: string, externalId: string): Promise<StoredRecord> {
  const { items } = await api.get<{ items: StoredRecord[] }>(
    `/v1/records?object=contacts&appId=${appId}&externalId=${encodeURIComponent(externalId)}`,
  );
  if (items.length !== 1 || !items[0]) throw new Error(`${items.length} records have the id ${externalId}.`);
  return items[0];
}

/** As the file says, in the file's order: what `peopleIn` the store must be equal to. */
export function rowsOf(rows: readonly Person[]): string[] {
  return rows.map(({ id, name, email, city }) => `${id} ${name} ${email} ${city}`).sort();
}

/** One line per record and link of the app: a record twice, missing or half written shows. */
export async function peopleIn(api: ApiClient, appId: string): Promise<string[]> {
  const records = await recordsOf(api, appId);
  return records
    .flatMap(({ fields, links }) =>
      links.filter((link) => link.appId === appId).map(({ externalId }) => lineOf(externalId, fields)),
    )
    .sort();
}

function lineOf(externalId: string, fields: Record<string, unknown>): string {
  const text = (value: unknown): string =>
    typeof value === 'string' ? value : JSON.stringify(value ?? null);
  const emails = fields['emails'] as { value?: string }[] | undefined;
  const address = fields['address'] as { city?: string } | undefined;
  const email = fields['email'] ?? emails?.[0]?.value;
  return `${externalId} ${text(fields['name'])} ${text(email)} ${text(address?.city)}`;
}

export const NO_COUNTS = { created: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0, deleted: 0 };

/** Fetched is what the outcomes add up to, for every object; `counts` are those of the whole run. */
export function expectBooks(run: RunBody, counts: Partial<typeof NO_COUNTS>): void {
  for (const { counts: each } of run.objects) {
    const {
      fetched = 0,
      created = 0,
      updated = 0,
      unchanged = 0,
      skipped = 0,
      failed = 0,
      deleted = 0,
    } = each;
    expect(fetched).toBe(created + updated + unchanged + skipped + failed + deleted);
  }
  expect(run.booksClosed).toBe(true);
  const all = { ...NO_COUNTS, ...counts };
  const fetched = Object.values(all).reduce((sum, count) => sum + count, 0);
  expect(run.counts).toEqual({ fetched, ...all });
}
