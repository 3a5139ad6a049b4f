import type { RunDoc, RunObjectDoc } from '../activities/store/run-documents.js';
import type { Claim } from '../activities/store/moving.js';
import type { Store } from '../activities/store/store.js';
import { noCounts, type Counts } from '../activities/records/types.js';
import { isTerminal } from '../workflows/contract/status.js';
import { given } from './shapes/common.js';
import type { RunObjectShape, RunShape } from './shapes/run.js';
import type { WorkflowGateway } from './workflow-gateway.js';

/** Nothing arrived for so long while a run transfers: worth telling. */
const STALLED_MS = 120_000;

/** What it decided lies in its plan, and nothing in the store. */
export function isOnlyPlanned({ mode, plan }: RunDoc): boolean {
  return mode === 'plan' && !plan?.applied;
}

export interface RunViewDeps {
  store: Pick<Store, 'transfers'>;
  workflows: Pick<WorkflowGateway, 'place'>;
  clock: () => Date;
}

/** A run as clients see it: its document, with the counts of its transfers as they are now. */
export async function viewRun(deps: RunViewDeps, run: RunDoc): Promise<RunShape> {
  const claims = await deps.store.transfers.all(run);
  return composeRun(run, claims, deps.workflows.place(run.workflowId, run.temporalRunId), deps.clock());
}

export function composeRun(
  run: RunDoc,
  claims: readonly Claim[],
  place: { namespace: string; url: string | null },
  now: Date,
): RunShape {
  const byObject = new Map(claims.map((claim) => [claim.apply.object, claim]));
  const objects = run.objects.map((doc) => objectView(doc, byObject.get(doc.object), run));
  return {
    runId: run.runId,
    appId: run.appId,
    providerId: run.providerId,
    kind: run.kind,
    mode: run.mode,
    status: run.status,
    step: run.step,
    object: run.object,
    attention: attentionView(run),
    reviewState: run.reviewState,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    endedAt: run.endedAt,
    startedBy: run.startedBy,
    scope: run.scope,
    options: { ...run.options },
    review: run.pinned?.reviewMode ?? run.reviewAsked,
    blockers: run.blockers,
    warnings: run.warnings,
    objects,
    counts: sumCounts(objects.map(({ counts }) => counts)),
    booksClosed: objects.every(({ counts }) => counts.fetched === decided(counts)),
    ...given({
      waitingUntil: run.waitingUntil ?? undefined,
      waitingCode: run.waitingCode ?? undefined,
      stalledSince: stalledSince(run, claims, now),
      cleanup: cleanupView(run),
      cleanups: run.cleanups,
      repair: repairView(run),
      plan: planView(run),
      acknowledged: run.acknowledged ?? undefined,
    }),
    lastError: run.lastError,
    held: { events: 0, byAutomation: [] },
    keepUntil: run.keepUntil,
    revision: revisionOf(run, claims),
    temporal: {
      namespace: place.namespace,
      workflowId: run.workflowId,
      temporalRunId: run.temporalRunId,
      url: place.url,
    },
  };
}

/** Rises with every change of the run's document and with every page that is applied. */
function revisionOf(run: RunDoc, claims: readonly Claim[]): number {
  return claims.reduce((sum, { apply }) => sum + apply.pages, run.revision);
}

function attentionView({ attention }: RunDoc): RunShape['attention'] {
  if (!attention) return null;
  const { reason, object, since, questionId, code, message, choices, evidence } = attention;
  return {
    reason,
    since,
    choices,
    ...given({
      object: object ?? undefined,
      questionId: questionId ?? undefined,
      code: code ?? undefined,
      message: message ?? undefined,
      evidence: evidence ?? undefined,
    }),
  };
}

function cleanupView({ cleanup }: RunDoc): RunShape['cleanup'] {
  if (!cleanup) return undefined;
  const { object, ...rest } = cleanup;
  return { ...rest, ...given({ object: object ?? undefined }) };
}

function planView({ plan }: RunDoc): RunShape['plan'] {
  if (!plan) return undefined;
  const { objects, ...rest } = plan;
  const counted = objects.map(({ object, counts }) => ({
    ...{ object, counts: plainCounts(counts), skippedBy: counts.skippedBy },
    ...{ rows: counts.rows, duplicates: counts.duplicates, warnings: counts.warnings },
  }));
  return { ...rest, objects: counted, automations: [] };
}

function repairView({ repair }: RunDoc): RunShape['repair'] {
  if (!repair) return undefined;
  const { object, code, externalIds, error, endedAt, state, repaired, changed, stillFailed, by, at } = repair;
  const said = { object: object ?? undefined, code: code ?? undefined, error: error ?? undefined };
  const asked = { ...said, externalIds: externalIds?.length, endedAt: endedAt ?? undefined };
  return { state, repaired, changed, stillFailed, by, at, ...given(asked) };
}

function objectView(doc: RunObjectDoc, claim: Claim | undefined, run: RunDoc): RunObjectShape {
  const applied: Counts = claim?.apply.counts ?? noCounts();
  const counts = plainCounts({ ...applied, fetched: claim?.fetch.fetched ?? 0 });
  const rate = claim ? recordsPerSecond(claim, doc, decided(counts)) : 0;
  const rows = Math.max(claim?.fetch.rows ?? 0, applied.rows);
  const left = doc.providerTotal === null ? null : Math.max(0, doc.providerTotal - decided(counts));
  const moving = doc.state === 'transferring' && !isTerminal(run.status);
  return {
    object: doc.object,
    state: doc.state,
    counts,
    skippedBy: { ...noCounts().skippedBy, ...applied.skippedBy },
    duplicates: applied.duplicates,
    warnings: applied.warnings,
    pages: claim?.apply.pages ?? 0,
    requests: claim?.fetch.requests ?? 0,
    bytes: claim?.fetch.bytes ?? 0,
    recordsPerSecond: rate,
    startedAt: doc.startedAt,
    endedAt: doc.endedAt,
    ...given({ since: doc.since ? { at: doc.since.at, runId: doc.since.runId } : undefined }),
    ...given({
      rows: rows > 0 ? rows : undefined,
      providerTotal: doc.providerTotal ?? undefined,
      etaSeconds: moving && left !== null && rate > 0 ? Math.ceil(left / rate) : undefined,
    }),
  };
}

/** Over the time in which pages were applied, waiting for the first one included. */
function recordsPerSecond({ apply }: Claim, doc: RunObjectDoc, records: number): number {
  const from = doc.startedAt ?? apply.firstAt;
  if (from === null || apply.lastAt === null) return 0;
  const seconds = (Date.parse(apply.lastAt) - Date.parse(from)) / 1000;
  return seconds > 0 ? Math.round((records / seconds) * 10) / 10 : records;
}

function stalledSince(run: RunDoc, claims: readonly Claim[], now: Date): string | undefined {
  if (run.status !== 'running' || run.startedAt === null || run.waitingUntil !== null) return undefined;
  const moving = run.objects.find(({ state }) => state === 'transferring');
  if (!moving) return undefined;
  const claim = claims.find(({ apply }) => apply.object === moving.object);
  const signs = [run.startedAt, moving.startedAt, claim?.apply.lastAt, claim?.fetch.updatedAt];
  const last = signs.reduce<string>((latest, sign) => (sign && sign > latest ? sign : latest), run.startedAt);
  return now.getTime() - Date.parse(last) > STALLED_MS ? last : undefined;
}

type PlainCounts = RunObjectShape['counts'];

function decided({ created, updated, unchanged, skipped, failed, deleted }: PlainCounts): number {
  return created + updated + unchanged + skipped + failed + deleted;
}

function plainCounts(from: PlainCounts): PlainCounts {
  const { fetched, created, updated, unchanged, skipped, failed, deleted } = from;
  return { fetched, created, updated, unchanged, skipped, failed, deleted };
}

export function sumCounts(all: readonly PlainCounts[]): PlainCounts {
  return all.reduce(
    (sum, each) => ({
      fetched: sum.fetched + each.fetched,
      created: sum.created + each.created,
      updated: sum.updated + each.updated,
      unchanged: sum.unchanged + each.unchanged,
      skipped: sum.skipped + each.skipped,
      failed: sum.failed + each.failed,
      deleted: sum.deleted + each.deleted,
    }),
    plainCounts(noCounts()),
  );
}
