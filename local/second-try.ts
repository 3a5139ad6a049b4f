import { DiskFull, messageOf } from './errors.js';
import type { Engine } from './engine.js';
import type { Supervisor } from './supervisor.js';

/**
 * Starts an engine, and once more when it ended or did not answer in time: on a busy machine a first start can fail where the second
 * does not. `again` makes the engine anew, because a free port may be free no more. Resolves with the one that runs.
 * @throws SetupError when the second start fails, too; a full disk is not tried again
 */
export async function startEngine<E extends Engine>(
  engine: E,
  deps: { supervisor: Pick<Supervisor, 'start'>; say: (line: string) => void; again: () => Promise<E> },
): Promise<E> {
  if (!engine.process) return engine;
  try {
    await deps.supervisor.start(engine.process);
    return engine;
  } catch (error) {
    if (error instanceof DiskFull) throw error;
    deps.say(`${messageOf(error)} It is started a second time.`);
  }
  const second = await deps.again();
  if (second.process) await deps.supervisor.start(second.process);
  return second;
}
