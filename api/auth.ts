import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { ApiDeps } from './deps.js';
import type { Caller, CallerRole } from './endpoint.js';
import { Problem } from './errors.js';

export const DEFAULT_WORKSPACE = 'default';

const RANK: Readonly<Record<CallerRole, number>> = { viewer: 0, operator: 1, admin: 2, owner: 3 };

export function mayAct(role: CallerRole, least: CallerRole): boolean {
  return RANK[role] >= RANK[least];
}

/** What is stored of a key. A key has 256 random bits, so a plain hash cannot be reversed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** 401 without a valid key, 403 where its role does not reach or where it may not act for a person. */
export async function authenticate(
  deps: Pick<ApiDeps, 'store' | 'settings'>,
  req: Request,
  least: CallerRole,
): Promise<Caller> {
  const key = BEARER.exec(req.headers.authorization ?? '')?.[1];
  const found = key === undefined ? null : await findCaller(deps, hashKey(key));
  if (!found) {
    throw new Problem(
      'unauthorized',
      'This needs a valid key: send "Authorization: Bearer <key>". Nothing was done.',
      {},
      { 'WWW-Authenticate': 'Bearer' },
    );
  }
  const { caller, actAs } = found;
  if (!mayAct(caller.role, least)) {
    throw new Problem(
      'forbidden',
      `This key has the role ${caller.role}; this needs the role ${least}. Nothing was done. Use a key with that role.`,
      { role: caller.role, needed: least },
    );
  }
  return { ...caller, actor: actorOf(req, caller, actAs) };
}

/** Both hashes have one length, so that comparing them tells nothing about the key. */
async function findCaller(
  { store, settings }: Pick<ApiDeps, 'store' | 'settings'>,
  hash: string,
): Promise<{ caller: Caller; actAs: boolean } | null> {
  const { adminKey } = settings;
  if (adminKey !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(hashKey(adminKey)))) {
    const actor = { id: 'owner', name: 'Owner' };
    return { caller: { workspaceId: DEFAULT_WORKSPACE, keyId: 'owner', role: 'owner', actor }, actAs: true };
  }
  const key = await store.keys.byHash(hash);
  if (!key || key.revokedAt !== null) return null;
  const { workspaceId, keyId, role, actAs } = key;
  return { caller: { workspaceId, keyId, role, actor: { id: keyId, name: key.name } }, actAs };
}

const actorSchema = z.strictObject({ id: z.string().min(1).max(200), name: z.string().min(1).max(200) });

function actorOf(req: Request, caller: Caller, actAs: boolean): Caller['actor'] {
  const header = req.headers['sluice-actor'];
  if (header === undefined) return caller.actor;
  if (!actAs) {
    throw new Problem(
      'actor_not_allowed',
      'This key was not made with actAs, so it cannot name a person. Nothing was done. Leave Sluice-Actor out or use another key.',
    );
  }
  const parsed = actorSchema.safeParse(parseHeader(String(header)));
  if (!parsed.success) {
    throw new Problem(
      'invalid_request',
      'Sluice-Actor must be JSON like {"id":"u1","name":"Ann"}. Nothing was done. Correct the header.',
      { issues: [{ path: 'headers.sluice-actor', message: 'Expected {"id", "name"} as JSON' }] },
    );
  }
  return parsed.data;
}

/** Node reads headers as Latin-1; a client that sends a name as UTF-8 means UTF-8. */
function parseHeader(header: string): unknown {
  const bytes = Buffer.from(header, 'latin1');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    try {
      return JSON.parse(header);
    } catch {
      return null;
    }
  }
}
