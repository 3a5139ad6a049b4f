import type { Audit } from '../store.js';
import type { AuditDoc } from '../documents.js';
import type { Database } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { insertOnce } from './packed.js';

export function createAudit(database: Database): Audit {
  return {
    insert: (entry) => insertOnce(database, 'audit', idOf(entry.workspaceId, entry.auditId), entry),
    list: (workspaceId, query) =>
      listDown(database.collection('audit'), {
        prefix: prefixOf(workspaceId),
        query,
        decode: (doc) => unpackDoc(doc) as AuditDoc,
      }),
  };
}
