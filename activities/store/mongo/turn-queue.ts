import type { LeaseStored } from './collections.js';

/** Pure: the lease of one object and the queue before it. Times are the server's, so clocks of processes do not matter. */

export interface TurnTimes {
  /** A lease that is not renewed for this long is free. */
  leaseMs: number;
  /** Who has not asked for this long has left the queue. */
  queueMs: number;
}

export const TURN_TIMES: TurnTimes = { leaseMs: 8_000, queueMs: 2_000 };

export type Lease = Omit<LeaseStored, '_id' | 'revision'>;

export const NO_LEASE: Lease = { holder: null, until: new Date(0), queue: [] };

export interface Asked {
  lease: Lease;
  taken: boolean;
  /** There is something to write: otherwise what is stored says the same. */
  changed: boolean;
}

/** Takes the lease if it is free and nobody came before; else takes or keeps a place in the queue. */
export function ask(lease: Lease, holder: string, now: Date, times: TurnTimes): Asked {
  const queue = waiting(lease, now, holder);
  const mine = queue.find((entry) => entry.holder === holder);
  const free = lease.holder === null || lease.until <= now;
  const first = queue[0];
  if (lease.holder === holder || (free && (!first || first === mine))) {
    const others = queue.filter((entry) => entry !== mine);
    return { lease: { holder, until: after(now, times.leaseMs), queue: others }, taken: true, changed: true };
  }
  const until = after(now, times.queueMs);
  if (!mine) {
    return { lease: { ...lease, queue: [...queue, { holder, until }] }, taken: false, changed: true };
  }
  const stale = mine.until.getTime() - now.getTime() < times.queueMs / 2;
  const kept = queue.map((entry) => (entry === mine ? { holder, until } : entry));
  return { lease: { ...lease, queue: kept }, taken: false, changed: stale };
}

export interface Renewed {
  lease: Lease;
  wanted: boolean;
  changed: boolean;
}

/** Null: somebody else holds it. A lease that ran out is renewed as long as nobody took it. */
export function renew(lease: Lease, holder: string, now: Date, times: TurnTimes): Renewed | null {
  if (lease.holder !== holder) return null;
  const queue = waiting(lease, now, null);
  const changed = lease.until.getTime() - now.getTime() < times.leaseMs / 2;
  return { lease: { holder, until: after(now, times.leaseMs), queue }, wanted: queue.length > 0, changed };
}

/** Gives up the lease and any place in the queue; null where there is neither. */
export function leave(lease: Lease, holder: string): Lease | null {
  const held = lease.holder === holder;
  const queue = lease.queue.filter((entry) => entry.holder !== holder);
  if (!held && queue.length === lease.queue.length) return null;
  return { holder: held ? null : lease.holder, until: lease.until, queue };
}

/** Who still waits; `keep` is asking right now and keeps the place even if the entry ran out. */
function waiting(lease: Lease, now: Date, keep: string | null): Lease['queue'] {
  return lease.queue.filter((entry) => entry.until > now || entry.holder === keep);
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
