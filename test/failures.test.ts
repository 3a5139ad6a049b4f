import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { asActivityError, asApplicationFailure, understand } from '../activities/failures.js';
import { ProviderFailure } from '../activities/providers/provider.js';
import { Fenced } from '../activities/store/moving.js';
import { StoreUnavailable } from '../activities/store/store.js';
import { FAILURES } from '../workflows/contract/failures.js';

function named(name: string, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error('canary-message'), { name, ...more });
}

function zodError(): unknown {
  return z.object({ items: z.array(z.object({ id: z.string() })) }).safeParse({ items: [{ id: 4711 }] })
    .error;
}

describe('anything thrown', () => {
  it.each([
    ['what a provider says', new ProviderFailure('certificate_invalid', 'Words.'), 'certificate_invalid'],
    ['an attempt that was overtaken', new Fenced('canary-message'), 'superseded'],
    ['a store that is away', new StoreUnavailable('canary-message'), 'store_unavailable'],
    ['a driver without a server', named('MongoServerSelectionError'), 'store_unavailable'],
    ['a connection to the store that broke', named('MongoNetworkError'), 'store_unavailable'],
    [
      'a clash of transactions',
      named('MongoServerError', { errorLabels: ['TransientTransactionError'] }),
      'store_unavailable',
    ],
    ['a primary that stepped down', named('MongoServerError', { code: 10107 }), 'store_unavailable'],
    ['a duplicate key', named('MongoServerError', { code: 11000 }), 'bug'],
    ['a full disk', named('Error', { code: 'ENOSPC' }), 'store_unavailable'],
    ['an abort', named('AbortError'), 'timeout'],
    ['a time-out', named('TimeoutError'), 'timeout'],
    ['a socket', named('Error', { code: 'ECONNRESET' }), 'provider_unavailable'],
    ['an answer of another shape', zodError(), 'provider_contract_broken'],
    [
      'our own failure',
      ApplicationFailure.create({ type: 'mapping_broken', message: 'Words.' }),
      'mapping_broken',
    ],
    ['a strange failure', ApplicationFailure.create({ type: 'else', message: 'canary-message' }), 'bug'],
    ['a bug', new TypeError('canary-message of undefined'), 'bug'],
    ['a text', 'canary-message', 'bug'],
    ['nothing', undefined, 'bug'],
  ])('%s', (_name, thrown, code) => {
    const understood = understand(thrown);
    expect(understood.code).toBe(code);
    expect(understood.recovery).toBe(FAILURES[understood.code]);
    expect(understood.message).not.toContain('canary-message');
    expect(understood.message).not.toContain('4711');
    expect(understood.message).toMatch(/\.$/);
  });

  it('says where a shape differs', () => {
    expect(understand(zodError()).message).toContain('items.0.id: invalid_type');
  });

  it('bounds what is shown', () => {
    expect(understand(new ProviderFailure('bug', 'x'.repeat(5_000))).message).toHaveLength(1_000);
  });
});

describe('what crosses into history', () => {
  it.each([
    ['provider_unavailable', false],
    ['store_unavailable', false],
    ['credentials_rejected', true],
    ['provider_object_gone', true],
    ['mapping_broken', true],
    ['superseded', true],
    ['bug', false],
  ] as const)('%s is final: %s', (code, final) => {
    const failure = asApplicationFailure(understand(new ProviderFailure(code, 'Words.')));
    expect(failure).toMatchObject({ type: code, message: 'Words.', nonRetryable: final });
    expect(failure.cause).toBeUndefined();
  });

  it('carries the time to wait, and never "at once", which would end it', () => {
    const now = Date.parse('2026-05-01T10:00:00Z');
    const at = (seconds: number) => new Date(now + seconds * 1_000);
    const delay = (seconds: number) =>
      asApplicationFailure(
        understand(new ProviderFailure('provider_rate_limited', 'Words.', at(seconds))),
        now,
      ).nextRetryDelay;
    expect(delay(90)).toBe(90_000);
    expect(delay(-5)).toBe(1_000);
    expect(asApplicationFailure(understand(named('AbortError'))).nextRetryDelay).toBeUndefined();
  });

  it('leaves a cancellation and our own decisions as they are', () => {
    const cancelled = new CancelledFailure('cancelled');
    expect(asActivityError(cancelled)).toBe(cancelled);
    const ours = ApplicationFailure.create({ type: 'bug', message: 'Words.', nonRetryable: true });
    expect(asActivityError(ours)).toBe(ours);
    const cause = Object.assign(new TypeError('x'), { cause: new Error('canary-cause') });
    const failure = asActivityError(cause);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure.cause).toBeUndefined();
  });
});
