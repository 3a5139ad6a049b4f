import type { FailureInfo } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { RunStatus } from '../../workflows/contract/status.js';
import type { FileChunk } from '../providers/provider.js';
import type {
  AppDoc,
  AuditDoc,
  BookmarkDoc,
  CredentialsDoc,
  FileDoc,
  KeyDoc,
  MappingDoc,
  MemberDoc,
  PublicSigningKey,
  SealedSecret,
  SigningKeyDoc,
  WorkspaceDoc,
} from './documents.js';
import type { ChecklistDoc, HoldDoc, ReviewDoc, RunDoc } from './run-documents.js';
import type { Links, Problems, Records } from './kept.js';
import type { ListQuery, Listed } from './listing.js';
import type { Logins } from './logins.js';
import type { Plans } from './planning.js';
import type { Decisions, Repairs } from './repairing.js';
import type { Pages, Pendings, Transfers, Turns, UndoConflicts } from './moving.js';

/** The store could not be reached or did not answer in time: nothing is known to be written by this call. */
export class StoreUnavailable extends Error {}

/** Another active member has this e-mail. Nothing was changed. */
export class EmailTaken extends Error {}

export interface Store {
  workspaces: Workspaces;
  keys: Keys;
  members: Members;
  apps: Apps;
  mappings: Mappings;
  credentials: Credentials;
  logins: Logins;
  files: Files;
  runs: Runs;
  idempotency: Idempotency;
  bookmarks: Bookmarks;
  transfers: Transfers;
  pages: Pages;
  records: Records;
  links: Links;
  problems: Problems;
  pending: Pendings;
  plans: Plans;
  conflicts: UndoConflicts;
  repairs: Repairs;
  decisions: Decisions;
  turns: Turns;
  holds: Holds;
  checklists: Checklists;
  reviews: Reviews;
  audit: Audit;
  answers: Answers;
  signingKeys: SigningKeys;
  /** Creates collections and indexes, runs migrations in order under a lock. Older code refuses a newer store. Repeatable. */
  prepare(): Promise<void>;
  /** A real call to the server. Name and version of what answered, and whether it is a trial stand-in. */
  ping(): Promise<{ name: string; version: string; standIn: boolean }>;
  close(): Promise<void>;
}

export interface Workspaces {
  get(workspaceId: string): Promise<WorkspaceDoc | null>;
  list(query: ListQuery): Promise<Listed<WorkspaceDoc>>;
  /** False: the id is taken. */
  insert(workspace: WorkspaceDoc): Promise<boolean>;
  /** Everything of the workspace goes. */
  remove(workspaceId: string): Promise<boolean>;
}

export interface Keys {
  byHash(hash: string): Promise<KeyDoc | null>;
  get(workspaceId: string, keyId: string): Promise<KeyDoc | null>;
  list(workspaceId: string, query: ListQuery): Promise<Listed<KeyDoc>>;
  insert(key: KeyDoc): Promise<void>;
  update(
    workspaceId: string,
    keyId: string,
    patch: Partial<Pick<KeyDoc, 'name' | 'role' | 'actAs' | 'revokedAt'>>,
  ): Promise<KeyDoc | null>;
}

export interface Members {
  get(workspaceId: string, memberId: string): Promise<MemberDoc | null>;
  list(workspaceId: string, query: ListQuery): Promise<Listed<MemberDoc>>;
  /** All that may own records today, at most 10,000. */
  active(workspaceId: string): Promise<MemberDoc[]>;
  /** False: another active member has this e-mail (folded). */
  insert(member: MemberDoc): Promise<boolean>;
  update(
    workspaceId: string,
    memberId: string,
    patch: Partial<Pick<MemberDoc, 'name' | 'email' | 'removedAt'>>,
  ): Promise<MemberDoc | null>;
}

export interface Apps {
  /** Uninstalled ones too: look at `removedAt`. */
  get(workspaceId: string, appId: string): Promise<AppDoc | null>;
  list(workspaceId: string, query: ListQuery): Promise<Listed<AppDoc>>;
  insert(app: AppDoc): Promise<void>;
  /** Guarded by `revision`; null: somebody changed it meanwhile (read again). */
  replace(app: AppDoc): Promise<AppDoc | null>;
  /** Unguarded change of single top-level fields, by activities (`connection`, `lastError`, `lastImportedAt` ...). */
  patch(
    workspaceId: string,
    appId: string,
    patch: Partial<Omit<AppDoc, 'workspaceId' | 'appId' | 'revision'>>,
  ): Promise<AppDoc | null>;
  /** Of all workspaces, with a schedule that Temporal may not have: for the sweeper. */
  schedulesPending(limit: number): Promise<AppDoc[]>;
}

export interface Mappings {
  /** Keeps the mapping that an app has now, under its version. Repeatable: to be called before another takes its place. */
  keep(app: AppDoc): Promise<void>;
  /** Newest first. The app's own may be missing: it is on the app. */
  list(workspaceId: string, appId: string, query: ListQuery): Promise<Listed<MappingDoc>>;
}

/** Where syncs start, one per object of an app. */
export interface Bookmarks {
  get(workspaceId: string, appId: string, object: ObjectName): Promise<BookmarkDoc | null>;
  /** Of every object that has one, in run order. */
  list(workspaceId: string, appId: string): Promise<BookmarkDoc[]>;
  /** States it; a repeat changes nothing. `whileLive`: only while that run has not ended, else nothing is written and the answer is false. */
  set(bookmark: BookmarkDoc, whileLive?: Pick<RunRef, 'runId'>): Promise<boolean>;
  remove(workspaceId: string, appId: string, object: ObjectName): Promise<void>;
}

export interface Credentials {
  get(workspaceId: string, appId: string): Promise<CredentialsDoc | null>;
  put(credentials: Omit<CredentialsDoc, 'version'>): Promise<void>;
  remove(workspaceId: string, appId: string): Promise<void>;
  /** Writes over exactly what was read. False: somebody wrote or removed them meanwhile, and nothing was written. */
  replace(read: CredentialsDoc, sealed: SealedSecret): Promise<boolean>;
  /** Of all workspaces, in the order of their keys: for the sweeper. `next`: where to go on; null at the end. */
  walk(after: string | null, limit: number): Promise<{ items: CredentialsDoc[]; next: string | null }>;
  /**
   * Takes the lease under which one process renews an app's tokens; it runs out after `ms` by the store's clock. `abandoned`: whoever
   * held it before never gave it back. Null: somebody holds it.
   */
  lease(
    workspaceId: string,
    appId: string,
    holder: string,
    ms: number,
  ): Promise<{ abandoned: boolean } | null>;
  /** Gives it back; one that is another's by now is left alone. */
  release(workspaceId: string, appId: string, holder: string): Promise<void>;
}

export interface Files {
  /** Streams the bytes into the store; the file is not there before `insert`. Abandoned uploads are swept. */
  upload(workspaceId: string, appId: string, fileId: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  insert(file: FileDoc): Promise<void>;
  get(workspaceId: string, appId: string, fileId: string): Promise<FileDoc | null>;
  list(workspaceId: string, appId: string, query: ListQuery): Promise<Listed<FileDoc>>;
  /** The newest file of an object, inspected or not. */
  newest(workspaceId: string, appId: string, object: ObjectName): Promise<FileDoc | null>;
  update(
    workspaceId: string,
    appId: string,
    fileId: string,
    patch: Partial<Pick<FileDoc, 'inspection' | 'result' | 'error'>>,
  ): Promise<void>;
  /** Whole, or a range of which `end` is exclusive. */
  bytes(
    workspaceId: string,
    appId: string,
    fileId: string,
    range?: { start: number; end: number },
  ): AsyncIterable<Uint8Array>;
  /** Replaces what is there from an earlier, interrupted inspection. */
  clearChunks(workspaceId: string, appId: string, fileId: string): Promise<void>;
  putChunk(workspaceId: string, appId: string, fileId: string, chunk: FileChunk): Promise<void>;
  chunks(
    workspaceId: string,
    appId: string,
    fileId: string,
    fromChunk: number,
    signal: AbortSignal,
  ): AsyncIterable<FileChunk>;
  /** Bytes, chunks and document of every file of an app. */
  removeAll(workspaceId: string, appId: string): Promise<void>;
}

/** What `runs.patch` may state. `revision` and `updatedAt` follow by themselves. */
export type RunPatch = Partial<Omit<RunDoc, 'workspaceId' | 'runId' | 'revision' | 'updatedAt' | 'objects'>>;

export interface RunFilter {
  appId?: string;
  status?: RunStatus;
  kind?: RunDoc['kind'];
}

export interface Runs {
  get(workspaceId: string, runId: string): Promise<RunDoc | null>;
  list(workspaceId: string, filter: RunFilter, query: ListQuery): Promise<Listed<RunDoc>>;
  /** False: the run id is there already (a repeated start). */
  insert(run: RunDoc): Promise<boolean>;
  /** Removes a run that was never started (its workflow was refused). */
  removeUnstarted(workspaceId: string, runId: string): Promise<void>;
  /** Null: no such run, or (with `onlyIf`) its status is another. A terminal status is never left. */
  patch(
    workspaceId: string,
    runId: string,
    patch: RunPatch,
    onlyIf?: { status: readonly RunStatus[] },
  ): Promise<RunDoc | null>;
  patchObject(
    workspaceId: string,
    runId: string,
    object: ObjectName,
    patch: Partial<Omit<RunDoc['objects'][number], 'object'>>,
  ): Promise<void>;
  /** One small read before each page. */
  control(workspaceId: string, runId: string): Promise<RunDoc['control'] | null>;
  revision(workspaceId: string, runId: string): Promise<{ revision: number; status: RunStatus } | null>;
  /** Of one app, in any non-terminal status. */
  live(workspaceId: string, appId: string): Promise<RunDoc[]>;
  /** Runs of the same app that were made before this one, the newest first, in any status. */
  before(run: RunRef, limit: number): Promise<Pick<RunDoc, 'workspaceId' | 'runId' | 'status' | 'objects'>[]>;
  /** Of all workspaces, non-terminal, not touched for this long: for the sweeper. */
  untouched(olderThan: string, limit: number): Promise<RunDoc[]>;
  /** Of all workspaces, non-terminal, with a cancel noted: for the sweeper. */
  cancelling(limit: number): Promise<RunDoc[]>;
  /** Ended before this time, pages still there: for retention. */
  expired(before: string, limit: number): Promise<RunDoc[]>;
  countByStatus(): Promise<{ status: RunStatus; runs: number }[]>;
  oldestReviewSince(): Promise<string | null>;
}

export interface Idempotency {
  /**
   * Claims a key for a request. `fresh`: go ahead, then `finish`. `busy`: the same request is being answered right now.
   * `known`: its answer (null while it was begun and never finished: go ahead again with the same `token`). `different`: another body.
   * `token` is stable for a key: ids that a request makes are derived from it, so that a repeated one makes the same.
   */
  begin(args: {
    workspaceId: string;
    route: string;
    key: string;
    requestHash: string;
    token: string;
  }): Promise<
    | { state: 'fresh'; token: string }
    | { state: 'known'; token: string; answer: { status: number; body: unknown } | null }
    | { state: 'different' }
  >;
  finish(
    workspaceId: string,
    route: string,
    key: string,
    answer: { status: number; body: unknown },
  ): Promise<void>;
}

export interface Holds {
  /** Repeatable: one per run. */
  open(hold: HoldDoc): Promise<void>;
  end(workspaceId: string, runId: string, by: 'run' | 'sweeper', at: string): Promise<void>;
  live(workspaceId: string | null, limit: number): Promise<HoldDoc[]>;
}

export interface Checklists {
  put(checklist: ChecklistDoc): Promise<void>;
  get(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): Promise<ChecklistDoc | null>;
}

export interface Reviews {
  /** Insert-only; a repeated one (same run, object, decision, time) is one. */
  insert(review: ReviewDoc): Promise<void>;
  list(ref: Pick<RunRef, 'workspaceId' | 'runId'>): Promise<ReviewDoc[]>;
}

export interface Audit {
  insert(entry: AuditDoc): Promise<void>;
  list(workspaceId: string, query: ListQuery): Promise<Listed<AuditDoc>>;
}

export interface SigningKeys {
  /** The one that signs. */
  get(): Promise<SigningKeyDoc | null>;
  /** All that there ever were, the newest first. */
  list(): Promise<PublicSigningKey[]>;
  /** The one that is there from now on: this one, or the one that another process was faster with. */
  insert(made: SigningKeyDoc): Promise<SigningKeyDoc>;
  /**
   * Signs from now on; the private halves of the ones before are destroyed. Repeatable with the same token: the first one made
   * for it counts.
   */
  rotate(made: SigningKeyDoc, token: string): Promise<PublicSigningKey>;
  /** The same key, sealed anew; nothing is written over a key that somebody else sealed anew meanwhile. */
  reseal(read: SigningKeyDoc, sealed: SealedSecret): Promise<void>;
}

/** Answers of `askProvider`, because no record may enter a workflow's history. They vanish after an hour. */
export interface Answers {
  /** A worker is at it. Repeatable. */
  begin(answerId: string): Promise<void>;
  /** True once a worker has begun, or is done. */
  begun(answerId: string): Promise<boolean>;
  put(answerId: string, answer: { result: unknown } | { error: FailureInfo }): Promise<void>;
  get(answerId: string): Promise<{ result: unknown } | { error: FailureInfo } | null>;
}
