import { keysOf } from '../../activities/records/keys.js';
import type { PageContext } from '../../activities/records/page.js';
import type {
  FieldValue,
  Mapped,
  MappedRecord,
  Policies,
  Rules,
  StoredLink,
  StoredRecord,
} from '../../activities/records/types.js';
import { runWriter } from '../../activities/records/writers.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

export const ANN = { id: 'ann', name: 'Ann' };
export const NOW = '2026-05-01T10:00:00Z';

export function policies(changes: Partial<Policies> = {}): Policies {
  return {
    existing: {},
    linked: 'update',
    sameApp: 'create',
    priority: 0,
    edits: 'keep',
    heldUnreviewed: 'keep',
    reminderHours: 24,
    required: {},
    review: null,
    breakers: { failed: 0.05, updated: null, deleted: 0.1, duplicates: null },
    ...changes,
  };
}

export function rules(changes: Partial<Policies> = {}, version = 'v1'): Rules {
  return {
    mapping: { objects: {}, owners: {}, statuses: {} },
    policies: policies(changes),
    members: { byEmail: {}, ids: [] },
    locale: null,
    timeZone: null,
    country: null,
    version,
  };
}

let made = 0;

export function context(changes: Partial<PageContext> = {}): PageContext {
  return {
    workspaceId: 'w1',
    appId: 'app1',
    runId: 'run1',
    origin: changes.appId === undefined ? 'app1' : changes.appId,
    object: 'contacts',
    now: NOW,
    newId: () => `rec${String((made += 1)).padStart(6, '0')}`,
    idsMayRepeat: false,
    ...changes,
  };
}

export type Said = Partial<
  Pick<MappedRecord, 'modifiedAt' | 'deleted' | 'relations' | 'extra' | 'unmapped' | 'warnings'>
> & {
  fields?: Record<string, FieldValue | null>;
  hash?: string;
};

/** A mapped source record, with the hash and the keys it would have. */
export function source(externalId: string, said: Said = {}, object: ObjectName = 'contacts'): Mapped {
  const fields = said.fields ?? {};
  const relations = said.relations ?? {};
  const extra = said.extra ?? {};
  const unmapped = said.unmapped ?? {};
  return {
    ok: true,
    record: {
      externalId,
      modifiedAt: said.modifiedAt ?? null,
      deleted: said.deleted ?? false,
      position: null,
      sourceHash: said.hash ?? JSON.stringify([fields, relations, extra, unmapped]),
      fields,
      relations,
      extra,
      unmapped,
      ...keysOf(object, fields, relations),
      warnings: said.warnings ?? [],
    },
  };
}

export function failedSource(externalId: string): Mapped {
  return {
    ok: false,
    externalId,
    position: '4',
    problems: [{ severity: 'failed', code: 'value_invalid', externalId, message: 'Row 4 is no good.' }],
  };
}

export function stored(
  recordId: string,
  fields: Record<string, FieldValue>,
  changes: Partial<StoredRecord> = {},
): StoredRecord {
  const object = changes.object ?? 'contacts';
  return {
    workspaceId: 'w1',
    recordId,
    object,
    fields,
    extra: {},
    relations: {},
    unmapped: {},
    ...keysOf(object, fields, {}),
    references: 0,
    version: 1,
    writers: { '*': runWriter('run0', 'app0', null) },
    archivedAt: null,
    archivedBy: null,
    createdAt: NOW,
    updatedAt: NOW,
    createdBy: { runId: 'run0' },
    ...changes,
  };
}

export function linkTo(recordId: string, externalId: string, changes: Partial<StoredLink> = {}): StoredLink {
  return {
    workspaceId: 'w1',
    origin: 'app1',
    object: 'contacts',
    externalId,
    recordId,
    appId: 'app1',
    sourceHash: 'before',
    rulesVersion: 'v1',
    modifiedAt: null,
    applied: {},
    notOurs: [],
    runId: 'run0',
    seenRunId: 'run0',
    lastSeenAt: NOW,
    goneAt: null,
    ...changes,
  };
}
