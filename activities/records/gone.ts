import type { World } from './page.js';
import type { LinkTie, MappedRecord, StoredLink } from './types.js';
import type { WorkingWorld } from './world.js';
import { runWriter } from './writers.js';

/**
 * A tombstone marks the *link*. The record is archived only when no live link is left, which is known only where its links were
 * loaded: a record somebody else may still vouch for stays.
 */
export function markGone(work: WorkingWorld, source: MappedRecord, link: StoredLink, world: World): void {
  const { context } = work;
  const record = work.record(link.recordId);
  if (!record) return;
  const after: StoredLink = {
    ...link,
    appId: context.appId,
    modifiedAt: source.modifiedAt ?? link.modifiedAt,
    runId: context.runId,
    seenRunId: context.runId,
    lastSeenAt: context.now,
    goneAt: context.now,
  };
  const links = world.recordLinks.get(link.recordId);
  const alone = links?.every((other) => isSame(other, link) || isGone(work, other)) ?? false;
  const archive = alone && record.archivedAt === null;
  // The record may be this page's own copy: what was there before is read before it changes.
  const { version: versionBefore, archivedBy: writerBefore } = record;
  if (archive) {
    const draft = work.edit(link.recordId);
    draft.archivedAt = context.now;
    draft.archivedBy = runWriter(context.runId, context.appId, source.modifiedAt);
    draft.updatedAt = context.now;
  }
  work.putLink(after);
  work.journal({
    recordId: link.recordId,
    externalId: source.externalId,
    object: context.object,
    outcome: 'deleted',
    versionBefore,
    versionAfter: archive ? versionBefore + 1 : versionBefore,
    fields: archive ? [{ field: '#archivedAt', before: null, after: context.now, writerBefore }] : [],
    linkBefore: link,
    linkAfter: after,
    bumps: [],
    pendingAdded: [],
  });
}

function isSame(a: LinkTie, b: LinkTie): boolean {
  return a.origin === b.origin && a.object === b.object && a.externalId === b.externalId;
}

/** A link of this origin may have gone earlier in this page. */
function isGone(work: WorkingWorld, link: LinkTie): boolean {
  const now = link.origin === work.context.origin ? work.link(link.externalId) : link;
  return (now ?? link).goneAt !== null;
}
