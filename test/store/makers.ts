import type { DecidedPage, JournalEntry } from '../../activities/records/page.js';
import {
  noCounts,
  type SourceRecord,
  type StoredLink,
  type StoredRecord,
} from '../../activities/records/types.js';
import type { UndonePage } from '../../activities/records/undo-types.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { ApplyCommit, Claim, StageCommit, TurnHeld } from '../../activities/store/moving.js';
import type { Store } from '../../activities/store/store.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

export const WS = 'acme';
export const APP = 'app-1';
export const ORIGIN = 'app-1';
export const NOW = '2026-05-01T10:00:00.000Z';
export const REF: RunRef = { workspaceId: WS, appId: APP, runId: 'run-1' };
export const ANN = { id: 'ann', name: 'Ann' };

export function record(recordId: string, changes: Partial<StoredRecord> = {}): StoredRecord {
  return {
    workspaceId: WS,
    recordId,
    object: 'contacts',
    fields: { name: `Person ${recordId}` },
    extra: {},
    relations: {},
    unmapped: {},
    keys: [],
    weakKeys: [],
    references: 0,
    version: 1,
    writers: { '*': 'r:run-1:app-1:' },
    archivedAt: null,
    archivedBy: null,
    createdAt: NOW,
    updatedAt: NOW,
    createdBy: { runId: 'run-1' },
    ...changes,
  };
}

export function link(externalId: string, recordId: string, changes: Partial<StoredLink> = {}): StoredLink {
  return {
    workspaceId: WS,
    origin: ORIGIN,
    object: 'contacts',
    externalId,
    recordId,
    appId: APP,
    sourceHash: `hash of ${externalId}`,
    rulesVersion: 'rules-1',
    modifiedAt: null,
    applied: { name: `Person ${recordId}` },
    notOurs: [],
    runId: 'run-1',
    seenRunId: 'run-1',
    lastSeenAt: NOW,
    goneAt: null,
    ...changes,
  };
}

export function source(externalId: string, data: SourceRecord['data'] = { id: externalId }): SourceRecord {
  return { externalId, data };
}

export function entry(recordId: string, changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    recordId,
    externalId: null,
    object: 'contacts',
    outcome: 'created',
    versionBefore: null,
    versionAfter: 1,
    fields: [{ field: 'name', before: null, after: `Person ${recordId}`, writerBefore: null }],
    linkBefore: null,
    linkAfter: null,
    bumps: [],
    pendingAdded: [],
    ...changes,
  };
}

export function nothing(): DecidedPage {
  return {
    outcomes: [],
    records: [],
    links: [],
    bumps: [],
    pending: [],
    journal: [],
    problems: [],
    duplicates: [],
    counts: noCounts(),
    identity: { known: 0, changed: 0, samples: [] },
  };
}

/** A page that makes one record and one link per pair of external id and record id. */
export function creating(
  pairs: readonly (readonly [externalId: string, recordId: string])[],
  object: ObjectName = 'contacts',
): DecidedPage {
  const page = nothing();
  for (const [externalId, recordId] of pairs) {
    const after = link(externalId, recordId, { object });
    page.records.push({ record: record(recordId, { object }), expectedVersion: null });
    page.links.push(after);
    page.journal.push(entry(recordId, { externalId, object, linkAfter: after }));
    page.outcomes.push({ externalId, outcome: 'created', recordId });
  }
  page.counts = { ...noCounts(), fetched: pairs.length, created: pairs.length };
  return page;
}

export function undone(changes: Partial<UndonePage> = {}): UndonePage {
  return {
    removals: [],
    writes: [],
    restoredLinks: [],
    removedLinks: [],
    bumps: [],
    pendingAdded: [],
    pendingRemoved: [],
    pendingRemovedOf: [],
    conflicts: [],
    kept: [],
    counts: { remove: 0, restore: 0, keep: 0 },
    ...changes,
  };
}

export function staging(claim: Claim, fromSeq: number, pages: SourceRecord[][]): StageCommit {
  return {
    ref: REF,
    object: 'contacts',
    epoch: claim.fetch.epoch,
    fromSeq,
    pages,
    cursor: `after ${fromSeq + pages.length - 1}`,
    done: false,
    bookmark: null,
    complete: false,
    traffic: { requests: 1, bytes: 10 },
  };
}

export function applying(claim: Claim, turn: TurnHeld, seq: number, decided: DecidedPage): ApplyCommit {
  return {
    ref: REF,
    object: 'contacts',
    seq,
    pageOrigin: 'fetch',
    origin: ORIGIN,
    epoch: claim.apply.epoch,
    turn,
    decided,
    settled: [],
    rows: 0,
    now: NOW,
  };
}

export function run(changes: Partial<RunDoc> = {}): RunDoc {
  return {
    workspaceId: WS,
    runId: REF.runId,
    appId: APP,
    providerId: 'files',
    kind: 'import',
    mode: 'apply',
    status: 'running',
    step: null,
    object: null,
    attention: null,
    reviewState: 'none',
    createdAt: NOW,
    startedAt: null,
    endedAt: null,
    startedBy: ANN,
    scope: ['contacts'],
    options: {},
    reviewAsked: null,
    blockers: [],
    warnings: [],
    objects: [{ object: 'contacts', state: 'waiting', providerTotal: null, startedAt: null, endedAt: null }],
    control: 'go',
    waitingUntil: null,
    waitingCode: null,
    lastError: null,
    cleanup: null,
    pinned: null,
    keepUntil: null,
    undoExpired: false,
    temporalRunId: null,
    workflowId: 'app:acme:app-1',
    revision: 1,
    updatedAt: NOW,
    ...changes,
  };
}

export function app(changes: Partial<AppDoc> = {}): AppDoc {
  return {
    workspaceId: WS,
    appId: APP,
    providerId: 'files',
    name: 'Files',
    settings: {},
    scope: ['contacts'],
    mapping: { objects: {}, owners: {}, statuses: {} },
    mappingVersion: 1,
    policies: {
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
    },
    schedule: null,
    connection: { status: 'ready', account: null, checkedAt: null, problems: [] },
    credentials: null,
    lastSyncedAt: null,
    lastImportedAt: null,
    lastError: null,
    paused: false,
    createdAt: NOW,
    createdBy: ANN,
    removedAt: null,
    revision: 1,
    ...changes,
  };
}

export const never = (): AbortSignal => new AbortController().signal;

/** A claimed transfer with the turn of its object. */
export async function begin(store: Store): Promise<{ claim: Claim; turn: TurnHeld }> {
  const claim = await store.transfers.claim(REF, 'contacts', { slice: 0, attempt: 1 });
  return { claim, turn: await store.turns.acquire(WS, 'contacts', 'holder', never()) };
}

/** Stages one page of the pairs' external ids and applies it as creating them. */
export async function createPage(
  store: Store,
  begun: { claim: Claim; turn: TurnHeld },
  seq: number,
  pairs: readonly (readonly [string, string])[],
): Promise<TurnHeld> {
  await store.pages.stage(staging(begun.claim, seq, [pairs.map(([externalId]) => source(externalId))]));
  const result = await store.pages.apply(applying(begun.claim, begun.turn, seq, creating(pairs)));
  if (result !== 'applied') throw new Error(`page ${seq}: ${result}`);
  return freshTurn(store, begun.turn);
}

export async function freshTurn(store: Store, turn: TurnHeld): Promise<TurnHeld> {
  const renewed = await store.turns.renew(turn);
  if (!renewed) throw new Error('the turn was lost');
  return renewed.turn;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
