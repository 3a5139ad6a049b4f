import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Actor, CleanupBy, OnDrift, ReviewDecision } from './activities.js';
import type { Choice } from './status.js';
import type { ObjectName } from './objects.js';

/**
 * A decision that must not take effect hours later: the validator refuses it after `notAfter` (ISO 8601).
 * Absent when it comes from Temporal's own UI or command line.
 */
export interface Decision {
  notAfter?: string;
}

export interface ReviewMessage extends Decision, Omit<ReviewDecision, 'actor' | 'confirmed'> {
  confirmed?: string[];
  actor?: Actor;
}

export interface AnswerMessage extends Decision {
  questionId: string;
  choice: Choice;
  note?: string;
  actor?: Actor;
}

export interface CleanupMessage extends Decision {
  mode: 'undo' | 'manual';
  object?: ObjectName;
  note?: string;
  actor?: Actor;
}

export interface ApplyPlanMessage extends Decision {
  /** Of the plan that the person saw. */
  planHash: string;
  onDrift?: OnDrift;
  actor?: Actor;
}

export interface RepairMessage extends Decision {
  /** Absent when it comes from Temporal's own UI. */
  repairId?: string;
  object?: ObjectName;
  code?: string;
  externalIds?: string[];
  actor?: Actor;
}

export interface ControlMessage extends Decision {
  actor?: Actor;
}

/** Why a message was refused: the `type` of the ApplicationFailure; `details[0]` carries the fields of the answer. */
export const REFUSALS = [
  'nothing_to_review',
  'review_incomplete',
  'no_such_question',
  'choice_not_offered',
  'not_pausable',
  'not_paused',
  'nothing_to_clean_up',
  'object_transferring',
  'nothing_planned',
  'plan_outdated',
  'decision_expired',
  'run_ending',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export interface WorkflowState {
  runId: string;
  step: string;
  object: ObjectName | null;
  openItems: string[];
  questionId: string | null;
  paused: boolean;
  cleanupBy: CleanupBy | null;
}

/** An update, because the caller must learn whether it was taken or refused, and with what left open. */
export const submitReview = defineUpdate<void, [ReviewMessage]>('submitReview');
/** An update: a question that is no longer open must be refused, not swallowed. */
export const answer = defineUpdate<void, [AnswerMessage]>('answer');
/** An update: refused when the run cannot pause (it waits for a person already, or ends). */
export const pauseRun = defineUpdate<void, [ControlMessage]>('pauseRun');
export const resumeRun = defineUpdate<void, [ControlMessage]>('resumeRun');
/** An update: undo or record a clean-up of a live run's objects. */
export const cleanUp = defineUpdate<void, [CleanupMessage]>('cleanUp');
/** An update: map kept source again while the run waits in a review; refused while records are being moved. */
export const repairRun = defineUpdate<void, [RepairMessage]>('repairRun');
/** An update: refused where the run waits for no plan, or where the person saw another one. */
export const applyPlan = defineUpdate<void, [ApplyPlanMessage]>('applyPlan');
/** An update: refused where the run waits for no plan. */
export const replan = defineUpdate<void, [ControlMessage]>('replan');
/** A signal: nothing to refuse; a check that succeeded wakes a run that parked for its connection. Repeating it is harmless. */
export const connectionReady = defineSignal('connectionReady');
/** A signal, so that it can be sent from Temporal's own UI: the person's clean-up is done. */
export const cleanupRecorded = defineSignal<[{ note?: string }]>('cleanupRecorded');
/** A query: what the run waits for right now. Changes nothing. */
export const workflowState = defineQuery<WorkflowState>('workflowState');
