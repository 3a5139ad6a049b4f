import { enter, IN_TIME, type House } from './support/house.js';
import { endsWell, somewhere, survives } from './support/killed.js';
import { people } from './support/people.js';
import { seeded } from './support/random.js';

describe('a worker that is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('is back by itself: between fetch and apply, in the transaction, between commit and answer, in review, in undo', async () => {
    await survives(house, people(5_000), {
      whileMoving: [
        { op: 'pages.apply', when: 'before', seq: 1 },
        { op: 'pages.apply', when: 'uncommitted', seq: 4 },
        { op: 'pages.apply', when: 'after', seq: 8 },
      ],
      inReview: 'worker',
      onDecision: [{ op: 'reviews.insert', when: 'after' }],
      whileUndoing: [{ op: 'pages.undo', when: 'uncommitted', seq: 6 }],
    });
  }, 300_000);

  it('is back by itself from a random moment', async () => {
    const random = seeded('a worker that is killed at a random moment');
    await endsWell(house, people(5_000, 10_001), [somewhere(random, 10)]);
  }, 300_000);
});
