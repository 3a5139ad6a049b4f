import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createSealer, sealingKey } from '../../activities/connections/seal.js';
import { signingKey } from '../../api/certificate/signing-key.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { endRun, movedRun } from './ended-run.js';
import { SECRET_KEY, startHarness, type Harness } from './harness.js';

const execute = promisify(execFile);
const SCRIPT = path.resolve('scripts/verify-certificate.mjs');
const CLEANUP = {
  ...{ object: 'contacts' as const, mode: 'undo' as const, removed: 0, restored: 0, kept: 0, conflicts: 0 },
  ...{ note: null, by: { id: 'u', name: 'U' }, at: '2026-05-01T10:00:00Z', endedAt: '2026-05-01T10:01:00Z' },
};
const EVIL = '<script>alert(1)</script>';

describe('the certificate of a run', () => {
  let api: Harness;
  let run: RunDoc;
  beforeAll(async () => {
    api = await startHarness();
    const appId = await api.newApp({ providerId: 'files', name: EVIL });
    run = await movedRun(api, appId, 'contacts', { created: 2, unchanged: 1 });
  });
  afterAll(() => api.close());

  const get = (headers: Record<string, string> = {}) =>
    api.call('get', `/v1/runs/${run.runId}/certificate`, { headers });
  const verify = (body: unknown) => api.call('post', '/v1/certificates/verify', { body });

  it('is not issued while the run is live', async () => {
    const { status, body } = await get();
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'run_not_ended', status: 409 });
    expect((await api.call('get', '/v1/runs/nope/certificate')).status).toBe(404);
    const actor = { id: 'u1', name: 'Ann' };
    await api.store.reviews.insert({
      ...{ workspaceId: 'default', runId: run.runId, object: 'contacts', decision: 'accept' },
      ...{ cleanupBy: null, confirmed: ['sample_seen'], note: EVIL, actor, at: new Date().toISOString() },
    });
    await endRun(api, run, 'completed');
  });

  it('says what was done, by whom and on which engines, and verifies', async () => {
    const { status, body } = await get();
    expect(status).toBe(200);
    expect(body).toMatchObject({ algorithm: 'Ed25519', keyId: expect.any(String) as string });
    expect(body.certificate).toMatchObject({
      ...{ format: 'sluice-certificate/1', workspaceId: 'default', booksClosed: true },
      run: { runId: run.runId, kind: 'import', mode: 'apply', status: 'completed' },
      objects: [{ object: 'contacts', state: 'accepted', counts: { created: 2 }, stoodOn: null }],
      reviews: [{ object: 'contacts', decision: 'accept', by: { id: 'u1', name: 'Ann' }, note: EVIL }],
      engines: { sluice: '0.0.0-test', store: { name: expect.any(String) as string } },
      temporal: { workflowId: run.workflowId },
    });
    expect((await verify(body)).body).toEqual({ valid: true });
  });

  it('is the same whatever the order of its fields, and is refused when anything of it was changed', async () => {
    const { body } = await get();
    const turned = Object.fromEntries(Object.entries(body.certificate).reverse());
    expect((await verify({ ...body, certificate: turned })).body.valid).toBe(true);
    const text = JSON.stringify(body.certificate);
    const places = Array.from({ length: 60 }, (_, at) => Math.floor((at * text.length) / 60));
    let judged = 0;
    for (const place of places) {
      const byte = text.charAt(place);
      const other = /[0-8a-y]/.test(byte) ? String.fromCharCode(byte.charCodeAt(0) + 1) : null;
      if (other === null) continue;
      const changed = parsed(text.slice(0, place) + other + text.slice(place + 1));
      if (!changed) continue;
      const { status, body: said } = await verify({ ...body, certificate: changed });
      expect([place, status, said]).toEqual([
        ...[place, 200, { valid: false, reason: expect.stringContaining('changed') as string }],
      ]);
      judged += 1;
    }
    expect(judged).toBeGreaterThan(10);
    const signature = String(body.signature);
    const first = signature.startsWith('A') ? 'B' : 'A';
    for (const wrong of [
      { signature: first + signature.slice(1) },
      { signature: `${signature}=` },
      { signature: 'short' },
      { keyId: 'another' },
      { algorithm: 'none' },
    ]) {
      const { status, body: said } = await verify({ ...body, ...wrong });
      expect([wrong, status, said.valid]).toEqual([wrong, 200, false]);
      expect(said.reason).toMatch(/\.$/);
    }
  });

  it('what is no certificate at all is a 400', async () => {
    const { body } = await get();
    for (const wrong of [
      {},
      { ...body, certificate: 'text' },
      { ...body, certificate: [] },
      { ...body, signature: 1 },
      { ...body, extra: true },
      { certificate: body.certificate },
    ]) {
      expect((await verify(wrong)).status).toBe(400);
    }
  });

  it('says what was cleaned up since, and its revision rises', async () => {
    const before = (await get()).body.certificate;
    expect(before.cleanup).toBeNull();
    await api.store.runs.patch('default', run.runId, {
      cleanup: {
        ...{ mode: 'undo', state: 'done', object: null, remove: 2, restore: 0, keep: 1 },
        ...{ eventsDropped: 0, eventsDelivered: 0, conflicts: [], conflictCount: 1, note: 'wrong file' },
        ...{ by: { id: 'u', name: 'U' }, at: new Date().toISOString() },
      },
      cleanups: [
        { ...CLEANUP, removed: 2, note: EVIL },
        { ...CLEANUP, mode: 'manual', by: { id: 'u2', name: 'Zoe' }, note: 'by hand' },
      ],
    });
    const { body } = await get();
    expect(body.certificate).toMatchObject({
      cleanup: { removed: 2, kept: 1, conflicts: 1 },
      cleanups: [
        { object: 'contacts', mode: 'undo', removed: 2, by: { id: 'u', name: 'U' }, note: EVIL },
        { object: 'contacts', mode: 'manual', removed: 0, by: { id: 'u2', name: 'Zoe' }, note: 'by hand' },
      ],
    });
    expect((await get({ Accept: 'text/html' })).text).toContain('by hand');
    expect(body.certificate.run.revision).toBeGreaterThan(before.run.revision);
    expect((await verify(body)).body.valid).toBe(true);
  });

  it('is a page without scripts for whoever asks for one', async () => {
    const { status, headers, text } = await get({ Accept: 'text/html' });
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/html');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|src=|href=/);
    expect(text).toContain('&#60;script&#62;alert(1)');
    expect(text).toContain(run.runId);
  });

  it('its key is one for all processes, never in clear in the store, and published', async () => {
    const other = await startHarness();
    try {
      const sealer = createSealer([sealingKey(SECRET_KEY)]);
      const deps = { store: other.store, sealer, clock: () => new Date() };
      const made = await Promise.all(Array.from({ length: 5 }, () => signingKey(deps)));
      expect(new Set(made.map(({ keyId }) => keyId)).size).toBe(1);
      const stored = await other.store.signingKeys.get();
      expect(stored).toEqual(made[0]);
      const secret = sealer.open(
        { workspaceId: '', appId: 'certificate-signing-key' },
        made[0]?.sealed ?? { keyId: '', iv: '', tag: '', data: '' },
      );
      expect(JSON.stringify(stored)).not.toContain(secret.slice(-40));
    } finally {
      await other.close();
    }
    const { body } = await api.call('get', '/v1/certificates/keys', { key: await api.newKey('viewer') });
    const { keyId } = (await get()).body;
    expect(body.keys).toEqual([
      { kty: 'OKP', crv: 'Ed25519', kid: keyId, use: 'sig', alg: 'EdDSA', x: expect.any(String) as string },
    ]);
    expect((await api.call('get', '/v1/certificates/keys', { key: null })).status).toBe(401);
  });

  it('stays genuine when another key takes over, online and offline, and what comes after is signed by that', async () => {
    const before = (await get()).body;
    const keys = async () => (await api.call('get', '/v1/certificates/keys')).body.keys;
    const rotate = (key?: string) =>
      api.call('post', '/v1/certificates/keys', {
        ...(key !== undefined && { key }),
        ...{ body: { note: 'yearly' }, headers: { 'Idempotency-Key': 'rotate-2027' } },
      });
    expect((await rotate(await api.newKey('admin'))).status).toBe(403);
    const [first, again] = [await rotate(), await rotate()];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    expect(JSON.stringify(first.body)).not.toContain('"d"');
    const published = await keys();
    expect(published.map(({ kid }: { kid: string }) => kid)).toEqual([first.body.kid, before.keyId]);
    const after = (await get()).body;
    expect(after.keyId).toBe(first.body.kid);
    expect((await verify(before)).body).toEqual({ valid: true });
    expect((await verify(after)).body).toEqual({ valid: true });
    // A signature of one key under the name of another is none.
    expect((await verify({ ...before, keyId: after.keyId })).body.valid).toBe(false);
    const { body: audit } = await api.call('get', '/v1/audit');
    const entry = audit.items.find(({ action }: { action: string }) => action === 'certificate_key.rotated');
    expect(entry).toMatchObject({ target: first.body.kid, detail: { before: before.keyId, note: 'yearly' } });
    const folder = await mkdtemp(path.join(tmpdir(), 'rotated-'));
    try {
      const files = { before, after, keys: { keys: published }, old: { keys: published.slice(1) } };
      for (const [name, body] of Object.entries(files))
        await writeFile(path.join(folder, `${name}.json`), JSON.stringify(body));
      const judge = (name: string, known = 'keys') =>
        execute(process.execPath, [
          SCRIPT,
          path.join(folder, `${name}.json`),
          path.join(folder, `${known}.json`),
        ]);
      expect((await judge('before')).stdout).toContain('Valid');
      expect((await judge('after')).stdout).toContain('Valid');
      expect((await judge('before', 'old')).stdout).toContain('Valid');
      await expect(judge('after', 'old')).rejects.toMatchObject({ code: 1 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('of many rotations at once, each key is published, one signs, and one private half is left', async () => {
    const other = await startHarness();
    try {
      await other.call('get', '/v1/certificates/keys');
      const rotate = (key: string) =>
        other.call('post', '/v1/certificates/keys', { headers: { 'Idempotency-Key': key }, body: {} });
      const made = await Promise.all(['a', 'b', 'c', 'a'].map(rotate));
      expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
      expect(made[3]?.body).toEqual(made[0]?.body);
      const { keys } = (await other.call('get', '/v1/certificates/keys')).body;
      expect(new Set(keys.map(({ kid }: { kid: string }) => kid)).size).toBe(4);
      expect((await other.store.signingKeys.get())?.keyId).toBe(keys[0].kid);
      const retired = (await other.store.signingKeys.list()).filter(({ retiredAt }) => retiredAt !== null);
      expect(retired).toHaveLength(3);
    } finally {
      await other.close();
    }
  });

  it('can be verified offline, with Node alone', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'certificate-'));
    try {
      const files = {
        good: (await get()).body,
        keys: (await api.call('get', '/v1/certificates/keys')).body,
      };
      const bad = { ...files.good, certificate: { ...files.good.certificate, booksClosed: false } };
      const written = Object.entries({ ...files, bad }).map(async ([name, body]) => {
        await writeFile(path.join(folder, `${name}.json`), JSON.stringify(body));
      });
      await Promise.all(written);
      const judge = (name: string) =>
        execute(process.execPath, [SCRIPT, path.join(folder, name), path.join(folder, 'keys.json')], {
          env: {},
        });
      expect((await judge('good.json')).stdout).toContain(run.runId);
      await expect(judge('bad.json')).rejects.toMatchObject({ code: 1 });
      await expect(judge('none.json')).rejects.toMatchObject({ code: 2 });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
