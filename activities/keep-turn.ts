import type { TurnHeld } from './store/moving.js';
import type { Store } from './store/store.js';

/** A turn is kept across pages while nobody waits, and given up at once when somebody does. Null: it is ours no longer. */
export async function keepOrPass(store: Pick<Store, 'turns'>, turn: TurnHeld): Promise<TurnHeld | null> {
  const renewed = await store.turns.renew(turn);
  if (!renewed) return null;
  if (!renewed.wanted) return renewed.turn;
  await store.turns.release(renewed.turn);
  return null;
}
