import { describe, expect, it } from '@jest/globals';
import {
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerClosedError,
  MongoServerError,
  MongoStalePrimaryError,
} from 'mongodb';
import { translated } from '../../activities/store/mongo/errors.js';
import { StoreUnavailable } from '../../activities/store/store.js';

describe('an error of the database', () => {
  it.each([
    new MongoNetworkError('connection 1 to 127.0.0.1 closed'),
    // A server that was just found dead is closed under the calls that had chosen it.
    new MongoServerClosedError(),
    new MongoStalePrimaryError('another server is newer'),
    new MongoServerError({ message: 'shutting down', code: 11600 }),
  ])('is a store that is away: %s', (error) => {
    const told = translated(error);
    expect(told).toBeInstanceOf(StoreUnavailable);
    expect(String(told)).not.toContain('127.0.0.1');
  });

  it('is a bug of ours where waiting does not help', () => {
    for (const error of [
      new MongoInvalidArgumentError('no such option'),
      new MongoServerError({ message: 'bad query', code: 2 }),
    ])
      expect(translated(error)).toBe(error);
  });
});
