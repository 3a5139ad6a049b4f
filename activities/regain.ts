import type { TurnHeld } from './store/moving.js';
import type { Store } from './store/store.js';

/** After a conflict the counter we hold may be an old one: reads it anew, or queues again where the turn was lost. */
export async function regain(store: Store, turn: TurnHeld, signal: AbortSignal): Promise<TurnHeld> {
  const renewed = await store.turns.renew(turn);
  return renewed?.turn ?? store.turns.acquire(turn.workspaceId, turn.object, turn.holder, signal);
}
