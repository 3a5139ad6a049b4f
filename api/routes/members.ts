import { z } from 'zod';
import type { MemberDoc } from '../../activities/store/documents.js';
import { endpoint, type Call } from '../endpoint.js';
import { Problem, notFound } from '../errors.js';
import { audited } from '../lookup.js';
import { given, id, listOf, listQuery, pageOf, time } from '../shapes/common.js';

const member = z
  .object({
    memberId: z.string(),
    name: z.string(),
    email: z.string(),
    createdAt: time,
    removedAt: time.nullable(),
  })
  .meta({ id: 'Member', description: 'A person whom records can be owned by' });

const fields = {
  name: z.string().trim().min(1).max(200),
  email: z.email('Must be an e-mail address').max(320),
};
const params = z.strictObject({ memberId: id });

export const listMembers = endpoint({
  method: 'get',
  path: '/v1/members',
  tag: 'Workspace',
  summary: 'Members, newest first',
  access: 'viewer',
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Members', schema: listOf(member) } },
  errors: ['invalid_cursor'],
  async handle({ deps, caller, query }) {
    const { items, nextCursor } = await deps.store.members.list(caller.workspaceId, pageOf(query));
    return { status: 200, body: { items: items.map(view), nextCursor } };
  },
});

export const getMember = endpoint({
  method: 'get',
  path: '/v1/members/{memberId}',
  tag: 'Workspace',
  summary: 'One member',
  access: 'viewer',
  params,
  answers: { 200: { description: 'The member', schema: member } },
  errors: ['not_found'],
  async handle({ deps, caller, params: { memberId } }) {
    const found = await deps.store.members.get(caller.workspaceId, memberId);
    if (!found) throw notFound('member', memberId);
    return { status: 200, body: view(found) };
  },
});

export const addMember = endpoint({
  method: 'post',
  path: '/v1/members',
  tag: 'Workspace',
  summary: 'Add a member',
  access: 'admin',
  body: z.strictObject(fields),
  idempotency: 'remembered',
  answers: { 201: { description: 'The member', schema: member } },
  errors: ['already_exists'],
  async handle(call) {
    const { deps, caller, body, token, now } = call;
    const earlier = await deps.store.members.get(caller.workspaceId, token);
    if (earlier) return { status: 201, body: view(earlier) };
    const doc: MemberDoc = {
      workspaceId: caller.workspaceId,
      memberId: token,
      ...body,
      createdAt: now,
      removedAt: null,
    };
    if (!(await deps.store.members.insert(doc))) throw emailTaken(body.email);
    await audited(call, 'member.added', doc.memberId, { email: doc.email });
    return { status: 201, body: view(doc) };
  },
});

export const changeMember = endpoint({
  method: 'patch',
  path: '/v1/members/{memberId}',
  tag: 'Workspace',
  summary: "Change a member's name or e-mail",
  access: 'admin',
  params,
  body: z.strictObject({ name: fields.name.optional(), email: fields.email.optional() }),
  answers: { 200: { description: 'The member', schema: member } },
  errors: ['not_found', 'already_exists'],
  async handle(call) {
    const { deps, caller, body, params: asked } = call;
    await activeMember(call);
    if (body.email !== undefined) await refuseTaken(call, body.email);
    const changed = await deps.store.members.update(caller.workspaceId, asked.memberId, given(body));
    if (!changed) throw notFound('member', asked.memberId);
    await audited(call, 'member.changed', asked.memberId, given(body));
    return { status: 200, body: view(changed) };
  },
});

export const removeMember = endpoint({
  method: 'delete',
  path: '/v1/members/{memberId}',
  tag: 'Workspace',
  summary: 'Remove a member: records keep naming it, new ones do not',
  access: 'admin',
  params,
  answers: { 204: { description: 'Removed' } },
  errors: ['not_found'],
  async handle(call) {
    const { deps, caller, params: asked, now } = call;
    await activeMember(call);
    await deps.store.members.update(caller.workspaceId, asked.memberId, { removedAt: now });
    await audited(call, 'member.removed', asked.memberId);
    return { status: 204 };
  },
});

async function activeMember({
  deps,
  caller,
  params: { memberId },
}: Call<{ memberId: string }>): Promise<void> {
  const found = await deps.store.members.get(caller.workspaceId, memberId);
  if (!found || found.removedAt !== null) throw notFound('member', memberId);
}

async function refuseTaken(
  { deps, caller, params }: Call<{ memberId: string }>,
  email: string,
): Promise<void> {
  const folded = email.toLowerCase();
  const members = await deps.store.members.active(caller.workspaceId);
  const taken = members.some(
    (each) => each.memberId !== params.memberId && each.email.toLowerCase() === folded,
  );
  if (taken) throw emailTaken(email);
}

function emailTaken(email: string): Problem {
  return new Problem(
    'already_exists',
    `A member with the e-mail ${email} is there already. Nothing was changed. Use that one, or another e-mail.`,
  );
}

function view({ memberId, name, email, createdAt, removedAt }: MemberDoc): z.infer<typeof member> {
  return { memberId, name, email, createdAt, removedAt };
}
