import type { ZodType } from 'zod';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import type { Mapping, ObjectMapping, SourceRecord } from '../records/types.js';

export type AuthKind = 'oauth2' | 'api_key' | 'basic' | 'file' | 'none';

export interface ObjectOffer {
  object: ObjectName;
  /** What the provider calls it. */
  nameAtProvider: string;
  neededPermission?: string;
  /** Absent where the mapping is proposed from the source itself (files). */
  defaultMapping?: ObjectMapping;
  /** The provider's own statuses as ours; what a person maps goes before. */
  defaultStatuses?: Record<string, string>;
  changes: 'cursor' | 'token' | 'events' | 'listing' | 'none';
  deletions: 'tombstones' | 'events' | 'listing' | 'none';
  /** False: an external id may come more than once in one run. */
  uniqueIds: boolean;
  /** Format of this object's bookmarks; raised when they are written otherwise. One of another version is not used: a full listing is offered. Absent: 1. */
  bookmarkVersion?: number;
}

/** How people log in at an OAuth 2 provider (authorization code with PKCE). Addresses come from the app's settings, checked like any other. */
export interface OAuthOffer {
  authorizeUrl(settings: Record<string, unknown>): string;
  tokenUrl(settings: Record<string, unknown>): string;
  clientId(settings: Record<string, unknown>): string | undefined;
  /** Where tokens are given back (RFC 7009) when the app goes. Absent: they run out by themselves. */
  revokeUrl?(settings: Record<string, unknown>): string | undefined;
  /** Asked for at the authorization page. */
  scopes: string[];
  /** Between scopes; the standard's space where absent. */
  scopeSeparator?: string;
  /** Further parameters of the authorization request. */
  authorizeParameters?: Record<string, string>;
}

/** What can be said of a provider without any I/O, so that the API may import it. */
export interface ProviderDescription {
  id: string;
  name: string;
  auth: AuthKind[];
  actions: { import: boolean; sync: boolean };
  settings: ZodType;
  /** Secrets only here. */
  credentials: ZodType;
  /** Settings that say where requests go: a change discards the credentials. */
  addressSettings: string[];
  objects: ObjectOffer[];
  /** Present where `auth` has `oauth2`. */
  oauth?: OAuthOffer;
}

export interface Provider extends ProviderDescription {
  /** Once per activity attempt. Cheap: no request is made before it is needed. */
  open(connection: OpenConnection): Promise<Session>;
}

/** What a provider gets to work with. It reads nothing else of ours. */
export interface OpenConnection {
  workspaceId: string;
  appId: string;
  settings: unknown;
  /**
   * Opened anew at each call, so that a refreshed or corrected secret is used at the next request. An app that logged in by OAuth has
   * `OAuthAccess` here; `rejected` is an access token that the provider has just refused (401): another one is got, once, under a lock.
   * Throws a `ProviderFailure` (`credentials_rejected`, `token_revoked`) where a person has to connect again.
   */
  credentials(rejected?: { accessToken: string }): Promise<unknown>;
  /** The run's pinned, effective mapping (defaults included). */
  mapping: Mapping;
  /** Stop after this many source records of an object. */
  limit?: number;
  /** Pinned file per object; only for the file provider. */
  files?: FileReader;
  network: NetworkPolicy;
  /** Told after every request to the provider. */
  onRequest(traffic: { bytes: number; milliseconds: number; status: number }): void;
}

/** What `credentials()` gives where a person logged in by OAuth. Never the refresh token or the client's secret. */
export interface OAuthAccess {
  accessToken: string;
}

export interface NetworkPolicy {
  /** Deployment's setting: loopback and private addresses may be reached. */
  allowPrivate: boolean;
  /** Milliseconds for one request, headers and body. */
  requestTimeoutMs: number;
  /** Bytes of one answer. */
  maxResponseBytes: number;
}

export interface FileReader {
  /** `null`: no usable file for this object. */
  describe(object: ObjectName): Promise<StoredFileFacts | null>;
  /** The canonical rows, chunk by chunk, from a chunk's number on. */
  chunks(fileId: string, fromChunk: number, signal: AbortSignal): AsyncIterable<FileChunk>;
}
export interface StoredFileFacts {
  fileId: string;
  name: string;
  kind: FileKind;
  rows: number;
  columns: string[];
  locale: string | null;
}
export type FileKind = 'csv' | 'xlsx' | 'ndjson' | 'vcard';
export interface FileChunk {
  seq: number;
  rows: CanonicalRow[];
}
/** One row of any file format: `data` by column name (CSV, XLSX: text; NDJSON, vCard: any JSON). */
export interface CanonicalRow {
  /** 1 is the first line of the file (sheet). */
  line: number;
  data: SourceRecord['data'];
  trouble?: { code: FailureCode; message: string; field?: string; value?: string };
}

export interface Account {
  id: string;
  name: string;
}

export interface Identity {
  account: Account;
  objects: { object: ObjectName; granted: boolean; why?: string }[];
}

/** Opaque to everyone but its provider; JSON text; never in history. */
export type Cursor = string;

/** Where a sync begins: the bookmark that an accepted run left, as the provider wrote it. Refused at the provider: `cursor_expired`. */
export interface Since {
  bookmark: string;
}

export interface SourcePage {
  records: SourceRecord[];
  /** Where the next page starts; absent at the end. */
  next?: Cursor;
  /** Given only when the listing or feed was read to its end. */
  bookmark?: string;
  /** Every page of a full listing came without error. */
  complete?: boolean;
}

export interface SourcePerson {
  id: string;
  name: string;
  email?: string;
}

export interface Session {
  identity(signal: AbortSignal): Promise<Identity>;
  /**
   * Everything (`undefined`), what changed since a bookmark (`Since`), or on from a page's `next`; a cursor says by itself which of the
   * two it belongs to. Any process can go on from any page. Where nothing tells what changed, a full listing answers a `Since` too,
   * and its last page is `complete`.
   */
  read(object: ObjectName, from: Cursor | Since | undefined, signal: AbortSignal): AsyncIterable<SourcePage>;
  /** Asked live, for comparisons; ids that are gone are left out. A record that goes by another id now says `formerId`. */
  get(object: ObjectName, externalIds: string[], signal: AbortSignal): Promise<SourceRecord[]>;
  /** Source records of an object as the provider counts them; `undefined` where it cannot. */
  total?(object: ObjectName, signal: AbortSignal): Promise<number | undefined>;
  /** Columns or properties the source has right now, for findings on new, gone or retyped ones. */
  columns?(object: ObjectName, signal: AbortSignal): Promise<string[]>;
  people?(signal: AbortSignal): Promise<SourcePerson[]>;
  urlOf?(object: ObjectName, externalId: string): string | undefined;
  close(): Promise<void>;
}

/** The one error a provider throws on purpose. Its message is shown to people and may enter history: no secret, no body. */
export class ProviderFailure extends Error {
  readonly code: FailureCode;
  /** When to ask again at the earliest, for `provider_rate_limited` and `provider_unavailable`. */
  readonly retryAt: Date | undefined;
  constructor(code: FailureCode, message: string, retryAt?: Date) {
    super(message);
    this.name = 'ProviderFailure';
    this.code = code;
    this.retryAt = retryAt;
  }
}
