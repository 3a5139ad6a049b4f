import { ApplicationFailure, setHandler, uuid4 } from '@temporalio/workflow';
import type { Actor, OnDrift, PlanDecision, RepairArgs, ReviewDecision } from '../contract/activities.js';
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
  /** What was planned waits for a person. */
  plan: { hash: string; decided: PlanDecision | null; recorded: boolean } | null;
  question: { id: string; object: ObjectName; choices: Choice[]; choice: Choice | null } | null;
  personsCleanup: { object: ObjectName; done: boolean } | null;
  pause: 'go' | 'pause';
  /** Other objects of this run that a person wants undone while it waits. */
  cleanups: { object: ObjectName; actor: Actor; note: string }[];
  /** Kept source that a person wants decided again while the run waits in a review. */
  repairs: Omit<RepairArgs, 'ref'>[];
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
      if (waiting.review ?? waiting.plan ?? waiting.question ?? waiting.personsCleanup) {
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
  setHandler(messages.repairRun, (message) => takeRepair(waiting, message), {
    validator: (message: messages.RepairMessage) => {
      judge(waiting, message);
      judgeRepair(waiting);
    },
  });
  setHandler(messages.applyPlan, (message) => takePlan(ref, waiting, { decision: 'apply', ...message }), {
    validator: (message: messages.ApplyPlanMessage) => {
      judge(waiting, message);
      judgePlan(waiting, message.planHash);
    },
  });
  setHandler(messages.replan, (message) => takePlan(ref, waiting, { decision: 'replan', ...message }), {
    validator: (message: messages.ControlMessage) => {
      judge(waiting, message);
      judgePlan(waiting, null);
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
  if (waiting.repairs.length > 0) {
    refuse(
      'object_transferring',
      'A repair of this run is at work. Nothing was decided; look at the checklist when it is done, and decide then.',
      { object: review.object },
    );
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
  if (waiting.plan) {
    refuse(
      'nothing_to_clean_up',
      'The run is only planned: no record was written. Cancel it instead of undoing it.',
    );
  }
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

function judgeRepair({ review, object }: Waiting): void {
  if (review && !review.decision) return;
  refuse(
    'object_transferring',
    'The run is live and waits in no review. Nothing was repaired; wait for its review or its end, and repair then.',
    { object },
  );
}

/** The queue is worked off where the run waits for its review. */
function takeRepair(waiting: Waiting, message: messages.RepairMessage): void {
  const {
    repairId = uuid4(),
    object = null,
    code = null,
    externalIds = null,
    actor = FROM_TEMPORAL,
  } = message;
  waiting.repairs.push({ repairId, object, code, externalIds, actor });
}

/** `planHash`: of the plan that the person saw; null: whichever there is. */
function judgePlan({ plan }: Waiting, planHash: string | null): void {
  if (!plan) {
    refuse(
      'nothing_planned',
      'The run does not wait with a plan. Look at the run for what it does or asks now.',
    );
  }
  if (plan.decided) {
    const { actor, decision } = plan.decided;
    refuse('nothing_planned', `${actor.name} has decided already: ${decision}.`, {
      decidedBy: actor,
      decision,
    });
  }
  if (planHash !== null && planHash !== plan.hash) {
    refuse(
      'plan_outdated',
      'This is not the hash of the plan that waits. Nothing was written. Look at the plan of this run (GET /v1/runs/{runId}), and apply that one if it is right.',
      { planHash: plan.hash },
    );
  }
}

type PlanMessage = { decision: 'apply' | 'replan'; onDrift?: OnDrift; actor?: Actor };

/** Claimed before the first await, as a review is. */
async function takePlan(ref: RunRef, waiting: Waiting, message: PlanMessage): Promise<void> {
  const { plan } = waiting;
  if (!plan) return;
  const { decision, onDrift = 'skip', actor = FROM_TEMPORAL } = message;
  const decided: PlanDecision = decision === 'apply' ? { decision, onDrift, actor } : { decision, actor };
  plan.decided = decided;
  await small.recordPlanDecision({ ref, planHash: plan.hash, decided });
  plan.recorded = true;
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
