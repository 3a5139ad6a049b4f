import { enter, IN_TIME, type House } from './support/house.js';
import { endsWell, somewhere, survives } from './support/killed.js';
import { people } from './support/people.js';
import { seeded } from './support/random.js';

const kills = 'temporal';

describe('a Temporal server that is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('forgets no run: while records move, in review, when a decision was recorded, in undo', async () => {
    await survives(house, people(5_000), {
      whileMoving: [
        { op: 'pages.apply', when: 'before', seq: 0, kills },
        { op: 'pages.apply', when: 'uncommitted', seq: 5, kills },
      ],
      inReview: kills,
      onDecision: [{ op: 'reviews.insert', when: 'after', kills }],
      whileUndoing: [{ op: 'pages.undo', when: 'after', seq: 4, kills }],
    });
  }, 300_000);

  it('is back by itself from random moments', async () => {
    const random = seeded('a Temporal server that is killed at random moments');
    await endsWell(house, people(5_000, 10_001), [
      somewhere(random, 10, kills),
      somewhere(random, 10, kills),
    ]);
  }, 300_000);
});
