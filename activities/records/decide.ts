import type { Outcome, SkipReason } from '../../workflows/contract/status.js';
import { createRecord } from './create.js';
import { decideNew } from './duplicates.js';
import { markGone } from './gone.js';
import { observeIdentity } from './identity.js';
import { repeatedDiffers, skippedBecause } from './outcome-words.js';
import type { DecidePage, World } from './page.js';
import { earlierOf, earlierOfLink, isNewer, saysOtherwise } from './repeats.js';
import type { Earlier } from './repeats.js';
import type { Mapped, MappedRecord, ProblemDraft, StoredLink } from './types.js';
import { mergeInto } from './update.js';
import { openWorld } from './world.js';
import type { WorkingWorld } from './world.js';

/**
 * Decides a page: exactly one outcome for every source record, and the writes that follow from them. Pure, so it may be done
 * again whenever the page transaction finds that something read has changed. One fold: every record sees what the ones before it
 * did, so that a page of 500 ends as 500 pages of one would.
 *
 * Repeats of an id, in a page and across pages: the first occurrence wins. A link carries the last run that saw it; where a provider's
 * ids may repeat, an unchanged link is marked too (the mark, and no record). So the same file again writes no
 * record, leaves nothing to undo, and its later rows are known as repeats although their first one was no news.
 */
export const decidePage: DecidePage = (mapped, world, rules, context) => {
  const work = openWorld(world, rules, context);
  const seen: Seen = new Map();
  for (const each of mapped) {
    const { outcome, recordId, reason } = each.ok
      ? decideOne(work, each.record, seen, world)
      : failed(work, each);
    work.page.counts.fetched += 1;
    work.page.counts[outcome] += 1;
    const externalId = each.ok ? each.record.externalId : each.externalId;
    work.page.outcomes.push(
      reason === undefined ? { externalId, outcome, recordId } : { externalId, outcome, recordId, reason },
    );
  }
  work.page.counts.duplicates = work.page.duplicates.length;
  return work.finish();
};

type Seen = Map<string, Earlier>;

interface Decided {
  outcome: Outcome;
  recordId: string | null;
  reason?: string;
}

function decideOne(work: WorkingWorld, source: MappedRecord, seen: Seen, world: World): Decided {
  const link = work.link(source.externalId);
  const earlier = seen.get(source.externalId) ?? seenByRun(work, link);
  if (source.deleted) return decideDeleted(work, source, link, world);
  if (earlier && !isNewer(source.modifiedAt, earlier.modifiedAt)) {
    if (saysOtherwise(work.context.object, source, earlier)) warn(work, [repeatedDiffers(source)]);
    return skip(work, source, 'repeated', link?.recordId ?? null);
  }
  const decided = link ? decideKnown(work, source, link, earlier !== undefined) : decideUnknown(work, source);
  // A record that lost to what is stored, or was left alone, was not taken: a later one of its id is judged on its own.
  if (decided.reason !== 'stale' && decided.reason !== 'linked')
    seen.set(source.externalId, earlierOf(source));
  return decided;
}

function decideKnown(work: WorkingWorld, source: MappedRecord, link: StoredLink, again: boolean): Decided {
  const { context, rules } = work;
  const { recordId } = link;
  // Run ids sort by time: what a later run wrote is newer than what this one kept.
  if (context.repair && link.runId > context.runId) return skip(work, source, 'stale', recordId);
  const ofThisRun = again || link.seenRunId === context.runId;
  if (rules.policies.linked === 'skip' && !ofThisRun) return skip(work, source, 'linked', recordId);
  const sameHash = link.sourceHash === source.sourceHash;
  if (sameHash && link.rulesVersion === rules.version && link.goneAt === null) {
    observeIdentity(work, source, link, false);
    markSeen(work, source, link);
    return { outcome: 'unchanged', recordId };
  }
  if (isNewer(link.modifiedAt, source.modifiedAt)) return skip(work, source, 'stale', recordId);
  const record = work.record(recordId);
  if (!record) return decideUnknown(work, source);
  observeIdentity(work, source, link, !sameHash);
  const { outcome, warnings } = mergeInto(work, source, record, link);
  warn(work, source.warnings);
  warn(work, warnings);
  return { outcome, recordId };
}

/**
 * What is unchanged writes at most a mark on its link: that this run saw it (where ids may repeat), and the provider's newer time
 * (an older state that comes late must not pass for news). A mark is no change: the link stays its last writer's, for every undo.
 */
function markSeen(work: WorkingWorld, source: MappedRecord, link: StoredLink): void {
  const { context } = work;
  const newer = isNewer(source.modifiedAt, link.modifiedAt);
  if (!newer && (!context.idsMayRepeat || link.seenRunId === context.runId)) return;
  const modifiedAt = newer ? source.modifiedAt : link.modifiedAt;
  work.putLink({ ...link, modifiedAt, seenRunId: context.runId, lastSeenAt: context.now });
}

function decideUnknown(work: WorkingWorld, source: MappedRecord): Decided {
  const { decision, found } = decidedByPerson(work, source) ?? decideNew(work, source);
  if (found) work.page.duplicates.push(found);
  if (decision.do === 'skip') return skip(work, source, 'duplicate', null);
  warn(work, source.warnings);
  if (decision.do === 'create') return { outcome: 'created', recordId: createRecord(work, source) };
  const { outcome, warnings } = mergeInto(work, source, decision.to, null);
  warn(work, warnings);
  return { outcome, recordId: decision.to.recordId };
}

/** A person's word about a likely duplicate goes before every policy. */
function decidedByPerson(work: WorkingWorld, source: MappedRecord): ReturnType<typeof decideNew> | null {
  const said = work.context.repair?.decisions.get(source.externalId);
  if (!said) return null;
  const to = said.recordId === null ? null : work.record(said.recordId);
  switch (said.decision) {
    case 'create':
      return { decision: { do: 'create' }, found: null };
    case 'skip':
      return { decision: { do: 'skip' }, found: null };
    case 'update':
      return { decision: to ? { do: 'tie', to } : { do: 'skip' }, found: null };
  }
}

function decideDeleted(
  work: WorkingWorld,
  source: MappedRecord,
  link: StoredLink | null,
  world: World,
): Decided {
  if (!link) return skip(work, source, 'out_of_scope', null);
  if (link.goneAt !== null) return { outcome: 'unchanged', recordId: link.recordId };
  if (isNewer(link.modifiedAt, source.modifiedAt)) return skip(work, source, 'stale', link.recordId);
  markGone(work, source, link, world);
  return { outcome: 'deleted', recordId: link.recordId };
}

function failed(work: WorkingWorld, { problems }: Extract<Mapped, { ok: false }>): Decided {
  work.page.problems.push(...problems);
  return { outcome: 'failed', recordId: null, reason: problems[0].code };
}

function skip(
  work: WorkingWorld,
  source: MappedRecord,
  reason: SkipReason,
  recordId: string | null,
): Decided {
  work.page.counts.skippedBy[reason] += 1;
  work.page.problems.push(skippedBecause(source, reason));
  return { outcome: 'skipped', recordId, reason };
}

function warn(work: WorkingWorld, warnings: readonly ProblemDraft[]): void {
  if (warnings.length === 0) return;
  work.page.problems.push(...warnings);
  work.page.counts.warnings += warnings.length;
}

function seenByRun({ context }: WorkingWorld, link: StoredLink | null): Earlier | undefined {
  if (link && context.repair?.again.has(link.externalId)) return undefined;
  return context.idsMayRepeat && link?.seenRunId === context.runId ? earlierOfLink(link) : undefined;
}
