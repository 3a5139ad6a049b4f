import { FAILURES } from '../../workflows/contract/failures.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { RunKind } from '../../workflows/contract/status.js';
import type { ActivityDeps } from '../deps.js';
import { understand } from '../failures.js';
import { connectionOf, providerOf } from '../open-run.js';
import type { Account, Identity, Session } from '../providers/provider.js';
import type { AppDoc } from '../store/documents.js';
import type { Finding } from '../store/run-documents.js';
import type { Look } from './found.js';
import { columnFindings } from './columns.js';
import { rulesOf } from './rules.js';
import { sampleObject, type ObjectSample } from './sample-page.js';
import { sentenceOf } from './sentence.js';
import { sinceOf } from './since.js';

/**
 * What a run of these objects would meet, asked of the provider and of the store now. Writes nothing, except that a file
 * app without a mapping gets the clear proposal of its file (with `adoptProposal`). Expected trouble is a blocker, never thrown.
 */
export async function look(
  deps: ActivityDeps,
  app: AppDoc,
  args: { objects: ObjectName[]; limit?: number; adoptProposal: boolean; kind?: RunKind },
  signal: AbortSignal,
): Promise<Look> {
  const provider = providerOf(deps, app.providerId);
  const pins = await rulesOf(deps, app, provider, args);
  const open = { settings: app.settings, mapping: pins.rules.mapping, files: pins.files };
  const limit = args.limit === undefined ? {} : { limit: args.limit };
  const traffic = { requests: 0, bytes: 0 };
  const found: Look = {
    ...{ blockers: [...pins.blockers], warnings: [...pins.warnings], account: null, origin: '' },
    ...{ away: null },
    ...{ rules: pins.rules, mappingVersion: pins.mappingVersion, files: pins.files, locales: pins.locales },
    ...{ totals: {}, duplicates: {}, since: {}, sentence: '' },
  };
  let session: Session | null = null;
  try {
    session = await provider.open(connectionOf(deps, app, { ...open, traffic, ...limit }));
    const identity = await session.identity(signal);
    found.account = identity.account;
    found.origin = originOf(app.providerId, identity.account);
    found.blockers.push(...identityBlockers(app, identity, args.objects));
    if (args.kind === 'sync' && found.blockers.length === 0) {
      const starts = await sinceOf(deps, app, provider, found.origin, args.objects);
      found.since = starts.since;
      found.warnings.push(...starts.warnings);
    }
    if (found.blockers.length === 0) await lookAtObjects(deps, app, args.objects, session, found, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failure = understand(error);
    const { code, message } = failure;
    if (code === 'store_unavailable' || code === 'bug') throw error;
    if (FAILURES[code] === 'retry') found.away = failure;
    found.blockers.push({ code, message: `${message} Nothing was written.` });
  } finally {
    await session?.close();
  }
  found.sentence = sentenceOf(args.objects, found);
  return found;
}

/** Provider and account: a re-installed app of the same account finds its links again. */
export function originOf(providerId: string, account: Account): string {
  return `${providerId}:${encodeURIComponent(account.id)}`;
}

function identityBlockers(app: AppDoc, identity: Identity, objects: ObjectName[]): Finding[] {
  const blockers: Finding[] = [];
  const known = app.connection.account;
  if (known && known.id !== identity.account.id) {
    blockers.push({
      code: 'account_changed',
      message: `This app was connected to ${known.name}, but the credentials now belong to ${identity.account.name}. Nothing was written. Enter the credentials of the first account, or install another app for the second.`,
    });
  }
  for (const object of objects) {
    const offer = identity.objects.find((entry) => entry.object === object);
    if (offer?.granted !== false) continue;
    blockers.push({
      ...{ code: 'permission_missing', object },
      message: `The account may not read ${object}${offer.why ? ` (${offer.why})` : ''}. Nothing was written. Grant it at the provider, or take ${object} out of the run.`,
    });
  }
  return blockers;
}

/** Where an object is looked at: the provider, or what was staged of it. */
export type LookedAt = Pick<Session, 'read' | 'columns' | 'total'>;

export async function lookAtObjects(
  deps: ActivityDeps,
  app: AppDoc,
  objects: ObjectName[],
  session: LookedAt,
  found: Look,
  signal: AbortSignal,
): Promise<void> {
  for (const object of objects) {
    // What a sync from a bookmark meets is what changed: totals and the first records of everything say nothing of it.
    const fromBookmark = found.since[object] !== undefined;
    const total = fromBookmark ? undefined : await session.total?.(object, signal);
    if (total !== undefined) found.totals[object] = total;
    const columns = await columnFindings(deps, app, object, session, found, signal);
    found.blockers.push(...columns.blockers);
    found.warnings.push(...columns.warnings);
    if (columns.blockers.length > 0 || fromBookmark) continue;
    const sample = await sampleObject(deps, app, object, session, found, signal);
    found.warnings.push(...sampleWarnings(object, sample));
    const share = sample.records === 0 ? 0 : sample.likelyDuplicates / sample.records;
    const estimate = Math.round(share * (total ?? sample.records));
    found.duplicates[object] = { sampled: sample.records, likely: sample.likelyDuplicates, estimate };
  }
}

function sampleWarnings(object: ObjectName, sample: ObjectSample): Finding[] {
  const warnings: Finding[] = [];
  if (sample.records === 0) {
    warnings.push({ code: 'zero_records', object, message: `The source has no ${object} at all.` });
  }
  if (sample.likelyDuplicates > 0) {
    warnings.push({
      ...{ code: 'likely_duplicates', object, sampled: sample.records, likely: sample.likelyDuplicates },
      message: `Of ${sample.records} ${object} looked at, ${sample.likelyDuplicates} look like records that are here already.`,
    });
  }
  for (const [code, values] of [
    ['owner_unmapped', sample.owners],
    ['status_unmapped', sample.statuses],
  ] as const) {
    if (values.length === 0) continue;
    const message = `Values that are not mapped yet: ${values.map(({ value }) => value).join(', ')}.`;
    warnings.push({ code, object, values, message });
  }
  return warnings;
}
