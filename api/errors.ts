import type { ZodError } from 'zod';

/** Every problem this API answers: HTTP status and title by code. Codes are part of the HTTP contract. */
export const PROBLEMS = {
  invalid_request: [400, 'The request is not as it should be'],
  login_unknown: [400, 'This log-in is not known'],
  login_used: [400, 'This log-in was used already'],
  login_expired: [400, 'This log-in took too long'],
  login_failed: [400, 'The log-in did not succeed'],
  malformed_json: [400, 'The body is not JSON'],
  invalid_cursor: [400, 'The cursor is not one of ours'],
  unauthorized: [401, 'No valid key'],
  forbidden: [403, 'This key may not do that'],
  actor_not_allowed: [403, 'This key may not act for a person'],
  not_your_login: [403, 'Somebody else began this log-in'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This path does not take that method'],
  request_timeout: [408, 'The body did not arrive in time'],
  run_already_active: [409, 'A run of this app is live'],
  action_not_supported: [409, 'The provider does not offer this'],
  connection_not_ready: [409, 'The connection is not ready'],
  not_configured: [409, 'Something that a log-in needs is missing'],
  nothing_to_confirm: [409, 'No log-in waits to be confirmed'],
  account_changed: [409, 'It is another account'],
  login_outdated: [409, 'The log-in does not fit any more'],
  app_paused: [409, 'The app is paused'],
  retry_locked: [409, 'The app is locked after its last run'],
  not_locked: [409, 'The app is not locked'],
  nothing_to_acknowledge: [409, 'Nothing to acknowledge'],
  mapping_needed: [409, 'The mapping is not clear'],
  no_file: [409, 'There is no file to read'],
  file_unreadable: [409, 'The file cannot be read'],
  inspection_pending: [409, 'The file is still being read'],
  run_ended: [409, 'The run has ended'],
  run_not_ended: [409, 'The run has not ended'],
  run_not_live: [409, 'The run is not at work'],
  undo_expired: [409, 'The run can no longer be undone'],
  source_expired: [409, 'The source is no longer kept'],
  no_link: [409, 'The record has no link'],
  provider_failed: [409, 'The provider could not be asked'],
  already_exists: [409, 'There is one already'],
  workspace_in_use: [409, 'The workspace is in use'],
  changed_meanwhile: [409, 'Somebody changed it meanwhile'],
  nothing_to_review: [409, 'Nothing to review'],
  review_incomplete: [409, 'The review is not complete'],
  no_such_question: [409, 'The question is not open'],
  choice_not_offered: [409, 'This choice is not offered'],
  not_pausable: [409, 'The run cannot be paused now'],
  not_paused: [409, 'The run is not paused'],
  nothing_to_repair: [409, 'Nothing to repair'],
  nothing_to_clean_up: [409, 'Nothing to clean up'],
  nothing_planned: [409, 'No plan waits'],
  plan_outdated: [409, 'This is another plan'],
  source_identity_changed: [409, 'The source would have other ids'],
  object_transferring: [409, 'The object is being moved'],
  decision_expired: [409, 'The decision came too late'],
  run_ending: [409, 'The run is ending'],
  version_clash: [412, 'The record was changed meanwhile'],
  too_large: [413, 'Too large'],
  unsupported_media_type: [415, 'This kind of content cannot be read'],
  file_kind_unsupported: [415, 'This kind of file cannot be read'],
  unprocessable: [422, 'The request makes no sense here'],
  unknown_provider: [422, 'There is no such provider'],
  object_out_of_scope: [422, 'An object is not in scope'],
  mapping_invalid: [422, 'The mapping cannot work'],
  record_invalid: [422, 'The record is not valid'],
  return_not_allowed: [422, 'People may not be sent back there'],
  file_empty: [422, 'The file is empty'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request'],
  precondition_required: [428, 'If-Match is needed'],
  too_many_runs: [429, 'Too many live runs'],
  signing_key_unreadable: [500, 'Certificates cannot be signed'],
  internal_error: [500, 'Something broke on our side'],
  worker_unavailable: [503, 'No worker answered'],
  temporal_unavailable: [503, 'Temporal cannot be reached'],
  store_unavailable: [503, 'The store cannot be reached'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** One thing that is wrong with a request, and where: `body.scope.0`, `query.limit`. */
export interface Issue {
  path: string;
  message: string;
}

/**
 * An answer that is a problem. `detail` says what is wrong, whether anything was written and what to do next;
 * `fields` are the problem's own (`issues`, `runId`, `openItems` ...). Never a secret, never a stack.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ProblemCode,
    detail: string,
    fields: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** RFC 9457. The problem's own fields never replace a standard one. */
export function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  const [status, title] = PROBLEMS[problem.code];
  const standard = {
    type: `/docs#problem-${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    requestId,
  };
  return { ...standard, ...problem.fields, ...standard };
}

export function notFound(what: string, id: string): Problem {
  return new Problem(
    'not_found',
    `There is no ${what} ${JSON.stringify(id)} in this workspace. Check the id.`,
  );
}

/** `part` is `body`, `query` or `credentials`: what the paths begin with. Messages name no value that was sent. */
export function invalidRequest(part: string, error: ZodError): Problem {
  const issues = issuesOf(part, error);
  const first = issues[0];
  const where = first ? `${first.path}: ${first.message}` : 'see `issues`';
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more, see \`issues\`)` : '';
  return new Problem(
    'invalid_request',
    `${where}${more}. Nothing was changed. Correct the request and send it again.`,
    { issues },
  );
}

/** A union's branch that got furthest says most, so its issues are shown instead of "Invalid input". */
function issuesOf(part: string, error: Pick<ZodError, 'issues'>): Issue[] {
  return error.issues.flatMap((issue) => {
    const at = [part, ...issue.path.map(String)];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...at, key].join('.'),
        message: 'This field is not known here',
      }));
    }
    const furthest = issue.code === 'invalid_union' ? furthestBranch(issue.errors) : undefined;
    if (furthest) return issuesOf(at.join('.'), { issues: furthest });
    return [{ path: at.join('.'), message: issue.message.replace(/\.$/, '') }];
  });
}

/** The branch whose first complaint is deepest inside the value; none where all refuse the value as a whole. */
function furthestBranch(branches: readonly ZodError['issues'][]): ZodError['issues'] | undefined {
  const depth = (issues: ZodError['issues']): number =>
    Math.max(0, ...issues.map(({ path, code }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
  const deepest = [...branches].sort((a, b) => depth(b) - depth(a))[0];
  return deepest && depth(deepest) > 0 ? deepest : undefined;
}
