/**
 * A small client of the HTTP API, as anyone could write it: the demo, the end-to-end tests and the benchmarks use Sluice
 * through nothing else.
 */
export interface ApiClient {
  get<T = Body>(path: string): Promise<T>;
  post<T = Body>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  patch<T = Body>(path: string, body: unknown, headers?: Record<string, string>): Promise<T>;
  put<T = Body>(path: string, body: unknown): Promise<T>;
  upload<T = Body>(path: string, bytes: Uint8Array | string, contentType: string): Promise<T>;
  /** The answer whatever its status; throws only when there is none. */
  raw(
    method: string,
    path: string,
    options?: RawOptions,
  ): Promise<{ status: number; body: Body; text: string }>;
  /** Asks for a run until it is as wanted. Survives an API that is away for a moment. */
  untilRun(runId: string, isWanted: (run: RunBody) => boolean, options?: UntilOptions): Promise<RunBody>;
}

export interface RawOptions {
  body?: string | Uint8Array;
  headers?: Record<string, string>;
}

export interface UntilOptions {
  withinMs?: number;
  onSnapshot?: (run: RunBody) => void;
}

export type Body = Record<string, unknown>;

export interface RunBody {
  runId: string;
  status: string;
  step: string | null;
  object: string | null;
  attention: {
    reason: string;
    object: string | null;
    questionId: string | null;
    code: string | null;
    message: string | null;
  } | null;
  objects: {
    object: string;
    state: string;
    counts: Record<string, number>;
    recordsPerSecond: number | null;
    rows?: number;
  }[];
  counts: Record<string, number>;
  booksClosed: boolean;
  lastError: { code: string; message: string } | null;
  cleanup?: { state: string; remove: number; restore: number; keep: number } | null;
  temporal: { url: string | null; workflowId: string };
  [more: string]: unknown;
}

/** An answer that is no success: its problem document, whole. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly problem: Body;
  constructor(status: number, problem: Body) {
    super(`${status} ${textOf(problem['code'])}: ${textOf(problem['detail'])}`);
    this.status = status;
    this.problem = problem;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const BETWEEN_LOOKS_MS = 150;

export function createApiClient(baseUrl: string, key: string): ApiClient {
  const authorization = { authorization: `Bearer ${key}` };

  async function raw(method: string, path: string, options: RawOptions = {}) {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { ...authorization, ...options.headers },
      ...(options.body === undefined ? {} : { body: options.body }),
      signal: AbortSignal.timeout(120_000),
    });
    const text = await answer.text();
    const isJson = /[/+]json\b/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, body: isJson && text !== '' ? (JSON.parse(text) as Body) : {}, text };
  }

  async function call<T>(method: string, path: string, options: RawOptions = {}): Promise<T> {
    const { status, body } = await raw(method, path, options);
    if (status >= 400) throw new ApiProblem(status, body);
    return body as T;
  }

  const json = (body: unknown, headers: Record<string, string> = {}): RawOptions => ({
    body: JSON.stringify(body ?? {}),
    headers: { 'content-type': 'application/json', ...headers },
  });

  return {
    raw,
    get: (path) => call('GET', path),
    post: (path, body, headers) => call('POST', path, json(body, headers)),
    patch: (path, body, headers) => call('PATCH', path, json(body, headers)),
    put: (path, body) => call('PUT', path, json(body)),
    upload: (path, bytes, contentType) =>
      call('POST', path, { body: bytes, headers: { 'content-type': contentType } }),
    async untilRun(runId, isWanted, { withinMs = 120_000, onSnapshot } = {}) {
      const end = Date.now() + withinMs;
      let last: RunBody | null = null;
      for (;;) {
        const { status, body } = await raw('GET', `/v1/runs/${runId}`).catch(() => ({
          status: 503,
          body: {},
        }));
        if (status === 200) {
          last = body as unknown as RunBody;
          onSnapshot?.(last);
          if (isWanted(last)) return last;
        } else if (status !== 503 && status !== 500) throw new ApiProblem(status, body);
        if (Date.now() > end)
          throw new Error(`Run ${runId} was not as wanted in time: ${JSON.stringify(last)}`);
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
      }
    },
  };
}

/** A run that moves no more by itself: it has ended, or waits for a person. */
export function rests(run: RunBody): boolean {
  return run.status !== 'running';
}
