import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Actor } from '../workflows/contract/activities.js';
import type { Role } from '../activities/store/documents.js';
import type { ApiDeps } from './deps.js';
import { Problem, invalidRequest, type ProblemCode } from './errors.js';
import type { Once } from './idempotency.js';
import type { Reply } from './reply.js';

export type CallerRole = Role | 'owner';

/** Who calls, by key. */
export interface Caller {
  workspaceId: string;
  keyId: string;
  role: CallerRole;
  /** The person named by `Sluice-Actor`, else the key. */
  actor: Actor;
}

/** What a request meant once it was checked against its endpoint's schemas. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  deps: ApiDeps;
  caller: Caller;
  params: P;
  query: Q;
  body: B;
  req: Request;
  res: Response;
  /** Stable for an `Idempotency-Key`: ids that the request makes are derived from it, so that a repeat makes the same. */
  token: string;
  /** For an endpoint with `idempotency: 'by_content'`. */
  once: Once;
  /** ISO 8601 UTC, when the request came. */
  now: string;
}

export interface Answer {
  description: string;
  schema?: z.ZodType;
  /** Other than `application/json`; the body is then text. */
  contentTypes?: readonly string[];
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

interface Definition<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  method: Method;
  /** As OpenAPI writes it: `/v1/apps/{appId}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** Least role. `public`: no key needed. `owner`: only the deployment's own key. */
  access: CallerRole | 'public';
  params?: P;
  query?: Q;
  body?: B;
  /** The handler reads the body as a stream. */
  rawBody?: true;
  /** Documented request headers beside the usual ones. */
  headers?: z.ZodObject;
  /**
   * What a repeated `Idempotency-Key` gets: `remembered`, the first answer; `made_again`, the same things made once more from the
   * same token, because the answer holds a secret that must not be stored; `by_content`, the handler does it itself.
   */
  idempotency?: 'remembered' | 'made_again' | 'by_content';
  /** Where another time than the usual 10 s is promised; `null`: a stream, which ends by itself. */
  answersWithinMs?: number | null;
  answers: Record<number, Answer>;
  errors: readonly ProblemCode[];
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<Reply>;
}

/** An endpoint whose schemas' types are closed over, so that all of them fit in one list. */
export interface Endpoint extends Omit<Definition<z.ZodObject, z.ZodObject, z.ZodType>, 'handle'> {
  /** Throws `Problem` for a request that does not fit the schemas. */
  check(raw: { params: unknown; query: unknown; body: unknown }): {
    params: unknown;
    query: unknown;
    body: unknown;
  };
  run(call: Call): Promise<Reply>;
}

const nothing = z.strictObject({});

export function endpoint<
  P extends z.ZodObject = typeof nothing,
  Q extends z.ZodObject = typeof nothing,
  B extends z.ZodType = typeof nothing,
>(definition: Definition<P, Q, B>): Endpoint {
  const { params, query, body } = definition;
  return {
    ...definition,
    check(raw) {
      return {
        params: checkParams(params ?? nothing, raw.params),
        query: checked('query', query ?? nothing, raw.query),
        body: definition.rawBody ? undefined : checked('body', body ?? nothing, raw.body ?? {}),
      };
    },
    // `check` of the same endpoint made these values from the same schemas.
    run: (call) => definition.handle(call as Call<z.output<P>, z.output<Q>, z.output<B>>),
  };
}

/** An id that cannot exist is an unknown id. */
function checkParams(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Problem('not_found', 'There is nothing under this address. Check the ids in the path.');
}

function checked(part: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(part, parsed.error);
}
