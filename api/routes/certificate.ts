import { z } from 'zod';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { composeCertificate } from '../certificate/compose.js';
import { PAGE_HEADERS, certificatePage } from '../certificate/page.js';
import { signed, verified } from '../certificate/sign.js';
import { knownKeys, publicJwk, rotateKey } from '../certificate/signing-key.js';
import type { ApiDeps } from '../deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../errors.js';
import { audited, runOf } from '../lookup.js';
import { viewRun } from '../run-view.js';
import { signedCertificate, type Certificate } from '../shapes/certificate.js';
import { id, note } from '../shapes/common.js';
import { storeHealth } from '../store-health.js';

export const getCertificate = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/certificate',
  tag: 'Certificates',
  summary: 'The signed account of a run that has ended',
  description:
    'Signed with Ed25519 over the RFC 8785 form of `certificate`. Issued anew at each call: a later clean-up or repair is in it, with the revision of the run. `Accept: text/html` answers a readable page.',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  answers: {
    200: {
      description: 'The certificate',
      schema: signedCertificate,
      contentTypes: ['application/json', 'text/html'],
    },
  },
  errors: ['not_found', 'run_not_ended', 'signing_key_unreadable', 'store_unavailable'],
  async handle(call) {
    const { deps, now, req } = call;
    const run = await runOf(call);
    if (!isTerminal(run.status)) {
      throw new Problem(
        'run_not_ended',
        `The run is ${run.status}: a certificate is issued once it has ended. Nothing was changed. Finish or cancel it first.`,
        { status: run.status },
      );
    }
    const body = await signed(deps, await certificateOf(deps, run, now));
    if (req.accepts(['application/json', 'text/html']) !== 'text/html') return { status: 200, body };
    return { status: 200, body: certificatePage(body), headers: PAGE_HEADERS };
  },
});

async function certificateOf(deps: ApiDeps, run: RunDoc, issuedAt: string): Promise<Certificate> {
  const { store, workflows, settings } = deps;
  const [view, app, reviews, checklists, problems, { temporal }, health] = await Promise.all([
    viewRun(deps, run),
    store.apps.get(run.workspaceId, run.appId),
    store.reviews.list(run),
    Promise.all(run.scope.map((object) => store.checklists.get(run, object))),
    Promise.all(
      run.scope.map(async (object) =>
        (await store.problems.byCode(run, object)).map((each) => ({ object, ...each })),
      ),
    ),
    workflows.health(),
    storeHealth(store),
  ]);
  const { name, version, standIn } = health;
  return composeCertificate({
    ...{ run, view, app, reviews, issuedAt, problems: problems.flat() },
    checklists: new Map(checklists.flatMap((each) => (each ? [[each.object, each] as const] : []))),
    engines: {
      sluice: settings.version,
      temporal: { name: temporal.name, version: temporal.version },
      store: { name, version, standIn },
    },
  });
}

const jwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('EdDSA'),
});

export const listCertificateKeys = endpoint({
  method: 'get',
  path: '/v1/certificates/keys',
  tag: 'Certificates',
  summary: 'Public keys of this deployment (JWKS), to verify certificates offline',
  description: 'The newest first: it signs. The others signed earlier certificates.',
  access: 'viewer',
  answers: { 200: { description: 'RFC 7517', schema: z.object({ keys: z.array(jwk) }) } },
  errors: ['store_unavailable'],
  async handle({ deps }) {
    return { status: 200, body: { keys: (await knownKeys(deps)).map(publicJwk) } };
  },
});

export const rotateCertificateKey = endpoint({
  method: 'post',
  path: '/v1/certificates/keys',
  tag: 'Certificates',
  summary: 'Make a new key, with which certificates are signed from now on',
  description:
    'The private half of the key before is destroyed; its public half stays published, so that what it signed can be verified as before.',
  access: 'owner',
  body: z.strictObject({ note: note.optional() }),
  idempotency: 'remembered',
  answers: { 201: { description: 'The public key', schema: jwk } },
  errors: ['store_unavailable'],
  async handle(call) {
    const { deps, token, body } = call;
    const before = await deps.store.signingKeys.get();
    const made = await rotateKey(deps, token);
    await audited(call, 'certificate_key.rotated', made.keyId, {
      ...{ before: before?.keyId ?? null, note: body.note ?? null },
    });
    return { status: 201, body: publicJwk(made) };
  },
});

const text = z.string().min(1).max(1000);

export const verifyCertificate = endpoint({
  method: 'post',
  path: '/v1/certificates/verify',
  tag: 'Certificates',
  summary: 'Whether this deployment issued exactly this certificate',
  access: 'viewer',
  body: z.strictObject({
    certificate: z.record(z.string(), z.unknown(), 'Must be an object'),
    signature: text,
    keyId: text,
    algorithm: text,
  }),
  answers: {
    200: {
      description: 'Whether it is genuine, and if not, why',
      schema: z.object({ valid: z.boolean(), reason: z.string().optional() }),
    },
  },
  errors: ['store_unavailable'],
  async handle({ deps, body }) {
    return { status: 200, body: await verified(deps, body) };
  },
});
