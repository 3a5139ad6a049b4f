import { setTimeout as wait } from 'node:timers/promises';
import {
  ask,
  leave,
  NO_LEASE,
  renew,
  TURN_TIMES,
  type Lease,
} from '../../activities/store/mongo/turn-queue.js';
import { never, record, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

const at = (ms: number): Date => new Date(1_000_000 + ms);

describe('the queue', () => {
  const asks = (lease: Lease, holder: string, ms: number) => ask(lease, holder, at(ms), TURN_TIMES);

  it('gives the turn in the order of asking', () => {
    let lease = asks(NO_LEASE, 'a', 0).lease;
    expect(lease.holder).toBe('a');
    lease = asks(lease, 'b', 10).lease;
    lease = asks(lease, 'c', 20).lease;
    lease = leave(lease, 'a') ?? lease;
    const early = asks(lease, 'c', 30);
    expect(early.taken).toBe(false);
    const second = asks(early.lease, 'b', 40);
    expect(second.taken).toBe(true);
    expect(second.lease.queue.map((entry) => entry.holder)).toEqual(['c']);
  });

  it('is taken over when it was not renewed, and not before', () => {
    const { lease } = asks(NO_LEASE, 'a', 0);
    expect(asks(lease, 'b', TURN_TIMES.leaseMs - 1).taken).toBe(false);
    expect(asks(lease, 'b', TURN_TIMES.leaseMs).taken).toBe(true);
  });

  it('forgets who has stopped asking', () => {
    let { lease } = asks(NO_LEASE, 'a', 0);
    lease = asks(lease, 'gone', 0).lease;
    lease = leave(lease, 'a') ?? lease;
    expect(asks(lease, 'b', 1_000).taken).toBe(false);
    expect(asks(lease, 'b', TURN_TIMES.queueMs + 1).taken).toBe(true);
  });

  it('keeps a place that is asked for again, and writes no more often than needed', () => {
    let { lease } = asks(NO_LEASE, 'a', 0);
    lease = asks(lease, 'b', 0).lease;
    expect(asks(lease, 'b', 100).changed).toBe(false);
    const later = asks(lease, 'b', 1_500);
    expect(later.changed).toBe(true);
    expect(later.lease.queue).toEqual([{ holder: 'b', until: at(1_500 + TURN_TIMES.queueMs) }]);
  });

  it('tells the holder that somebody waits, and a former one that it is lost', () => {
    const { lease } = asks(NO_LEASE, 'a', 0);
    expect(renew(lease, 'a', at(10), TURN_TIMES)).toMatchObject({ wanted: false, changed: false });
    const queued = asks(lease, 'b', 20).lease;
    expect(renew(queued, 'a', at(5_000), TURN_TIMES)).toMatchObject({ wanted: false, changed: true });
    expect(renew(queued, 'a', at(30), TURN_TIMES)).toMatchObject({ wanted: true });
    expect(renew(queued, 'b', at(30), TURN_TIMES)).toBeNull();
  });
});

describe('turns in the store', () => {
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await openStore();
  });
  afterEach(() => opened.clear());
  afterAll(() => opened.drop());

  it('alternate fairly between two who always want it', async () => {
    const order: string[] = [];
    const work = async (holder: string): Promise<void> => {
      const { turns } = opened.another();
      for (let round = 0; round < 6; round += 1) {
        const turn = await turns.acquire(WS, 'contacts', `${holder}${round}`, never());
        // Works until somebody waits; the last one is alone and stops by itself.
        for (let pages = 0; pages < 20; pages += 1) {
          if ((await turns.renew(turn))?.wanted) break;
          await wait(10);
        }
        order.push(holder);
        await turns.release(turn);
      }
    };
    await Promise.all([work('a'), work('b')]);
    const changes = order.filter((holder, index) => index > 0 && holder !== order[index - 1]).length;
    expect(order).toHaveLength(12);
    expect(changes).toBeGreaterThanOrEqual(9);
  });

  it('goes on when its holder was frozen, whose writes then fail', async () => {
    const { turns } = opened.another({ turnTimes: { leaseMs: 300, queueMs: 200 } });
    const frozen = await turns.acquire(WS, 'contacts', 'frozen', never());
    const next = await turns.acquire(WS, 'contacts', 'next', never());
    expect(await opened.store.records.insert(record('r1'), next)).toBe('written');
    expect(await turns.renew(frozen)).toBeNull();
    expect(await opened.store.records.insert(record('r2'), frozen)).toBe('conflict');
  });

  it('leaves the queue when waiting is aborted, with the reason given', async () => {
    const { turns } = opened.store;
    const held = await turns.acquire(WS, 'deals', 'holder', never());
    const stop = new AbortController();
    const waiting = turns.acquire(WS, 'deals', 'waiting', stop.signal);
    const reason = new Error('shut down');
    for (let wanted = false; !wanted;) wanted = (await turns.renew(held))?.wanted ?? false;
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect((await turns.renew(held))?.wanted).toBe(false);
  });

  it('keeps objects and workspaces apart', async () => {
    const { turns } = opened.store;
    await turns.acquire(WS, 'deals', 'a', never());
    expect((await turns.acquire(WS, 'tasks', 'b', never())).holder).toBe('b');
    expect((await turns.acquire('other', 'deals', 'c', never())).holder).toBe('c');
  });
});
