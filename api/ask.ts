import type { Ask, AskArgs } from '../workflows/contract/activities.js';
import type { FailureInfo } from '../workflows/contract/failures.js';
import type { ApiDeps } from './deps.js';
import { WorkerSilent } from './workflow-gateway.js';

export type Asked = { result: unknown } | { error: FailureInfo };

/** After so long without an answer it is looked whether any worker has begun. */
const BEGUN_AFTER_MS = 8_000;

/**
 * Has a worker answer a question, and waits for it: the API holds no provider code. `null`: a worker is at it, but had no
 * answer within `ms`. `answerId`: asked under it while it is still at work, it is
 * the same question. Throws `WorkerSilent` after 8 s when no worker has begun (none is there, or it is frozen), `TemporalUnavailable`, `StoreUnavailable`.
 */
export async function ask(
  deps: Pick<ApiDeps, 'workflows' | 'newId'> & { store: Pick<ApiDeps['store'], 'answers'> },
  question: Ask,
  ms: number,
  answerId = deps.newId(),
): Promise<Asked | null> {
  const args: AskArgs = { answerId, ask: question };
  const from = performance.now();
  await deps.workflows.ask(args);
  let begun = false;
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 250)) {
    const answer = await deps.store.answers.get(args.answerId);
    if (answer) return answer;
    const waited = performance.now() - from;
    if (!begun && waited > Math.min(BEGUN_AFTER_MS, ms)) {
      begun = await deps.store.answers.begun(args.answerId);
      if (!begun) throw new WorkerSilent();
    }
    if (waited > ms) return null;
    await delay(pause);
  }
}

/** Calls until it answers something, or the time is over (then `null`). */
export async function poll<T>(ms: number, look: () => Promise<T | null>): Promise<T | null> {
  const until = performance.now() + ms;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 400)) {
    const found = await look();
    if (found !== null || performance.now() + pause > until) return found;
    await delay(pause);
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
