import { condition, uuid4 } from '@temporalio/workflow';
import type { Attention, Actor, Parked, PlanDecision, ReviewDecision } from '../contract/activities.js';
import type { FailureCode } from '../contract/failures.js';
import type { RunRef } from '../contract/ids.js';
import type { ObjectName } from '../contract/objects.js';
import type { AttentionReason, Choice, ObjectState, RunStep } from '../contract/status.js';
import { beating, small } from '../activity-options.js';
import { undo } from './clean-up.js';
import { repair } from './repair.js';
import { listen, type Waiting } from './listen.js';

/** Where a run meets people: it says where it is, asks, and waits. Each wait is named, and says what silence means. */
export interface Desk {
  readonly ref: RunRef;
  /** Set when a person asked for everything this run wrote to be taken back. */
  readonly undoAllAsked: { actor: Actor; note: string } | null;
  /** Steps around all objects (preflight, hold, end of hold, close) are told by their own activities. */
  enter(step: RunStep, object: ObjectName, state?: ObjectState): Promise<void>;
  objectIs(object: ObjectName, state: ObjectState): Promise<void>;
  /** Slices count up over all attempts at an object, so that an older attempt can be told from a newer one. */
  nextSlice(object: ObjectName, atLeast?: number): number;
  /** Until a person decides. Silence keeps the run waiting, with a reminder every so many hours. */
  reviewOf(object: ObjectName, openItems: string[], reminderHours: number): Promise<ReviewDecision>;
  /** Until a person has the plan applied, or made anew. Silence keeps the run waiting, with reminders; nothing is written. */
  planDecision(hash: string, reminderHours: number): Promise<PlanDecision>;
  /** Until a person answers, or (parked for its connection) a check succeeds. Silence keeps the run parked. */
  ask(object: ObjectName, parked: Parked): Promise<Choice>;
  /** Until a person says that the clean-up is done. */
  personsCleanup(object: ObjectName): Promise<void>;
  restWhilePaused(): Promise<void>;
  /** A provider's limit: until the time has come, or a pause or cancel wakes the run. Nobody is needed. */
  sleepUntil(until: string, code: FailureCode): Promise<void>;
  /** A person asked for a pause that still holds. */
  readonly paused: boolean;
  /** From here on every message is refused: the run is ending. */
  stopListening(): void;
}

export function openDesk(ref: RunRef): Desk {
  const waiting: Waiting = {
    step: 'preflight',
    object: null,
    review: null,
    plan: null,
    question: null,
    personsCleanup: null,
    pause: 'go',
    cleanups: [],
    repairs: [],
    undoAll: null,
    connectionChecks: 0,
    ending: false,
  };
  listen(ref, waiting);
  const slices = new Map<ObjectName, number>();

  const tell = (progress: Parameters<typeof small.recordProgress>[0]['progress']): Promise<void> =>
    small.recordProgress({ ref, progress });

  const need = (
    reason: AttentionReason,
    object: ObjectName | null,
    more: Partial<Attention> = {},
  ): Promise<void> =>
    tell({
      kind: 'attention',
      attention: { reason, object, questionId: null, code: null, message: null, choices: [], ...more },
    });

  /**
   * Waits, and meanwhile undoes other objects of this run, or repairs it, if a person asks for it: one at a time, never beside a
   * transfer.
   */
  async function until(isTrue: () => boolean): Promise<void> {
    for (;;) {
      await condition(() => isTrue() || asked());
      const next = waiting.cleanups[0];
      const again = waiting.repairs[0];
      if (next) {
        await undo({ ref, ...next });
        waiting.cleanups.shift();
      } else if (again) {
        await repair({ ref, ...again });
        await lookAgain();
        waiting.repairs.shift();
      } else return;
    }
  }

  const asked = (): boolean => waiting.cleanups.length + waiting.repairs.length > 0;

  /** What was repaired is measured anew, so that the person decides on what is so now. */
  async function lookAgain(): Promise<void> {
    const { review } = waiting;
    if (!review || review.decision) return;
    const { openItems } = await beating.buildChecklist({ ref, object: review.object, enteringReview: true });
    review.openItems = openItems;
  }

  return {
    ref,
    get undoAllAsked() {
      return waiting.undoAll;
    },
    get paused() {
      return waiting.pause === 'pause';
    },
    async enter(step, object, state) {
      Object.assign(waiting, { step, object });
      await tell({ kind: 'step', step, object, ...(state ? { state } : {}) });
    },
    objectIs: (object, state) => tell({ kind: 'object', object, state }),
    nextSlice(object, atLeast = 0) {
      const slice = Math.max(slices.get(object) ?? 0, atLeast);
      slices.set(object, slice);
      return slice;
    },
    async reviewOf(object, openItems, reminderHours) {
      const review: NonNullable<Waiting['review']> = { object, openItems, decision: null, recorded: false };
      waiting.review = review;
      await need('review', object, { choices: ['accept', 'accept_and_stop', 'clean_up'] });
      while (!(await condition(() => review.decision !== null || asked(), `${reminderHours} hours`))) {
        await tell({ kind: 'reminded' });
      }
      await until(() => review.recorded);
      const { decision } = review;
      if (!decision) return this.reviewOf(object, openItems, reminderHours);
      waiting.review = null;
      await tell({ kind: 'going' });
      return decision;
    },
    async planDecision(hash, reminderHours) {
      const plan: NonNullable<Waiting['plan']> = { hash, decided: null, recorded: false };
      waiting.plan = plan;
      await need('plan', null, { choices: ['apply', 'plan', 'cancel'] });
      while (!(await condition(() => plan.decided !== null, `${reminderHours} hours`))) {
        await tell({ kind: 'reminded' });
      }
      await condition(() => plan.recorded);
      waiting.plan = null;
      return plan.decided as PlanDecision;
    },
    async ask(object, parked) {
      const question = { id: uuid4(), object, choices: parked.choices, choice: null as Choice | null };
      const checksBefore = waiting.connectionChecks;
      const connection = parked.reason === 'reconnect' || parked.reason === 'permission';
      waiting.question = question;
      await need(parked.reason, object, {
        questionId: question.id,
        code: parked.code,
        message: parked.message,
        choices: parked.choices,
      });
      await until(() => question.choice !== null || (connection && waiting.connectionChecks > checksBefore));
      waiting.question = null;
      await tell({ kind: 'going' });
      return question.choice ?? 'resume';
    },
    async personsCleanup(object) {
      const cleanup = { object, done: false };
      waiting.personsCleanup = cleanup;
      await need('cleanup', object);
      await until(() => cleanup.done);
      waiting.personsCleanup = null;
      await tell({ kind: 'going' });
    },
    async restWhilePaused() {
      await tell({ kind: 'paused' });
      await until(() => waiting.pause === 'go');
      await tell({ kind: 'going' });
    },
    async sleepUntil(time, code) {
      await tell({ kind: 'waiting', until: time, code });
      const milliseconds = Math.max(1000, Date.parse(time) - Date.now());
      await condition(() => waiting.pause === 'pause', milliseconds);
      if (waiting.pause === 'go') await tell({ kind: 'going' });
    },
    stopListening() {
      waiting.ending = true;
    },
  };
}
