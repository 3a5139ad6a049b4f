import type { RunDoc } from '../activities/store/run-documents.js';
import type { ApiDeps } from './deps.js';
import { TemporalUnavailable } from './workflow-gateway.js';

/** While Temporal is away it is told again so often; after that the workers' sweeper does it, each minute. */
const AGAIN_MS = 3_000;
const TRIES = 100;

type CancelDeps = Pick<ApiDeps, 'store' | 'workflows' | 'logger'>;

/**
 * A cancel counts once it is noted in the store: transfers obey that word before each page, and whatever waits is woken by
 * Temporal's own cancel, now or as soon as Temporal is back. Throws `StoreUnavailable`; then nothing was noted. Repeatable.
 */
export async function cancelRun(deps: CancelDeps, run: RunDoc, againMs = AGAIN_MS): Promise<void> {
  await deps.store.runs.patch(run.workspaceId, run.runId, { control: 'cancel' });
  try {
    await deps.workflows.cancel(run);
  } catch (error) {
    if (!(error instanceof TemporalUnavailable)) throw error;
    deps.logger.warn(
      { runId: run.runId, appId: run.appId },
      'a cancel is noted; Temporal is told when it is back',
    );
    tellLater(deps, run, againMs, TRIES);
  }
}

function tellLater(deps: CancelDeps, run: RunDoc, againMs: number, tries: number): void {
  if (tries === 0) return;
  const tell = async (): Promise<void> => {
    try {
      await deps.workflows.cancel(run);
    } catch (error) {
      if (error instanceof TemporalUnavailable) tellLater(deps, run, againMs, tries - 1);
      else deps.logger.warn({ runId: run.runId, err: error }, 'a cancel could not be told; the sweeper will');
    }
  };
  setTimeout(() => void tell(), againMs).unref();
}
