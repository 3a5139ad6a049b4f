import type { ObjectState, ReviewState, RunStatus } from '../../workflows/contract/status.js';

/** What a run's objects say together about its review. The least reviewed one decides. */
export function reviewStateOf(states: readonly ObjectState[]): ReviewState {
  if (states.includes('in_review')) return 'in_review';
  if (states.includes('unreviewed')) return 'unreviewed';
  if (states.includes('accepted') || states.includes('passed')) return 'accepted';
  if (states.includes('cleaned_up')) return 'cleaned_up';
  return 'none';
}

/** What an object's state becomes when its run ends around it. Repeatable: final states stay. */
export function stateAtEnd(
  state: ObjectState,
  end: Extract<RunStatus, 'completed' | 'failed' | 'cancelled'>,
): ObjectState {
  switch (state) {
    case 'waiting':
    case 'planned':
      return 'not_started';
    case 'transferring':
      return end === 'failed' ? 'failed' : 'unreviewed';
    case 'in_review':
      return 'unreviewed';
    case 'accepted':
    case 'passed':
    case 'unreviewed':
    case 'unchanged':
    case 'cleaned_up':
    case 'failed':
    case 'skipped':
    case 'not_started':
      return state;
  }
}
