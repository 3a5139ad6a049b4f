import { z } from 'zod';
import type { KeyDoc } from '../../activities/store/documents.js';
import { hashKey, mayAct } from '../auth.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem, notFound } from '../errors.js';
import { audited } from '../lookup.js';
import { makeKey } from '../secrets.js';
import { actor, given, id, listOf, listQuery, pageOf, role, time } from '../shapes/common.js';

const keyShape = {
  keyId: z.string(),
  name: z.string(),
  role,
  actAs: z.boolean().meta({ description: 'May name a person in Sluice-Actor' }),
  createdAt: time,
  createdBy: actor,
  revokedAt: time.nullable(),
};
const key = z.object(keyShape).meta({ id: 'Key' });
const newKey = z
  .object({ ...keyShape, key: z.string().meta({ description: 'Shown this once' }) })
  .meta({ id: 'NewKey' });

const name = z.string().trim().min(1).max(200);
const params = z.strictObject({ keyId: id });

export const listKeys = endpoint({
  method: 'get',
  path: '/v1/keys',
  tag: 'Workspace',
  summary: 'Keys, newest first, without their secrets',
  access: 'viewer',
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Keys', schema: listOf(key) } },
  errors: ['invalid_cursor'],
  async handle({ deps, caller, query }) {
    const { items, nextCursor } = await deps.store.keys.list(caller.workspaceId, pageOf(query));
    return { status: 200, body: { items: items.map(view), nextCursor } };
  },
});

export const getKey = endpoint({
  method: 'get',
  path: '/v1/keys/{keyId}',
  tag: 'Workspace',
  summary: 'One key, without its secret',
  access: 'viewer',
  params,
  answers: { 200: { description: 'The key', schema: key } },
  errors: ['not_found'],
  async handle(call) {
    return { status: 200, body: view(await keyOf(call)) };
  },
});

export const addKey = endpoint({
  method: 'post',
  path: '/v1/keys',
  tag: 'Workspace',
  summary: 'Make a key; it is shown once',
  access: 'admin',
  body: z.strictObject({ name, role, actAs: z.boolean().default(false) }),
  idempotency: 'made_again',
  answers: { 201: { description: 'The key', schema: newKey } },
  errors: ['forbidden'],
  async handle(call) {
    const { deps, caller, body, token, now } = call;
    refuseAboveOwn(call, body.role);
    const secret = makeKey(deps.settings.secretKey, 'key', token);
    const earlier = await deps.store.keys.get(caller.workspaceId, token);
    if (earlier) return { status: 201, body: { ...view(earlier), key: secret } };
    const doc: KeyDoc = {
      workspaceId: caller.workspaceId,
      keyId: token,
      ...body,
      hash: hashKey(secret),
      createdAt: now,
      createdBy: caller.actor,
      revokedAt: null,
    };
    await deps.store.keys.insert(doc);
    await audited(call, 'key.made', doc.keyId, body);
    return { status: 201, body: { ...view(doc), key: secret } };
  },
});

export const changeKey = endpoint({
  method: 'patch',
  path: '/v1/keys/{keyId}',
  tag: 'Workspace',
  summary: "Change a key's name, role or right to act for a person",
  access: 'admin',
  params,
  body: z.strictObject({ name: name.optional(), role: role.optional(), actAs: z.boolean().optional() }),
  answers: { 200: { description: 'The key', schema: key } },
  errors: ['not_found', 'forbidden'],
  async handle(call) {
    const { deps, caller, body, params: asked } = call;
    const found = await keyOf(call);
    refuseAboveOwn(call, found.role);
    if (body.role) refuseAboveOwn(call, body.role);
    const changed = await deps.store.keys.update(caller.workspaceId, asked.keyId, given(body));
    if (!changed) throw notFound('key', asked.keyId);
    await audited(call, 'key.changed', asked.keyId, given(body));
    return { status: 200, body: view(changed) };
  },
});

export const revokeKey = endpoint({
  method: 'delete',
  path: '/v1/keys/{keyId}',
  tag: 'Workspace',
  summary: 'Revoke a key at once and for good',
  access: 'admin',
  params,
  answers: { 204: { description: 'Revoked' } },
  errors: ['not_found', 'forbidden'],
  async handle(call) {
    const { deps, caller, params: asked, now } = call;
    const found = await keyOf(call);
    refuseAboveOwn(call, found.role);
    await deps.store.keys.update(caller.workspaceId, asked.keyId, { revokedAt: found.revokedAt ?? now });
    await audited(call, 'key.revoked', asked.keyId, { name: found.name });
    return { status: 204 };
  },
});

async function keyOf({ deps, caller, params: { keyId } }: Call<{ keyId: string }>): Promise<KeyDoc> {
  const found = await deps.store.keys.get(caller.workspaceId, keyId);
  if (!found) throw notFound('key', keyId);
  return found;
}

function refuseAboveOwn({ caller }: Pick<Call, 'caller'>, asked: KeyDoc['role']): void {
  if (mayAct(caller.role, asked)) return;
  throw new Problem(
    'forbidden',
    `A ${caller.role} cannot make or change a key of role ${asked}. Nothing was changed. Ask somebody with that role.`,
    { role: caller.role, needed: asked },
  );
}

function view({
  keyId,
  name: called,
  role: has,
  actAs,
  createdAt,
  createdBy,
  revokedAt,
}: KeyDoc): z.infer<typeof key> {
  return { keyId, name: called, role: has, actAs, createdAt, createdBy, revokedAt };
}
