import type { ObjectName } from '../../workflows/contract/objects.js';
import type { StoredLink, StoredRecord } from '../../activities/records/types.js';

export function stored(
  object: ObjectName,
  fields: StoredRecord['fields'],
  more: Partial<StoredRecord> = {},
): StoredRecord {
  return {
    workspaceId: 'w1',
    recordId: 'rec1',
    object,
    fields,
    extra: {},
    relations: {},
    unmapped: {},
    keys: [],
    weakKeys: [],
    references: 0,
    version: 3,
    writers: { '*': 'r:run1:app1:' },
    archivedAt: null,
    archivedBy: null,
    createdAt: '2024-01-01T00:00:00.000Z',
    updatedAt: '2024-01-02T00:00:00.000Z',
    createdBy: { runId: 'run1' },
    ...more,
  };
}

export function linked(more: Partial<StoredLink> = {}): StoredLink {
  return {
    workspaceId: 'w1',
    origin: 'app1',
    object: 'contacts',
    externalId: 'x1',
    recordId: 'rec1',
    appId: 'app1',
    sourceHash: 'h',
    rulesVersion: 'v1',
    modifiedAt: null,
    applied: {},
    notOurs: [],
    runId: 'run1',
    seenRunId: 'run1',
    lastSeenAt: '2024-01-02T00:00:00.000Z',
    goneAt: null,
    ...more,
  };
}
