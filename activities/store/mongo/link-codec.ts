import type { LinkStanding, LinkTie, StoredLink } from '../../records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import { part, partsOf, prefixOf } from './ids.js';
import { recordKey } from './record-codec.js';

/** A link as the collection holds it: origin, object and external id stand in the key only, what is usual is absent. */
export interface LinkStored {
  _id: string;
  /** Key of the record, so that the index on it begins with the workspace. */
  record: string;
  appId: string;
  hash: string;
  rules: string;
  modifiedAt?: string;
  /** JSON text: only merging reads it. */
  applied: string;
  notOurs?: string[];
  runId: string;
  /** Absent: the run that wrote it saw it last. */
  seenRunId?: string;
  seenAt: string;
  goneAt?: string;
}

export function linkPrefix(workspaceId: string, origin: string, object: string): string {
  return prefixOf(workspaceId, origin, object);
}

export function linkKey(link: Pick<StoredLink, 'workspaceId' | 'origin' | 'object' | 'externalId'>): string {
  return `${part(link.workspaceId)}/${part(link.origin)}/${link.object}/${link.externalId}`;
}

export function encodeLink(link: StoredLink): LinkStored {
  const doc: LinkStored = {
    _id: linkKey(link),
    record: recordKey(link.workspaceId, link.recordId),
    appId: link.appId,
    hash: link.sourceHash,
    rules: link.rulesVersion,
    applied: JSON.stringify(link.applied),
    runId: link.runId,
    seenAt: link.lastSeenAt,
  };
  if (link.modifiedAt !== null) doc.modifiedAt = link.modifiedAt;
  if (link.notOurs.length > 0) doc.notOurs = link.notOurs;
  if (link.seenRunId !== link.runId) doc.seenRunId = link.seenRunId;
  if (link.goneAt !== null) doc.goneAt = link.goneAt;
  return doc;
}

/** What a tie is read from. */
export type TieStored = Pick<LinkStored, '_id' | 'record' | 'appId' | 'runId' | 'goneAt'>;
export const TIE = { record: 1, appId: 1, runId: 1, goneAt: 1 } as const;

/** What tells that nothing is new. */
export type StandingStored = Pick<LinkStored, '_id' | 'record' | 'hash' | 'rules' | 'modifiedAt' | 'goneAt'>;
export const STANDING = { record: 1, hash: 1, rules: 1, modifiedAt: 1, goneAt: 1 } as const;

/** `prefix`: what all keys of the origin and object begin with. */
export function decodeStanding(doc: StandingStored, prefix: string): LinkStanding {
  return {
    externalId: doc._id.slice(prefix.length),
    recordId: recordIdOf(doc),
    sourceHash: doc.hash,
    rulesVersion: doc.rules,
    modifiedAt: doc.modifiedAt ?? null,
    goneAt: doc.goneAt ?? null,
  };
}

function recordIdOf({ record }: Pick<LinkStored, 'record'>): string {
  return record.slice(record.indexOf('/') + 1);
}

export function decodeTie(doc: TieStored): LinkTie {
  const [workspaceId = '', origin = '', object = '', externalId = ''] = partsOf(doc._id, 4);
  return {
    workspaceId,
    origin,
    object: object as ObjectName,
    externalId,
    recordId: recordIdOf(doc),
    appId: doc.appId,
    runId: doc.runId,
    goneAt: doc.goneAt ?? null,
  };
}

export function decodeLink(doc: LinkStored): StoredLink {
  return {
    ...decodeTie(doc),
    sourceHash: doc.hash,
    rulesVersion: doc.rules,
    modifiedAt: doc.modifiedAt ?? null,
    applied: JSON.parse(doc.applied) as StoredLink['applied'],
    notOurs: doc.notOurs ?? [],
    seenRunId: doc.seenRunId ?? doc.runId,
    lastSeenAt: doc.seenAt,
  };
}
