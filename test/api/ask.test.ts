import { ask } from '../../api/ask.js';
import { WorkerSilent } from '../../api/workflow-gateway.js';
import type { Answers } from '../../activities/store/store.js';
import { createFakeGateway } from './fake-gateway.js';

/** A question to workers that have begun, or have not, and answer nothing. */
function asked(begun: boolean, answers: Partial<Answers> = {}) {
  const silent: Answers = {
    begin: () => Promise.resolve(),
    put: () => Promise.resolve(),
    get: () => Promise.resolve(null),
    begun: () => Promise.resolve(begun),
    ...answers,
  };
  const deps = { workflows: createFakeGateway(), store: { answers: silent }, newId: () => 'a1' };
  return ask(deps, { about: 'check', workspaceId: 'w', appId: 'app' }, 60);
}

describe('a question to the workers', () => {
  it('that none has begun is theirs to answer for', async () => {
    await expect(asked(false)).rejects.toThrow(WorkerSilent);
  });

  it('that one has begun waits for the provider until its time is over', async () => {
    expect(await asked(true)).toBeNull();
  });

  it('is not given up for a mark that came late while its answer is there', async () => {
    const answer = { result: 1 };
    expect(await asked(false, { get: () => Promise.resolve(answer) })).toEqual(answer);
  });
});
