import { enter, IN_TIME, type House } from './support/house.js';
import { endsWell, somewhere, survives } from './support/killed.js';
import { people } from './support/people.js';
import { seeded } from './support/random.js';

const kills = 'mongodb';

describe('a store that is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('loses nothing it acknowledged: before, in and after the page transaction, while it commits, in review, in undo', async () => {
    await survives(house, people(5_000), {
      whileMoving: [
        { op: 'pages.stage', when: 'before', seq: 1, kills },
        { op: 'pages.apply', when: 'uncommitted', seq: 3, kills },
        { op: 'pages.apply', when: 'committing', seq: 6, kills },
        { op: 'pages.apply', when: 'after', seq: 9, kills },
      ],
      inReview: kills,
      onDecision: [{ op: 'reviews.insert', when: 'before', kills }],
      whileUndoing: [
        { op: 'pages.undo', when: 'committing', seq: 7, kills },
        { op: 'pages.undo', when: 'uncommitted', seq: 3, kills },
      ],
    });
  }, 300_000);

  it('is back by itself from random moments', async () => {
    const random = seeded('a store that is killed at random moments');
    await endsWell(house, people(5_000, 10_001), [
      somewhere(random, 10, kills),
      somewhere(random, 10, kills),
    ]);
  }, 300_000);
});
