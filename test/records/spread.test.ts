import fc from 'fast-check';
import { spread, spreadOver } from '../../activities/records/spread.js';

it('takes the first, the last and what lies evenly between them', () => {
  expect(spread(101, 5)).toEqual([0, 25, 50, 75, 100]);
  expect(spread(3, 5)).toEqual([0, 1, 2]);
  expect(spread(0, 5)).toEqual([]);
  expect(spread(9, 1)).toEqual([0]);
});

it('walks over groups of any size, also empty ones', () => {
  expect(spreadOver([0, 2, 0, 0, 7, 2, 0], 5)).toEqual([
    { group: 1, member: 0 },
    { group: 4, member: 1 },
    { group: 4, member: 3 },
    { group: 4, member: 6 },
    { group: 5, member: 1 },
  ]);
  expect(spreadOver([0, 0], 5)).toEqual([]);
});

it('names nobody twice and nobody who is not there', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.nat(12), (counts, wanted) => {
      const places = spreadOver(counts, wanted);
      expect(new Set(places.map(({ group, member }) => `${group}/${member}`)).size).toBe(places.length);
      expect(places.length).toBe(
        Math.min(
          wanted,
          counts.reduce((sum, count) => sum + count, 0),
        ),
      );
      for (const { group, member } of places) expect(member).toBeLessThan(counts[group] ?? 0);
    }),
  );
});
