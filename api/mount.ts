import type { Express, NextFunction, Request, Response } from 'express';
import { stringify } from 'lossless-json';
import { authenticate } from './auth.js';
import { readJson } from './body.js';
import type { ApiDeps } from './deps.js';
import type { Call, Caller, Endpoint } from './endpoint.js';
import { Problem, problemBody } from './errors.js';
import { type Once, idempotencyKey } from './idempotency.js';
import { problemOf } from './problem-of.js';
import type { Reply } from './reply.js';

/** Under the 10 s that a client is promised. */
const ANSWER_MS = 9_700;

const NOBODY: Caller = { workspaceId: '', keyId: '', role: 'viewer', actor: { id: '', name: '' } };

export function mount(app: Express, endpoints: readonly Endpoint[], deps: ApiDeps, once: Once): void {
  for (const endpoint of endpoints) {
    app[endpoint.method](routerPath(endpoint.path), async (req, res) => {
      const reply = await answered(endpoint, deps, once, req, res);
      if (reply !== 'streamed') send(res, reply);
    });
  }
  refuseOtherMethods(app, endpoints);
  app.use((req: Request) => {
    throw new Problem('not_found', `There is nothing at ${req.path}. The routes are listed at /docs.`);
  });
  app.use(answerProblem(deps));
}

/** Key, body, schemas, then the handler: a request that is refused on the way has done nothing. */
async function answered(
  endpoint: Endpoint,
  deps: ApiDeps,
  once: Once,
  req: Request,
  res: Response,
): Promise<Reply> {
  const now = deps.clock().toISOString();
  const work = async (): Promise<Reply> => {
    const caller = endpoint.access === 'public' ? NOBODY : await authenticate(deps, req, endpoint.access);
    const body = endpoint.rawBody || endpoint.method === 'get' ? undefined : await readJson(req, res);
    const checked = endpoint.check({ params: req.params, query: req.query, body });
    const run = (token: string): Promise<Reply> => {
      const call: Call = { deps, caller, ...checked, req, res, token, once, now };
      return endpoint.run(call);
    };
    if (endpoint.idempotency === undefined || endpoint.idempotency === 'by_content') return run(deps.newId());
    return once.answer(
      {
        workspaceId: caller.workspaceId,
        route: `${req.method} ${req.path}`,
        key: idempotencyKey(req.headers['idempotency-key']),
        request: { query: req.query, body: body ?? null },
        remember: endpoint.idempotency === 'remembered',
      },
      run,
    );
  };
  const { answersWithinMs = ANSWER_MS } = endpoint;
  return answersWithinMs === null ? work() : inTime(work(), answersWithinMs);
}

async function inTime(work: Promise<Reply>, ms: number): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new Problem(
          'store_unavailable',
          'The request could not be answered in time, so it is unknown whether it was done. Send it again with the same Idempotency-Key.',
          {},
          { 'Retry-After': '5' },
        ),
      );
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(res: Response, reply: Exclude<Reply, 'streamed'>): void {
  res.status(reply.status).set(reply.headers ?? {});
  if (reply.body === undefined) res.end();
  else if (typeof reply.body === 'string' && res.get('Content-Type')) res.send(reply.body);
  else res.type('application/json').send(stringify(reply.body));
}

function refuseOtherMethods(app: Express, endpoints: readonly Endpoint[]): void {
  const methods = new Map<string, string[]>();
  for (const { path, method } of endpoints) {
    methods.set(path, [...(methods.get(path) ?? []), method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    app.all(routerPath(path), (req: Request) => {
      throw new Problem(
        'method_not_allowed',
        `${req.method} is not offered here; use ${allowed.join(' or ')}. Nothing was done.`,
        { allowed },
        { Allow: allowed.join(', ') },
      );
    });
  }
}

function routerPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function answerProblem({ logger }: ApiDeps) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const requestId = String(res.getHeader('X-Request-Id'));
    const problem = problemOf(error) ?? bug(requestId);
    if (problem.status >= 500) {
      logger[problem.code === 'internal_error' ? 'error' : 'warn']({ requestId, err: error }, problem.code);
    }
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res
      .status(problem.status)
      .set(problem.headers)
      .type('application/problem+json')
      .send(stringify(problemBody(problem, requestId)));
  };
}

function bug(requestId: string): Problem {
  return new Problem(
    'internal_error',
    `Something broke on our side; it is unknown whether anything was done. Look at the thing you wanted to change, then try again. Tell the operator this request's id: ${requestId}.`,
  );
}
