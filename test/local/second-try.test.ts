import { DiskFull, SetupError } from '../../local/errors.js';
import type { Engine } from '../../local/engine.js';
import { startEngine } from '../../local/second-try.js';

describe('the start of an engine', () => {
  const engine = (address: string): Engine => ({
    address,
    process: { name: 'temporal', command: 'temporal', args: [], env: {}, cwd: '/' },
  });

  /** Starts that end as the list says, one after the other. */
  async function started(ends: (Error | null)[]) {
    const said: string[] = [];
    let starts = 0;
    const supervisor = {
      start: async () => {
        const end = ends[starts];
        starts += 1;
        if (end) throw end;
      },
    };
    const again = async (): Promise<Engine> => engine('second');
    const deps = { supervisor, say: (line: string) => void said.push(line), again };
    const result = await startEngine(engine('first'), deps).then(
      ({ address }) => address,
      (error: unknown) => error,
    );
    return { result, starts, said };
  }
  const slow = new SetupError('temporal did not answer within 60 s.');

  it('is tried once more, on ports of its own, and says so', async () => {
    expect(await started([slow, null])).toEqual({
      result: 'second',
      starts: 2,
      said: ['temporal did not answer within 60 s. It is started a second time.'],
    });
  });

  it('is not told of where the first one goes well, and is not tried a third time', async () => {
    expect(await started([null])).toEqual({ result: 'first', starts: 1, said: [] });
    const last = new SetupError('temporal could not start.');
    expect(await started([slow, last])).toMatchObject({ result: last, starts: 2 });
  });

  it('is not tried again on a full disk', async () => {
    const full = new DiskFull('The disk is full.');
    expect(await started([full, null])).toMatchObject({ result: full, starts: 1, said: [] });
  });

  it('does nothing for an engine that runs elsewhere', async () => {
    const supervisor = { start: () => Promise.reject(new Error('started')) };
    const elsewhere = { address: 'elsewhere:7233' };
    const deps = { supervisor, say: () => undefined, again: async () => elsewhere };
    expect(await startEngine(elsewhere, deps)).toBe(elsewhere);
  });
});
