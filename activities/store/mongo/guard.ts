import { translated } from './errors.js';

/** Wraps each function of one part of the store, so that trouble of the database is `StoreUnavailable` to every caller. */
export function guarded<T extends object>(part: T): T {
  return new Proxy(part, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => watch(Reflect.apply(value, target, args));
    },
  });
}

function watch(result: unknown): unknown {
  if (result instanceof Promise) {
    return result.catch((error: unknown) => {
      throw translated(error);
    });
  }
  return isIterable(result) ? watchItems(result) : result;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* watchItems(items: AsyncIterable<unknown>): AsyncIterable<unknown> {
  try {
    yield* items;
  } catch (error) {
    throw translated(error);
  }
}
