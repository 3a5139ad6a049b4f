import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { SampledRecord } from '../../activities/records/checklist.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { ProblemsOfCode } from '../../activities/store/kept.js';
import type { ChecklistDoc, ReviewDoc, RunDoc } from '../../activities/store/run-documents.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Certificate } from '../shapes/certificate.js';
import type { RunObjectShape, RunShape } from '../shapes/run.js';

/** Everything that a certificate is made of, read from the store. Nothing of a record is among it. */
export interface CertificateFacts {
  run: RunDoc;
  view: RunShape;
  app: AppDoc | null;
  reviews: readonly ReviewDoc[];
  checklists: ReadonlyMap<ObjectName, ChecklistDoc>;
  problems: readonly ({ object: ObjectName } & ProblemsOfCode)[];
  engines: Certificate['engines'];
  issuedAt: string;
}

/** Pure. The same facts make the same certificate, its time of issue aside. */
export function composeCertificate(facts: CertificateFacts): Certificate {
  const { run, view, app, reviews, problems, engines, issuedAt } = facts;
  return {
    format: 'sluice-certificate/1',
    issuedAt,
    workspaceId: run.workspaceId,
    app: { appId: run.appId, providerId: run.providerId, name: app?.name ?? null },
    account: run.pinned?.account ?? null,
    run: aboutRun(run, view),
    counts: view.counts,
    booksClosed: view.booksClosed,
    objects: view.objects.map((entry, index) => aboutObject(facts, entry, view.objects[index - 1])),
    reviews: reviews.map(({ object, decision, actor, at, note, confirmed, cleanupBy }) => ({
      ...{ object, decision, by: named(actor), at, note, confirmed, cleanupBy },
    })),
    cleanup: aboutCleanup(run),
    cleanups: (run.cleanups ?? []).map((entry) => ({ ...entry, by: entry.by && named(entry.by) })),
    mapping: run.pinned && {
      version: run.pinned.mappingVersion,
      rulesVersion: run.pinned.rules.version,
      rulesSha256: sha256(run.pinned.rules),
    },
    policies: run.pinned && { ...run.pinned.rules.policies },
    plan: run.plan
      ? {
          hash: run.plan.hash,
          appliedAt: run.plan.applied?.at ?? null,
          by: run.plan.applied ? named(run.plan.applied.by) : null,
          onDrift: run.plan.applied?.onDrift ?? null,
        }
      : null,
    problems: problems.map(({ object, severity, code, state, count }) => ({
      ...{ object, severity, code, state, count },
    })),
    blockers: run.blockers.map(({ code }) => code),
    warnings: run.warnings.map(({ code }) => code),
    automationsHeld: view.held,
    temporal: {
      namespace: view.temporal.namespace,
      workflowId: run.workflowId,
      temporalRunId: run.temporalRunId,
    },
    engines,
  };
}

function aboutRun(run: RunDoc, view: RunShape): Certificate['run'] {
  const { runId, revision, kind, mode, status, reviewState, review, createdAt, startedAt, endedAt } = view;
  const { lastError, acknowledged } = run;
  return {
    ...{ runId, revision, kind, mode, status, reviewState, review, createdAt, startedAt, endedAt },
    ...{ startedBy: named(run.startedBy), scope: run.scope, options: { ...run.options } },
    lastError: lastError && { code: lastError.code, message: lastError.message, at: lastError.at },
    acknowledged: acknowledged
      ? { note: acknowledged.note, by: named(acknowledged.by), at: acknowledged.at }
      : null,
    keepUntil: run.keepUntil,
  };
}

function aboutObject(
  facts: CertificateFacts,
  entry: RunObjectShape,
  before: RunObjectShape | undefined,
): Certificate['objects'][number] {
  const { object, state, counts, skippedBy, duplicates, pages, startedAt, endedAt } = entry;
  const { created, updated, unchanged, skipped, failed, deleted } = counts;
  return {
    ...{ object, state, counts, skippedBy: { ...skippedBy }, duplicates, pages, startedAt, endedAt },
    booksClosed: counts.fetched === created + updated + unchanged + skipped + failed + deleted,
    providerTotal: entry.providerTotal ?? null,
    // An object that never began stood on nothing.
    stoodOn: before && startedAt !== null ? gateOf(facts, before) : null,
    sample: sampleOf(facts.checklists.get(object)),
  };
}

/** The last decision on that object before the next one could start; later clean-ups are told as such. */
function gateOf({ reviews }: CertificateFacts, { object, state }: RunObjectShape) {
  const decided = reviews.filter((review) => review.object === object && review.decision !== 'answer').at(0);
  return {
    ...{ object, state, decision: decided?.decision ?? null },
    by: decided ? named(decided.actor) : null,
    at: decided?.at ?? null,
  };
}

/** How many fields said what: `same`, or why they differ. */
function sampleOf(checklist: ChecklistDoc | undefined): Certificate['objects'][number]['sample'] {
  const item = checklist?.items.find(({ itemId }) => itemId === 'sample');
  if (!item) return null;
  const records = Array.isArray(item.detail) ? (item.detail as SampledRecord[]) : [];
  const told = (item.value ?? {}) as { at?: unknown; failed?: unknown };
  const fields: Record<string, number> = {};
  for (const { same, why } of records.flatMap((record) => record.fields)) {
    const verdict = same ? 'same' : (why ?? 'different');
    fields[verdict] = (fields[verdict] ?? 0) + 1;
  }
  return {
    at: typeof told.at === 'string' ? told.at : null,
    records: records.length,
    gone: records.filter(({ gone }) => gone).length,
    failed: typeof told.failed === 'string' ? told.failed : null,
    fields,
  };
}

function aboutCleanup({ cleanup }: RunDoc): Certificate['cleanup'] {
  if (!cleanup || cleanup.state === 'previewed') return null;
  const { mode, state, object, remove, restore, keep, conflictCount, note, by, at } = cleanup;
  return {
    ...{ mode, state, object, removed: remove, restored: restore, kept: keep, conflicts: conflictCount },
    ...{ eventsDropped: cleanup.eventsDropped, eventsDelivered: cleanup.eventsDelivered },
    ...{ note, by: by && named(by), at },
  };
}

function named({ id, name }: { id: string; name: string }): { id: string; name: string } {
  return { id, name };
}

/** As it would be written in JSON, so that whoever has the rules can hash them too. */
function sha256(rules: object): string {
  const plain: unknown = JSON.parse(JSON.stringify(rules));
  return createHash('sha256')
    .update(canonicalize(plain) ?? '')
    .digest('hex');
}
