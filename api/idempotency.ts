import { createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import { isLosslessNumber, stringify } from 'lossless-json';
import type { Store } from '../activities/store/store.js';
import { Problem } from './errors.js';
import type { Reply } from './reply.js';

export interface OnceRequest {
  workspaceId: string;
  /** Method and path, ids included. */
  route: string;
  /** From `Idempotency-Key`; null: the request is its own. */
  key: string | null;
  /** What must be the same when the key comes again. */
  request: unknown;
  /** False: the answer holds a secret; a repeat runs again with the same token. */
  remember: boolean;
}

export interface Once {
  answer(request: OnceRequest, run: (token: string) => Promise<Reply>): Promise<Reply>;
}

/**
 * The same key and request get the same answer and take effect once. Only answers that did something (2xx) are kept: a refusal changed
 * nothing, so the same request may be tried again when its reason is gone. A request that died half-way runs again
 * with the token of the first, from which every id it makes is derived.
 */
export function createOnce(deps: { store: Store; secretKey: string; newId: () => string }): Once {
  const { store, secretKey, newId } = deps;
  /** Requests that this process is answering right now: a repeat waits for the first. */
  const beingAnswered = new Map<string, Promise<unknown>>();

  async function once(
    request: OnceRequest & { key: string },
    run: (token: string) => Promise<Reply>,
  ): Promise<Reply> {
    const { workspaceId, route, key } = request;
    const requestHash = createHmac('sha256', secretKey).update(canonical(request.request)).digest('hex');
    const begun = await store.idempotency.begin({ workspaceId, route, key, requestHash, token: newId() });
    if (begun.state === 'different') {
      throw new Problem(
        'idempotency_key_reused',
        'This Idempotency-Key was sent before with another body. Nothing was done. Use a new key for a new request.',
      );
    }
    if (begun.state === 'known' && begun.answer) {
      return {
        status: begun.answer.status,
        body: begun.answer.body,
        headers: { 'Idempotency-Replayed': 'true' },
      };
    }
    const reply = await run(begun.token);
    if (request.remember && reply !== 'streamed' && reply.status < 300) {
      await store.idempotency.finish(workspaceId, route, key, {
        status: reply.status,
        body: plain(reply.body),
      });
    }
    return reply;
  }

  return {
    async answer(request, run) {
      const { key } = request;
      if (key === null) return run(newId());
      const id = `${request.workspaceId} ${request.route} ${key}`;
      const earlier = beingAnswered.get(id);
      const mine = (async () => {
        await earlier?.catch(() => undefined);
        return once({ ...request, key }, run);
      })();
      beingAnswered.set(id, mine);
      try {
        return await mine;
      } finally {
        if (beingAnswered.get(id) === mine) beingAnswered.delete(id);
      }
    },
  };
}

function canonical(value: unknown): string {
  return canonicalize(value ?? null) ?? 'null';
}

/** What is kept is what went over the wire. */
function plain(body: unknown): unknown {
  return body === undefined
    ? null
    : JSON.parse(stringify(body, (_, value: unknown) => lossy(value)) ?? 'null');
}

function lossy(value: unknown): unknown {
  return isLosslessNumber(value) ? Number(value.value) : value;
}

const KEY = /^[\x20-\x7e]{1,255}$/;

/** 400 for a key that is no key. */
export function idempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const key = Array.isArray(header) ? '' : header;
  if (KEY.test(key)) return key;
  throw new Problem(
    'invalid_request',
    'Idempotency-Key must be 1 to 255 printable ASCII characters. Nothing was done.',
    {
      issues: [{ path: 'headers.idempotency-key', message: '1 to 255 printable ASCII characters' }],
    },
  );
}
