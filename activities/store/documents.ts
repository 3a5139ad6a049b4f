import type { Actor } from '../../workflows/contract/activities.js';
import type { FailureInfo } from '../../workflows/contract/failures.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ScheduleTiming } from '../../workflows/contract/schedules.js';
import type { RunStep } from '../../workflows/contract/status.js';
import type { FileKind } from '../providers/provider.js';
import type { LastCheck } from '../records/retry-lock.js';
import type { Mapping, ObjectMapping, Policies } from '../records/types.js';

/**
 * What the store keeps, as the rest of the code sees it. How it lies in the database is the business of `mongo/`;

 * what a client of the API sees is the business of `api/`. All times are ISO 8601 UTC.
 */

export interface WorkspaceDoc {
  workspaceId: string;
  name: string;
  /** ISO 3166 alpha-2: how phone numbers without a country code are read. */
  country: string | null;
  createdAt: string;
}

export type Role = 'viewer' | 'operator' | 'admin';

export interface KeyDoc {
  workspaceId: string;
  keyId: string;
  name: string;
  role: Role;
  actAs: boolean;
  /** SHA-256 of the key, hex. The key itself is never stored. */
  hash: string;
  createdAt: string;
  createdBy: Actor;
  revokedAt: string | null;
}

export interface MemberDoc {
  workspaceId: string;
  memberId: string;
  name: string;
  email: string;
  createdAt: string;
  /** Kept, because records name it; no longer an owner for new ones. */
  removedAt: string | null;
}

export interface LastError extends FailureInfo {
  object: ObjectName | null;
  step: RunStep | null;
  at: string;
}

export interface ConnectionState {
  status: 'not_connected' | 'pending' | 'ready' | 'needs_attention';
  account: { id: string; name: string } | null;
  checkedAt: string | null;
  problems: { code: string; message: string }[];
}

/** Somebody logged in at the provider, and whoever began it has not confirmed yet. What is used meanwhile is what was there before. */
export interface WaitingLogin {
  loginId: string;
  account: { id: string; name: string };
  at: string;
  by: Actor;
}

/**
 * One log-in at an OAuth provider, from the address that was given out to its end.
 * `begun` → `returned` (the provider sent the person back; the state is used up) → `exchanging` (the code may have been sent, and is not
 * sent again) → `exchanged` (tokens kept) → `pending` (it is known whose they are) → `confirmed`; or `failed` at any point.
 */
export interface LoginDoc {
  workspaceId: string;
  appId: string;
  loginId: string;
  /** SHA-256 of the `state`, hex. The state itself is in the address alone. */
  stateHash: string;
  status: 'begun' | 'returned' | 'exchanging' | 'exchanged' | 'pending' | 'confirmed' | 'failed';
  by: { keyId: string; actor: Actor };
  place: LoginPlace;
  returnTo: string | null;
  /** PKCE verifier, then the code with it, then the tokens. Gone at the end. */
  sealed: SealedSecret | null;
  account: { id: string; name: string } | null;
  failure: { code: string; message: string } | null;
  startedAt: string;
}

/** Where a log-in was sent and where its code must go: another address in the settings ends it. */
export interface LoginPlace {
  authorizeUrl: string;
  tokenUrl: string;
  clientId: string;
  redirectUri: string;
}

export interface AppDoc {
  workspaceId: string;
  appId: string;
  providerId: string;
  name: string;
  settings: Record<string, unknown>;
  scope: ObjectName[];
  /** What a person set over the provider's defaults; `null` fields drop a default. */
  mapping: Mapping;
  /** Rises with each change of mapping. */
  mappingVersion: number;
  /** Since when it is so, and who said it; nobody where the proposal of a file was taken. Absent: as it was installed, or unknown. */
  mappingSet?: { at: string; by: Actor | null };
  policies: Policies;
  /** When syncs are due, as a person set it. */
  schedule: ScheduleDoc | null;
  /** Rises with each change of the schedule, its removal included. Absent: there never was one. */
  scheduleVersion?: number;
  /** Temporal may have another schedule than this one, or still have one: it is told again. */
  schedulePending?: boolean;
  /** The last sync that was due and passed over. */
  scheduleSkip?: ScheduleSkip | null;
  connection: ConnectionState;
  /** Beside the connection, so that a check or a run that notes what it found leaves it alone. */
  login?: WaitingLogin | null;
  /** The log-in whose tokens are used, and the request that confirmed it: its repeat gets the same answer. */
  lastLogin?: { loginId: string; token: string } | null;
  credentials: { enteredAt: string; by: Actor } | null;
  lastSyncedAt: string | null;
  lastImportedAt: string | null;
  lastError: LastError | null;
  /** The last run that failed or was cancelled with something written; whether it still locks is judged anew each time. */
  lock?: { runId: string; at: string } | null;
  /** What the last check of the connection said: the proof that a cause is gone. */
  lastCheck?: LastCheck | null;
  paused: boolean;
  createdAt: string;
  createdBy: Actor;
  /** Uninstalled: secrets are gone, records and links stay. */
  removedAt: string | null;
  /** Rises with every change; guards read-modify-write. */
  revision: number;
}

export interface ScheduleDoc extends ScheduleTiming {
  /** As they were given; null: left out. */
  interval: string | number | null;
  jitter: string | number | null;
  /** Null: all of the app's scope that the provider can sync. */
  objects: ObjectName[] | null;
  set: { at: string; by: Actor };
}

export interface ScheduleSkip {
  /** A code: `app_paused`, `connection_not_ready`, `retry_locked`, `run_already_active` ... */
  reason: string;
  message: string;
  /** The run that stood in the way. */
  runId: string | null;
  at: string;
  /** Skips in a row for the same reason: the first of them, and how many. */
  since: string;
  times: number;
}

/** One version of an app's mapping. What a version says never changes. */
export interface MappingDoc {
  workspaceId: string;
  appId: string;
  version: number;
  mapping: Mapping;
  at: string | null;
  by: Actor | null;
}

/** Where the next sync of an object starts. Moves only past what was applied, in a run that was accepted or passed. */
export interface BookmarkDoc {
  workspaceId: string;
  appId: string;
  object: ObjectName;
  /** Provider and account: a bookmark of another account is nobody's. */
  origin: string;
  bookmark: string;
  /** Its format, as the provider's offer named it. */
  version: number;
  runId: string;
  /** The moment that run began to read the object. */
  at: string;
  /** The one before it. */
  before: Pick<BookmarkDoc, 'bookmark' | 'version' | 'runId' | 'at'> | null;
}

export interface SealedSecret {
  keyId: string;
  iv: string;
  tag: string;
  data: string;
}

export interface CredentialsDoc {
  workspaceId: string;
  appId: string;
  sealed: SealedSecret;
  version: number;
}

/** Signs certificates; the newest one of a deployment. */
export interface SigningKeyDoc {
  keyId: string;
  /** Counts up; absent: the first. */
  number?: number;
  /** A JSON Web Key of type OKP: its `x`. */
  publicKey: string;
  sealed: SealedSecret;
  createdAt: string;
  /** Since when another one signs. */
  retiredAt?: string | null;
}

/** What certificates are verified with: it stays when another key has taken its place, and its private half goes. */
export type PublicSigningKey = Pick<SigningKeyDoc, 'keyId' | 'publicKey' | 'createdAt'> & {
  retiredAt: string | null;
};

/** What `files/inspect.ts` found out about an upload. */
export interface InspectionDoc {
  kind: FileKind;
  encoding: string | null;
  delimiter: string | null;
  locale: string | null;
  sheet: string | null;
  sheets: { name: string; rows: number }[];
  headerRow: number | null;
  rows: number;
  columns: { name: string; filled: number; unique: boolean; samples: string[]; looksLike: string | null }[];
  proposedMapping: ObjectMapping | null;
  mappingClear: boolean;
  mappingWhy: string[];
  warnings: { code: string; message: string }[];
}

export interface FileDoc {
  workspaceId: string;
  appId: string;
  fileId: string;
  object: ObjectName;
  name: string;
  contentType: string | null;
  size: number;
  sha256: string;
  kind: FileKind;
  hints: { sheet?: string; headerRow?: number; encoding?: string; delimiter?: string; locale?: string };
  uploadedAt: string;
  uploadedBy: Actor;
  inspection: 'pending' | 'done' | 'failed';
  result: InspectionDoc | null;
  error: { code: string; message: string } | null;
}

export interface AuditDoc {
  workspaceId: string;
  auditId: string;
  at: string;
  actor: Actor;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}
