import type { ApiClient, Body, RunBody } from '../api-client.js';
import { acceptAll, follow, showBooks } from './review.js';
import { shown, type Say } from './say.js';

const CUSTOMERS = `Id,Name,E-mail,Owner
G-1,Gate First,gate.first@plan.example,nobody.mapped@plan.example
G-2,Gate Second,gate.second@plan.example,
G-3,Gate Third,gate.third@plan.example,
`;

interface Plan {
  hash: string;
  counts: Body;
  unmapped: { owners: Body[]; statuses: Body[] };
}

interface Signed {
  certificate: Body;
  signature: string;
  keyId: string;
  algorithm: string;
}

/** Knowing before, seeing after, and a proof: plan → apply → review → certificate. */
export async function planThenApply(api: ApiClient, say: Say): Promise<void> {
  say.title('A plan first: nothing is written until a person applies it');
  const { appId } = await api.post<{ appId: string }>('/v1/apps', { providerId: 'files', name: 'Planned' });
  await api.upload(`/v1/apps/${appId}/files?object=contacts&name=planned.csv`, CUSTOMERS, 'text/csv');
  const { runId } = await api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, {
    ...{ kind: 'import', mode: 'plan', objects: ['contacts'] },
  });
  const plan = planOf(await follow(api, say, runId));
  say.line(`   Plan ${plan.hash.slice(0, 12)}…: ${shown(plan.counts)}`);
  say.line(`   Owners nobody mapped: ${shown(plan.unmapped.owners)}`);
  const before = await api.get<{ items: unknown[] }>(`/v1/records?appId=${appId}&object=contacts`);
  if (before.items.length > 0) throw new Error('A plan wrote records.');
  await api.post(`/v1/runs/${runId}/apply`, { planHash: plan.hash });
  const run = await acceptAll(api, say, runId);
  showBooks(say, run);
  await certify(api, say, runId);
}

function planOf(run: RunBody): Plan {
  if (run.attention?.reason !== 'plan') throw new Error(`The run does not wait for its plan: ${run.status}.`);
  return run['plan'] as Plan;
}

async function certify(api: ApiClient, say: Say, runId: string): Promise<void> {
  const signed = await api.get<Signed & Body>(`/v1/runs/${runId}/certificate`);
  const told = await api.post('/v1/certificates/verify', signed);
  say.line(
    `   Certificate signed by key ${signed.keyId}: ${told['valid'] === true ? 'valid' : 'NOT valid'}.`,
  );
  const forged = { ...signed, certificate: { ...signed.certificate, status: 'perfect' } };
  const refused = await api.post('/v1/certificates/verify', forged);
  say.line(`   The same with one word changed: ${refused['valid'] === true ? 'VALID' : 'not valid'}.`);
  if (told['valid'] !== true || refused['valid'] !== false)
    throw new Error('The certificate proves nothing.');
}
