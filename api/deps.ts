import type { Logger } from 'pino';
import type { Sealer } from '../activities/connections/seal.js';
import type { FileKind, ProviderDescription } from '../activities/providers/provider.js';
import type { Store } from '../activities/store/store.js';
import type { WorkflowGateway } from './workflow-gateway.js';

/** What the first bytes of an upload, its name and its `Content-Type` say it is. */
export type Sniff = (
  head: Uint8Array,
  said: { name: string; contentType: string | null; encoding?: string },
) =>
  /** `wide`: zero bytes belong in this text. */
  | { ok: true; kind: FileKind; wide?: true }
  | { ok: false; code: 'file_kind_unsupported' | 'file_empty'; message: string };

/** What the routes need to know of the configuration. */
export interface ApiSettings {
  /** The owner's key. Null: nobody is the owner. */
  adminKey: string | null;
  /** Makes keys and request hashes that nobody else can compute. */
  secretKey: string;
  /** Where people and providers reach this API, no slash at the end. Null: only on this machine, where it listens. */
  publicUrl: string | null;
  /** Where a log-in may send people back to, besides `publicUrl` itself. */
  returnOrigins: readonly string[];
  /** Providers may be at addresses without TLS. */
  allowPrivate: boolean;
  maxLiveRuns: number;
  /** Bytes of one CSV, NDJSON or vCard upload; an XLSX file has its own. */
  maxUploadBytes: number;
  maxXlsxBytes: number;
  version: string;
}

export interface ApiDeps {
  store: Store;
  workflows: WorkflowGateway;
  descriptions: readonly ProviderDescription[];
  /** What is sealed for one app cannot be opened for another. */
  sealer: Pick<Sealer, 'seal' | 'open'>;
  sniff: Sniff;
  settings: ApiSettings;
  logger: Logger;
  clock: () => Date;
  newId: () => string;
}
