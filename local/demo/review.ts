import { rests, type ApiClient, type Body, type RunBody } from '../api-client.js';
import { progressOf, shown, type Say } from './say.js';

interface Item {
  itemId: string;
  kind: string;
  title: string;
  status: string;
  value: unknown;
  detail?: unknown;
}

/** Follows a run to its next stop, showing what it does. */
export async function follow(api: ApiClient, say: Say, runId: string): Promise<RunBody> {
  const run = await api.untilRun(runId, rests, { onSnapshot: (seen) => say.live(progressOf(seen)) });
  const where = run.attention
    ? `waits for a person: ${run.attention.reason} ${run.attention.object ?? ''}`
    : run.status;
  say.line(`   ${where}`);
  return run;
}

/** Shows the checklist of the object under review, with one sample beside its source. */
export async function showChecklist(api: ApiClient, say: Say, run: RunBody): Promise<string[]> {
  const { objects } = await api.get<{ objects: { object: string; items: Item[] }[] }>(
    `/v1/runs/${run.runId}/checklist`,
  );
  const items = objects.find((entry) => entry.object === run.attention?.object)?.items ?? [];
  say.table(
    items.map(({ itemId, status, title, value }) => ({ item: itemId, status, title, value: shown(value) })),
  );
  const samples = items.find((item) => item.itemId === 'sample')?.detail as
    | {
        externalId: string;
        fields: { field: string; provider: unknown; record: unknown; same: boolean; why?: string }[];
      }[]
    | undefined;
  const sample = samples?.[0];
  if (sample) {
    say.line(`   Sample ${sample.externalId}, fetched again just now:`);
    say.table(
      sample.fields.slice(0, 6).map(({ field, provider, record, same, why }) => ({
        field,
        provider: shown(provider),
        record: shown(record),
        same: same ? 'same' : `differs (${why ?? ''})`,
      })),
    );
  }
  return items.filter((item) => item.status === 'open').map((item) => item.itemId);
}

/** Runs to the end, accepting each object after its checklist was shown. */
export async function acceptAll(api: ApiClient, say: Say, runId: string): Promise<RunBody> {
  for (;;) {
    const run = await follow(api, say, runId);
    if (run.attention?.reason !== 'review' || !run.attention.object) return run;
    const confirmed = await showChecklist(api, say, run);
    const { object } = run.attention;
    await api.post(`/v1/runs/${runId}/review`, {
      object,
      decision: 'accept',
      confirmed,
      note: 'Looked at in the demo.',
    });
    say.line(`   Accepted: ${object}.`);
  }
}

/** Prints the books of a run, and throws if they do not close. */
export function showBooks(say: Say, run: RunBody): void {
  say.table(run.objects.map(({ object, state, counts }) => ({ object, state, ...pick(counts) })));
  say.line(
    `   Books closed: ${run.booksClosed ? 'yes, fetched = created + updated + unchanged + skipped + failed + deleted' : 'NO'}`,
  );
  if (!run.booksClosed) throw new Error('The books of the run do not close.');
}

function pick(counts: Body): Body {
  const { fetched, created, updated, unchanged, skipped, failed, deleted } = counts;
  return { fetched, created, updated, unchanged, skipped, failed, deleted };
}
