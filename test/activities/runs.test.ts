import type { Progress } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };
const QUESTION = '01a209c5-69fa-75bf-ace9-77c660f027ae';

async function started(changes = {}): Promise<RunRef> {
  const { provider } = scriptedProvider();
  const app = await house.install(provider, { scope: ['accounts', 'contacts'] });
  return house.start(app, ['accounts', 'contacts'], changes);
}

const tell = (ref: RunRef, progress: Progress): Promise<void> =>
  house.run('recordProgress', { ref, progress });

const asking: Progress = {
  kind: 'attention',
  attention: {
    ...{ reason: 'question', object: 'contacts', questionId: QUESTION, code: 'provider_cursor_loop' },
    ...{ message: 'It goes round.', choices: ['resume', 'stop'] },
  },
};

describe("a run's document", () => {
  it('says when it began, and of which execution it is; a repeat keeps the first time', async () => {
    const ref = await started({ startedAt: null });
    await house.run('beginRun', ref);
    const { startedAt, temporalRunId } = await house.theRun(ref);
    expect(temporalRunId).toBe('00000000-0000-0000-0000-000000000000');
    await house.run('beginRun', ref, { attempt: 2 });
    expect((await house.theRun(ref)).startedAt).toBe(must(startedAt));
  });

  it('follows what its workflow says, repeated or not', async () => {
    const ref = await started();
    const until = '2030-01-01T00:00:00.000Z';
    await tell(ref, { kind: 'step', step: 'transfer', object: 'contacts' });
    await tell(ref, { kind: 'waiting', until, code: 'provider_unavailable' });
    expect(await house.theRun(ref)).toMatchObject({
      ...{ status: 'running', step: 'transfer', object: 'contacts' },
      ...{ waitingUntil: until, waitingCode: 'provider_unavailable' },
    });
    await tell(ref, asking);
    const first = must((await house.theRun(ref)).attention);
    await tell(ref, asking);
    await tell(ref, { kind: 'reminded' });
    const { attention, status, waitingUntil } = await house.theRun(ref);
    expect({ status, waitingUntil }).toEqual({ status: 'needs_attention', waitingUntil: null });
    expect(attention).toMatchObject({ questionId: QUESTION, since: first.since });
    expect(attention?.remindedAt).toBeDefined();
    await tell(ref, { kind: 'paused' });
    expect((await house.theRun(ref)).status).toBe('paused');
    await tell(ref, { kind: 'going' });
    expect(await house.theRun(ref)).toMatchObject({ status: 'running', attention: null, waitingUntil: null });
  });

  it('keeps the first start and the first end of an object', async () => {
    const ref = await started();
    await tell(ref, { kind: 'object', object: 'accounts', state: 'transferring' });
    const begun = must((await house.theRun(ref)).objects[0]).startedAt;
    await tell(ref, { kind: 'object', object: 'accounts', state: 'transferring' });
    await tell(ref, { kind: 'object', object: 'accounts', state: 'in_review' });
    const ended = must((await house.theRun(ref)).objects[0]).endedAt;
    await tell(ref, { kind: 'object', object: 'accounts', state: 'accepted' });
    const { objects, reviewState } = await house.theRun(ref);
    expect(objects[0]).toMatchObject({ state: 'accepted', startedAt: must(begun), endedAt: must(ended) });
    expect(reviewState).toBe('accepted');
  });

  it('stays as it ended, whatever a late activity says', async () => {
    const ref = await started();
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    const closed = await house.theRun(ref);
    await tell(ref, asking);
    await tell(ref, { kind: 'going' });
    await house.run('setControl', { ref, control: 'pause' });
    expect(await house.theRun(ref)).toEqual(closed);
  });
});

describe('an answer to a question', () => {
  it('is in the audit once, with who gave it', async () => {
    const ref = await started();
    await tell(ref, asking);
    const answer = {
      object: 'contacts',
      questionId: QUESTION,
      choice: 'resume',
      note: 'go',
      actor: ANN,
    } as const;
    for (const attempt of [1, 2]) await house.run('recordAnswer', { ref, ...answer }, { attempt });
    const { items } = await house.store.audit.list(ref.workspaceId, { limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ action: 'run.answered', target: ref.runId, actor: ANN });
    expect(items[0]?.detail).toMatchObject({ choice: 'resume', note: 'go' });
    expect(await house.theRun(ref)).toMatchObject({ status: 'running', attention: null });
  });
});

describe('a hold', () => {
  it('is opened once and ended once', async () => {
    const ref = await started();
    await house.run('openHold', ref);
    await house.run('openHold', ref, { attempt: 2 });
    expect(await house.store.holds.live(ref.workspaceId, 10)).toHaveLength(1);
    await house.run('endHold', ref);
    await house.run('endHold', ref, { attempt: 2 });
    expect(await house.store.holds.live(ref.workspaceId, 10)).toEqual([]);
  });
});
