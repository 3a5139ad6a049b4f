import type { Logger } from 'pino';
import type { FileKind, ProviderDescription } from '../activities/providers/provider.js';
import type { SealedSecret } from '../activities/store/documents.js';
import type { Store } from '../activities/store/store.js';
import type { WorkflowGateway } from './workflow-gateway.js';

/** Closes credentials up for one app: what is sealed for one cannot be opened for another. */
export interface Sealer {
  seal(ref: { workspaceId: string; appId: string }, plain: string): SealedSecret | Promise<SealedSecret>;
  /** Throws where the key is missing or the text was altered. */
  open(ref: { workspaceId: string; appId: string }, sealed: SealedSecret): string | Promise<string>;
}

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
  sealer: Sealer;
  sniff: Sniff;
  settings: ApiSettings;
  logger: Logger;
  clock: () => Date;
  newId: () => string;
}
