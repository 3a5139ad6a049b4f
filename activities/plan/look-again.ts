import type { RunRef } from '../../workflows/contract/ids.js';
import type { ActivityDeps } from '../deps.js';
import { openSession, providerOf } from '../open-run.js';
import { lookAtObjects, type LookedAt } from '../preflight/look.js';
import type { Look } from '../preflight/found.js';
import type { AppDoc } from '../store/documents.js';
import type { Finding, PinnedDoc, RunDoc } from '../store/run-documents.js';
import type { Store } from '../store/store.js';

/** What looking at the objects finds. Anything else was found before the source was read, and holds as it did then. */
const FOUND_AGAIN: ReadonlySet<string> = new Set([
  'mapping_broken',
  'column_gone',
  'column_new',
  'column_retyped',
  'zero_records',
  'likely_duplicates',
  'owner_unmapped',
  'status_unmapped',
]);

/**
 * What the preflight looked for, with the rules of today and without the provider: the source is what was staged, and the columns
 * are those of the files that the run has read. What nothing but the provider tells is not asked again. Writes nothing.
 */
export async function lookAgain(
  deps: ActivityDeps,
  app: AppDoc,
  run: RunDoc,
  pinned: PinnedDoc,
  signal: AbortSignal,
): Promise<Pick<RunDoc, 'blockers' | 'warnings'>> {
  const provider = providerOf(deps, run.providerId);
  const { origin, rules, mappingVersion, files, locales, account } = pinned;
  const found: Look = {
    ...{ blockers: [], warnings: [], away: null, account, origin, rules, mappingVersion, files, locales },
    ...{ totals: {}, duplicates: {}, since: {}, sentence: '' },
  };
  // A session of a file app reads nothing but what lies in our store.
  const isFile = provider.auth.includes('file');
  const session = isFile
    ? await openSession(deps, { run, pinned, provider }, { requests: 0, bytes: 0 })
    : null;
  try {
    const columns = session?.columns?.bind(session);
    await lookAtObjects(
      deps,
      app,
      run.scope,
      { ...staged(deps.store, run), ...(columns && { columns }) },
      found,
      signal,
    );
  } finally {
    await session?.close();
  }
  const kept = (findings: readonly Finding[]): Finding[] =>
    findings.filter(({ code }) => !FOUND_AGAIN.has(code));
  return {
    blockers: [...kept(run.blockers), ...found.blockers.map(ofPlan)],
    warnings: [...kept(run.warnings), ...found.warnings],
  };
}

/** Of a plan the source was read already: it need not be read again. */
function ofPlan(blocker: Finding): Finding {
  const message = `${blocker.message} Or put the mapping right and plan what was read once more (POST /v1/runs/{runId}/plan).`;
  return { ...blocker, message };
}

function staged(store: Store, ref: RunRef): LookedAt {
  return {
    async *read(object) {
      const first = await store.pages.source(ref, object, 0);
      yield { records: first?.records ?? [], complete: true };
    },
  };
}
