import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { Said } from '../../records/outcome-marks.js';
import type { ProblemDraft } from '../../records/types.js';
import type { ProblemStored } from './collections.js';
import { updateAll, type Update } from './commands.js';
import { Conflict } from './errors.js';
import { byHeading, countedUpdate, MOST_SAMPLES, sampleOf, saidKey } from './page-problems.js';
import type { Tx } from './transaction.js';

type Sample = NonNullable<ProblemStored['samples']>[number];

interface Heading {
  _id: string;
  state: ProblemStored['state'];
  count?: number;
  samples?: Sample[];
  dismissed?: unknown;
}

interface Change {
  /** So many records count under it no more. */
  gone: number;
  /** And these count under it now. */
  drafts: readonly ProblemDraft[];
}

/**
 * Records that were counted under headings are counted anew: the same record under the same heading is no other one. A heading under
 * which nobody is left is repaired, and keeps how many there were. It opens when somebody comes; one that a person has set aside stays so.
 */
export async function recount(
  tx: Tx,
  place: { ref: RunRef; object: ObjectName },
  gone: readonly Said[],
  drafts: readonly ProblemDraft[],
): Promise<void> {
  const changes = new Map<string, Change>();
  for (const [key, group] of byHeading(place, drafts)) changes.set(key, { gone: 0, drafts: group });
  for (const said of gone) {
    const key = saidKey(place, said);
    const change = changes.get(key) ?? { gone: 0, drafts: [] };
    changes.set(key, { ...change, gone: change.gone + 1 });
  }
  if (changes.size === 0) return;
  const found = await headings(tx, [...changes.keys()]);
  const updates = [...changes].flatMap(([key, change]): Update[] => {
    const heading = found.get(key);
    if (heading) return [{ q: { _id: key }, u: { $set: moved(heading, change) } }];
    return change.drafts.length > 0 ? [countedUpdate(place, key, change.drafts)] : [];
  });
  const written = await updateAll(tx, 'problems', updates);
  if (written !== updates.length) throw new Conflict('what is counted of problems was changed meanwhile');
}

async function headings({ database, session }: Tx, keys: string[]): Promise<ReadonlyMap<string, Heading>> {
  const found = await database
    .collection('problems')
    .find({ _id: { $in: keys } }, { session })
    .project<Heading>({ count: 1, state: 1, samples: 1, dismissed: 1 })
    .toArray();
  return new Map(found.map((heading) => [heading._id, heading]));
}

function moved(heading: Heading, { gone, drafts }: Change): Partial<Heading> {
  const before = heading.state === 'repaired' ? 0 : (heading.count ?? 0);
  const count = Math.max(0, before - gone) + drafts.length;
  if (count === 0) return { state: 'repaired' };
  const samples = before === 0 ? [] : (heading.samples ?? []);
  return {
    count,
    state: heading.dismissed === undefined ? 'open' : 'dismissed',
    ...(drafts.length > 0 && { samples: eachOnce([...samples, ...drafts.map(sampleOf)]) }),
  };
}

function eachOnce(samples: readonly Sample[]): Sample[] {
  const byRecord = new Map<string, Sample>();
  for (const sample of samples) {
    const { externalId, position } = sample;
    byRecord.set(JSON.stringify(externalId === undefined ? { position } : { externalId }), sample);
  }
  return [...byRecord.values()].slice(0, MOST_SAMPLES);
}
