import { untilStopped } from '../../worker/until-stopped.js';

/** What the SDK throws when its time to stop is over and a call to Temporal is still outstanding. */
const stillInUse = Object.assign(new Error('Worker still in use: Expected 1 reference, but got 2'), {
  name: 'IllegalStateError',
});

describe('a worker that runs until it is stopped', () => {
  it('ends without an error when it was asked to, however its talk with Temporal ended', async () => {
    const told: string[] = [];
    const worker = {
      run: async () => {
        process.emit('SIGTERM');
        throw stillInUse;
      },
    };
    await untilStopped(worker, (kind) => told.push(kind));
    expect(told).toEqual(['IllegalStateError']);
  });

  it('fails when nobody asked', async () => {
    const worker = { run: () => Promise.reject(stillInUse) };
    await expect(untilStopped(worker, () => undefined)).rejects.toBe(stillInUse);
  });

  it('leaves no listener behind', async () => {
    const before = process.listenerCount('SIGTERM');
    await untilStopped({ run: () => Promise.resolve() }, () => undefined);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
