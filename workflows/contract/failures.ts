/**
 * Everything that can go wrong, sorted by the recovery it calls for.
 *
 * - `retry`: wait and try again; nobody is needed, nothing is locked.
 * - `record`: one source record's trouble; becomes a problem, the run goes on.
 * - `reconnect`: the run parks until a check of the connection succeeds.
 * - `ask`: the run parks with a question.
 * - `stop`: the run ends `failed`, after a review if something was written.
 */
export type Recovery = 'retry' | 'record' | 'reconnect' | 'ask' | 'stop';

export const FAILURES = {
  provider_unavailable: 'retry',
  provider_rate_limited: 'retry',
  store_unavailable: 'retry',
  timeout: 'retry',

  required_missing: 'record',
  value_invalid: 'record',
  too_large: 'record',
  group_split: 'record',
  unmappable: 'record',
  row_broken: 'record',

  credentials_rejected: 'reconnect',
  token_revoked: 'reconnect',
  permission_missing: 'reconnect',
  account_changed: 'reconnect',
  certificate_invalid: 'reconnect',

  breaker_failed: 'ask',
  breaker_updated: 'ask',
  breaker_duplicates: 'ask',
  breaker_deleted: 'ask',
  key_reused: 'ask',
  provider_cursor_loop: 'ask',
  provider_object_gone: 'ask',
  books_open: 'ask',
  cursor_expired: 'ask',
  plan_drifted: 'ask',

  bug: 'stop',
  mapping_broken: 'stop',
  file_unreadable: 'stop',
  provider_contract_broken: 'stop',
  address_not_allowed: 'stop',
  superseded: 'stop',
} as const satisfies Record<string, Recovery>;

export type FailureCode = keyof typeof FAILURES;

export function isFailureCode(value: string): value is FailureCode {
  return Object.hasOwn(FAILURES, value);
}

/** What is shown of a failure: plain words with what to do next; never a secret, a raw body or a record. */
export interface FailureInfo {
  code: FailureCode;
  message: string;
}
