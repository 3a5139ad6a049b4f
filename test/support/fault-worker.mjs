import { AsyncLocalStorage } from 'node:async_hooks';
import { ClientSession } from 'mongodb';
import { strike } from './faults.mjs';

/**
 * The built worker, with a store that kills at chosen points: `op` is a call of the store (`pages.apply`), `seq` the page it is
 * about, `when` one of `before` it, `uncommitted` (all is written, nothing committed), `committing` (the commit is on its way)
 * and `after` it (done, and nobody told yet).
 */
const built = (file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const [{ runWorker }, { readConfig }, { installedProviders }] = await Promise.all([
  built('worker/run-worker.js'),
  built('worker/config.js'),
  built('activities/providers/installed.js'),
]);

/** The call of the store that the code runs under. */
const under = new AsyncLocalStorage();

function come({ op, first, last }, when) {
  strike((point) => {
    const here = point.seq === undefined || (point.seq >= first && point.seq <= last);
    return point.op === op && point.when === when && here;
  });
}

function callOf(op, [args]) {
  const first = args?.seq ?? args?.fromSeq ?? 0;
  return { op, first, last: first + Math.max(0, (args?.pages?.length ?? 1) - 1) };
}

const commit = ClientSession.prototype.commitTransaction;
ClientSession.prototype.commitTransaction = async function commitTransaction(...args) {
  const call = under.getStore();
  if (!call) return commit.apply(this, args);
  come(call, 'uncommitted');
  const committing = commit.apply(this, args);
  come(call, 'committing');
  return committing;
};

function watched(name, part) {
  return new Proxy(part, {
    get(target, method) {
      const value = target[method];
      if (typeof value !== 'function') return value;
      return (...args) => {
        const call = callOf(`${name}.${String(method)}`, args);
        come(call, 'before');
        const result = under.run(call, () => value.apply(target, args));
        if (!(result instanceof Promise)) return result;
        return result.then((answer) => {
          come(call, 'after');
          return answer;
        });
      };
    },
  });
}

const WATCHED = ['pages', 'plans', 'transfers', 'reviews', 'checklists'];

await runWorker(readConfig(), installedProviders, (store) => ({
  ...store,
  ...Object.fromEntries(WATCHED.map((name) => [name, watched(name, store[name])])),
}));
