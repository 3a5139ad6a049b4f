import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import type { Actor, ReviewDecision } from '../contract/activities.js';
import type { RunRef } from '../contract/ids.js';
import * as messages from '../contract/messages.js';
import type { ObjectName } from '../contract/objects.js';
import type { Choice, RunStep } from '../contract/status.js';
import { small } from '../activity-options.js';

/** What the run waits for right now; validators judge from it without touching it. */
export interface Waiting {
  step: RunStep;
  object: ObjectName | null;
  review: {
    object: ObjectName;
    openItems: string[];
    decision: ReviewDecision | null;
    /** The decision lies in the store. */
    recorded: boolean;
  } | null;
  question: { id: string; object: ObjectName; choices: Choice[]; choice: Choice | null } | null;
  personsCleanup: { object: ObjectName; done: boolean } | null;
  pause: 'go' | 'pause';
  /** Other objects of this run that a person wants undone while it waits. */
  cleanups: { object: ObjectName; actor: Actor; note: string }[];
  undoAll: { actor: Actor; note: string } | null;
  connectionChecks: number;
  ending: boolean;
}

/** A decision sent from Temporal's own UI or command line names nobody. */
const FROM_TEMPORAL: Actor = { id: 'temporal', name: 'Temporal' };

export function listen(ref: RunRef, waiting: Waiting): void {
  setHandler(messages.submitReview, (message) => takeReview(ref, waiting, message), {
    validator: (message: messages.ReviewMessage) => {
      judge(waiting, message);
      judgeReview(waiting, message);
    },
  });
  setHandler(messages.answer, (message) => takeAnswer(ref, waiting, message), {
    validator: (message: messages.AnswerMessage) => {
      judge(waiting, message);
      judgeAnswer(waiting, message);
    },
  });
  setHandler(messages.pauseRun, () => setPause(ref, waiting, 'pause'), {
    validator: (message: messages.ControlMessage) => {
      judge(waiting, message);
      if (waiting.pause === 'pause') refuse('not_pausable', 'The run is paused already.');
      if (waiting.review ?? waiting.question ?? waiting.personsCleanup) {
        refuse('not_pausable', 'The run waits for a person already: nothing moves. Decide, or cancel it.');
      }
    },
  });
  setHandler(messages.resumeRun, () => setPause(ref, waiting, 'go'), {
    validator: (message: messages.ControlMessage) => {
      judge(waiting, message);
      if (waiting.pause === 'go') refuse('not_paused', 'The run is not paused.');
    },
  });
  setHandler(messages.cleanUp, (message) => takeCleanUp(ref, waiting, message), {
    validator: (message: messages.CleanupMessage) => {
      judge(waiting, message);
      judgeCleanUp(waiting, message);
    },
  });
  setHandler(messages.connectionReady, () => {
    waiting.connectionChecks += 1;
  });
  setHandler(messages.cleanupRecorded, async ({ note }) => {
    const { personsCleanup } = waiting;
    if (!personsCleanup) return;
    const object = personsCleanup.object;
    await small.recordCleanup({ ref, object, actor: FROM_TEMPORAL, note: note ?? '' });
    personsCleanup.done = true;
  });
  setHandler(messages.workflowState, () => ({
    runId: ref.runId,
    step: waiting.step,
    object: waiting.object,
    openItems: waiting.review?.openItems ?? [],
    questionId: waiting.question?.id ?? null,
    paused: waiting.pause === 'pause',
    cleanupBy: waiting.personsCleanup ? 'person' : null,
  }));
}

function refuse(type: messages.Refusal, message: string, ...details: unknown[]): never {
  throw ApplicationFailure.create({ type, message, nonRetryable: true, details });
}

/** Nothing that was sent while no worker ran takes effect hours later. */
function judge(waiting: Waiting, { notAfter }: messages.Decision): void {
  if (notAfter !== undefined && Date.now() > Date.parse(notAfter)) {
    refuse(
      'decision_expired',
      'The decision came too late to be taken. Nothing was changed; look at the run and decide again.',
    );
  }
  if (waiting.ending) refuse('run_ending', 'The run is ending and takes no more decisions.');
}

function judgeReview(waiting: Waiting, message: messages.ReviewMessage): void {
  const { review } = waiting;
  if (!review || review.object !== message.object) {
    const under = review ? `${review.object} is under review` : 'no object of this run is under review';
    refuse('nothing_to_review', `${message.object} is not under review: ${under}.`, {
      object: review?.object ?? null,
    });
  }
  if (review.decision) {
    const { actor, decision } = review.decision;
    refuse('nothing_to_review', `${actor.name} has decided already: ${decision}.`, {
      decidedBy: actor,
      decision,
    });
  }
  if (message.decision === 'clean_up') return;
  const openItems = review.openItems.filter((item) => !message.confirmed?.includes(item));
  if (openItems.length > 0) {
    refuse('review_incomplete', `Still to be confirmed: ${openItems.join(', ')}.`, { openItems });
  }
}

function judgeAnswer(waiting: Waiting, message: messages.AnswerMessage): void {
  const { question } = waiting;
  if (!question || question.id !== message.questionId || question.choice !== null) {
    refuse('no_such_question', 'This question is not open (any more). Look at the run for what it asks now.');
  }
  if (!question.choices.includes(message.choice)) {
    const { choices } = question;
    refuse(
      'choice_not_offered',
      `"${message.choice}" is not offered; choose one of: ${choices.join(', ')}.`,
      { choices },
    );
  }
}

function judgeCleanUp(waiting: Waiting, message: messages.CleanupMessage): void {
  const { review, question, personsCleanup, pause } = waiting;
  if (message.mode === 'manual') {
    if (!personsCleanup || (message.object && message.object !== personsCleanup.object)) {
      refuse('nothing_to_clean_up', 'The run does not wait for a clean-up by a person.');
    }
    return;
  }
  if (review?.decision) refuse('nothing_to_clean_up', `${review.decision.actor.name} has decided already.`);
  const rests =
    Boolean(review ?? question ?? personsCleanup) || (pause === 'pause' && waiting.step !== 'transfer');
  const current = message.object === undefined || message.object === waiting.object;
  if (!rests || (current && !review)) {
    refuse(
      'object_transferring',
      'Records of this object are being moved. Nothing was undone; pause the run and wait for its review, or cancel it and undo then.',
      { object: waiting.object },
    );
  }
}

/** The decision is claimed before the first await: a second reviewer is told who was first. */
async function takeReview(ref: RunRef, waiting: Waiting, message: messages.ReviewMessage): Promise<void> {
  const { review } = waiting;
  if (!review) return;
  const { actor = FROM_TEMPORAL, confirmed = [] } = message;
  const decision: ReviewDecision = { ...message, actor, confirmed };
  review.decision = decision;
  await small.recordReview({ ref, review: decision });
  review.recorded = true;
}

async function takeAnswer(ref: RunRef, waiting: Waiting, message: messages.AnswerMessage): Promise<void> {
  const { question } = waiting;
  if (!question) return;
  question.choice = message.choice;
  const { choice, note = '', actor = FROM_TEMPORAL } = message;
  await small.recordAnswer({ ref, object: question.object, questionId: question.id, choice, note, actor });
}

async function setPause(ref: RunRef, waiting: Waiting, control: 'go' | 'pause'): Promise<void> {
  waiting.pause = control;
  await small.setControl({ ref, control });
}

async function takeCleanUp(ref: RunRef, waiting: Waiting, message: messages.CleanupMessage): Promise<void> {
  const { note = '', actor = FROM_TEMPORAL, object } = message;
  const { review, personsCleanup } = waiting;
  if (message.mode === 'manual') {
    if (!personsCleanup) return;
    await small.recordCleanup({ ref, object: personsCleanup.object, actor, note });
    personsCleanup.done = true;
  } else if (object && object !== review?.object) {
    waiting.cleanups.push({ object, actor, note });
  } else if (review) {
    if (!object) waiting.undoAll = { actor, note };
    const then = object ? 'continue' : 'stop';
    const current = review.object;
    await takeReview(ref, waiting, {
      object: current,
      decision: 'clean_up',
      cleanupBy: 'sluice',
      then,
      note,
      actor,
    });
  }
}
