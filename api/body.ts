import type { IncomingHttpHeaders } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Problem } from './errors.js';

const LIMIT = 1024 * 1024;
const READ_MS = 30_000;
const DEEPEST = 40;

const parse = express.json({ limit: LIMIT, strict: false, type: isJson });

function isJson(req: { headers: IncomingHttpHeaders }): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(req.headers['content-type'] ?? '');
}

/** The JSON body of a request; `undefined` where there is none. Throws `Problem`: 400, 408, 413, 415. */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  const hasBody =
    req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody) return undefined;
  if (!isJson(req)) {
    throw new Problem(
      'unsupported_media_type',
      'The body must be JSON: send "Content-Type: application/json". Nothing was done.',
    );
  }
  await parsed(req, res);
  const body: unknown = req.body;
  checkShape(body);
  return body;
}

async function parsed(req: Request, res: Response): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(
          new Problem(
            'request_timeout',
            'The body did not arrive within 30 s. Nothing was done. Send it again.',
          ),
        );
      }, READ_MS);
      const next: NextFunction = (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(readingProblem(error));
      };
      parse(req, res, next);
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The parser's own messages can quote the body: they are not passed on. */
function readingProblem(error: unknown): Error {
  const { type } = (error ?? {}) as { type?: unknown };
  switch (type) {
    case 'entity.too.large':
      return new Problem('too_large', 'The body is over 1 MiB. Nothing was done. Send less at once.', {
        limit: LIMIT,
      });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem(
        'unsupported_media_type',
        'The body must be UTF-8, plain or gzip. Nothing was done.',
      );
    default:
      return new Problem(
        'malformed_json',
        'The body is not valid JSON. Nothing was done. Check quotes, commas and brackets, and send it again.',
      );
  }
}

/** Nesting has no use beyond this, and a key named `__proto__` has none at all. */
function checkShape(body: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: body, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= DEEPEST) throw strange(`The body is nested deeper than ${DEEPEST} levels.`);
    if (Object.hasOwn(value, '__proto__')) throw strange('The body has a field named __proto__.');
    for (const inner of Object.values(value)) open.push({ value: inner, depth: depth + 1 });
  }
}

function strange(what: string): Problem {
  return new Problem('invalid_request', `${what} Nothing was done.`, {
    issues: [{ path: 'body', message: what }],
  });
}
