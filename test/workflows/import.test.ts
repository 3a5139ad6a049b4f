import { afterEach, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import {
  answer,
  cleanUp,
  connectionReady,
  pauseRun,
  submitReview,
} from '../../workflows/contract/messages.js';
import { ALL_GOOD, newRef, setStage, slices, type Stage } from './stage.js';
import { accept, inReview, PERSON, questionOf, refusalOf, STORIES, type Story } from './stories.js';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function tell(name: keyof typeof STORIES): Promise<Awaited<ReturnType<Story>>> {
  const story = STORIES[name];
  if (!story) throw new Error(`There is no story ${name}.`);
  const told = await story();
  open.push(told.stage);
  return told;
}

async function stageWith(play: Parameters<typeof setStage>[0]): Promise<Stage> {
  const stage = await setStage(play);
  open.push(stage);
  return stage;
}

/** As an activity looks whose worker died after the cancel: it ends with another failure. */
async function failsOnceCancelled(): Promise<never> {
  const context = Context.current();
  const beats = setInterval(() => context.heartbeat(), 200);
  await context.cancelled.catch(() => clearInterval(beats));
  throw ApplicationFailure.create({ type: 'timeout', message: 'No beat.', nonRetryable: true });
}

describe('the story of an import', () => {
  it('moves each object only after the one before was accepted', async () => {
    const { stage, status } = await tell('clean-import');
    expect(status).toBe('completed');
    const order = stage.calls.filter((call) => /^(transferSlice|recordReview|endHold|closeRun)/.test(call));
    expect(order).toEqual([
      'transferSlice accounts',
      'recordReview',
      'transferSlice contacts',
      'transferSlice contacts',
      'recordReview',
      'endHold',
      'closeRun',
    ]);
  });

  it('closes failed with nothing touched when preflight finds a blocker', async () => {
    const { stage, status } = await tell('blocked');
    expect(status).toBe('failed');
    expect(stage.calls).not.toContain('openHold');
    expect(stage.calls.some((call) => call.startsWith('transferSlice'))).toBe(false);
  });

  it('waits for a provider that is away before the first record, and looks again', async () => {
    const objects = ['accounts'] as const;
    const found = { blocked: null, objects: [...objects], review: 'none', reminderHours: 24 } as const;
    const away = { until: new Date(Date.now() + 1_000).toISOString(), code: 'provider_unavailable' } as const;
    let looked = 0;
    const stage = await stageWith({
      preflight: () =>
        Promise.resolve({ ...found, objects: [...objects], ...(looked++ === 0 ? { wait: away } : {}) }),
    });
    const handle = await stage.start();
    expect((await handle.result()).status).toBe('completed');
    expect(stage.calls.filter((call) => call === 'preflight')).toHaveLength(2);
    expect(stage.progress).toContainEqual({ kind: 'waiting', ...away });
    expect(stage.calls.indexOf('openHold')).toBeGreaterThan(stage.calls.lastIndexOf('preflight'));
  });

  it('parks, and goes on with the next slice after the answer', async () => {
    const { stage, status } = await tell('partial-failure-parked-and-resumed');
    expect(status).toBe('completed');
    expect(stage.calls.filter((call) => call === 'transferSlice accounts')).toHaveLength(3);
  });

  it('resumes by itself when a check of the connection succeeds', async () => {
    const parked = {
      reason: 'reconnect',
      code: 'token_revoked',
      message: 'Revoked.',
      choices: ['resume'],
    } as const;
    const stage = await stageWith({
      transferSlice: slices({
        accounts: [{ state: 'parked', parked: { ...parked, choices: ['resume'] } }, { state: 'done' }],
      }),
    });
    const handle = await stage.start();
    await questionOf(stage);
    await handle.signal(connectionReady);
    await inReview(stage, 'accounts');
    await handle.cancel();
    expect((await handle.result()).status).toBe('cancelled');
  });

  it('undoes the object under review and ends when asked to stop', async () => {
    const { stage, status } = await tell('clean-up');
    expect(status).toBe('completed');
    expect(stage.calls).toContain('undoSlice accounts');
    expect(stage.calls).not.toContain('transferSlice contacts');
  });

  it('ends its hold and closes after a cancel', async () => {
    const { stage, status } = await tell('cancelled-midway');
    expect(status).toBe('cancelled');
    expect(stage.calls).toContain('endHold');
    expect(stage.calls.at(-1)).toBe('closeRun');
  });

  it('ends cancelled also when what it was doing cannot say so any more', async () => {
    const stage = await stageWith({ transferSlice: failsOnceCancelled });
    const handle = await stage.start();
    await stage.told((told) => told.kind === 'step' && told.step === 'transfer');
    await handle.cancel();
    expect((await handle.result()).status).toBe('cancelled');
    expect(stage.calls).toContain('endHold');
  });

  it('ends its hold when Temporal cancels it during a review', async () => {
    const { stage, handle } = await tell('in-review');
    await handle.cancel();
    expect((await handle.result()).status).toBe('cancelled');
    expect(stage.calls).toContain('endHold');
  });

  it('rests while paused and transfers again after resume', async () => {
    const { stage, status } = await tell('paused-and-resumed');
    expect(status).toBe('completed');
    expect(stage.calls.filter((call) => call === 'transferSlice accounts')).toHaveLength(2);
  });

  it('reviews what was written after a failure, then closes failed', async () => {
    const failure = { code: 'provider_contract_broken', message: 'No JSON.' } as const;
    const stage = await stageWith({ transferSlice: slices({ accounts: [{ state: 'failed', failure }] }) });
    const handle = await stage.start();
    await accept(stage, handle, 'accounts');
    expect((await handle.result()).status).toBe('failed');
    expect(stage.calls).not.toContain('transferSlice contacts');
    expect(stage.calls).toContain('endHold');
  });

  it('closes failed without a review when a failure wrote nothing', async () => {
    const failure = { code: 'provider_contract_broken', message: 'No JSON.' } as const;
    const stage = await stageWith({
      transferSlice: slices({ accounts: [{ state: 'failed', failure }] }),
      buildChecklist: () => Promise.resolve({ ...ALL_GOOD, written: 0, nothingNew: true }),
    });
    const handle = await stage.start();
    expect((await handle.result()).status).toBe('failed');
    expect(stage.calls).not.toContain('recordReview');
  });
});

describe('decisions that are refused', () => {
  it('refuses a review with open items, another object, and a second reviewer, each with what is so', async () => {
    const { handle } = await tell('in-review');
    const review = { decision: 'accept', actor: PERSON } as const;
    const incomplete = handle.executeUpdate(submitReview, { args: [{ ...review, object: 'accounts' }] });
    expect(await refusalOf(incomplete)).toEqual({
      type: 'review_incomplete',
      details: { openItems: ['sample_seen'] },
    });
    const other = handle.executeUpdate(submitReview, { args: [{ ...review, object: 'deals' }] });
    expect((await refusalOf(other)).type).toBe('nothing_to_review');
    const late = handle.executeUpdate(submitReview, {
      args: [{ ...review, object: 'accounts', confirmed: ['sample_seen'], notAfter: '2020-01-01T00:00:00Z' }],
    });
    expect((await refusalOf(late)).type).toBe('decision_expired');
    const both = await Promise.allSettled(
      ['first', 'second'].map((name) =>
        handle.executeUpdate(submitReview, {
          args: [
            { object: 'accounts', decision: 'accept', confirmed: ['sample_seen'], actor: { id: name, name } },
          ],
        }),
      ),
    );
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    await handle.cancel();
    await handle.result();
  });

  it('refuses an answer to a question that is not asked, and a choice that is not offered', async () => {
    const parked = { reason: 'breaker', code: 'breaker_failed', message: 'Too many failed.' } as const;
    const stage = await stageWith({
      transferSlice: slices({
        accounts: [
          { state: 'parked', parked: { ...parked, choices: ['resume', 'stop'] } },
          { state: 'done' },
        ],
      }),
    });
    const handle = await stage.start();
    const questionId = await questionOf(stage);
    const unknown = handle.executeUpdate(answer, { args: [{ questionId: 'other', choice: 'resume' }] });
    expect((await refusalOf(unknown)).type).toBe('no_such_question');
    const choice = handle.executeUpdate(answer, { args: [{ questionId, choice: 'skip_object' }] });
    expect(await refusalOf(choice)).toMatchObject({
      type: 'choice_not_offered',
      details: { choices: ['resume', 'stop'] },
    });
    await handle.executeUpdate(answer, { args: [{ questionId, choice: 'stop' }] });
    await accept(stage, handle, 'accounts');
    expect((await handle.result()).status).toBe('failed');
  });

  it('refuses to pause a run that waits for a person, and a clean-up of what is being moved', async () => {
    const { handle } = await tell('in-review');
    expect((await refusalOf(handle.executeUpdate(pauseRun, { args: [{}] }))).type).toBe('not_pausable');
    const manual = handle.executeUpdate(cleanUp, { args: [{ mode: 'manual' }] });
    expect((await refusalOf(manual)).type).toBe('nothing_to_clean_up');
    await handle.cancel();
    await handle.result();
  });

  it('lets only one live workflow be under the id of an app', async () => {
    const { stage, handle } = await tell('in-review');
    const ref = { ...newRef(), appId: handle.workflowId.split(':')[2] ?? '' };
    await expect(stage.start(ref)).rejects.toMatchObject({ name: 'WorkflowExecutionAlreadyStartedError' });
    await handle.cancel();
    await handle.result();
  });
});
