/**
 * The supervisor's shadow: ends what a supervisor leaves behind when it dies without stopping (`kill -9`, a crash).
 * It holds the reading end of a pipe whose only writing end is the supervisor's, so the system itself tells it.
 * After an orderly stop the list is empty and it just ends.
 *
 * Started as `node reaper.js HOME GRACE_MS`, in a session of its own so that Ctrl-C does not reach it.
 */
import { readOwned, writeOwned } from './owned.js';
import { endOwned } from './processes.js';

const [home, graceMs] = process.argv.slice(2);
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined);

process.stdin.resume();
process.stdin.once('end', () => {
  if (home === undefined) return;
  void endOwned(readOwned(home), Number(graceMs)).then((ended) => {
    if (ended.length > 0) writeOwned(home, []);
  });
});
