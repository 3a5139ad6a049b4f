import { describe, expect, it } from '@jest/globals';
import { carddav } from '../../activities/providers/carddav/describe.js';
import { scheduleAfter } from '../../api/schedule.js';
import { secondsOf } from '../../api/span.js';
import type { SchedulePatch } from '../../api/shapes/schedule.js';
import { app, ANN, NOW } from '../store/makers.js';

const description = {
  ...carddav,
  actions: { import: true, sync: true },
  objects: carddav.objects.map((offer) => ({ ...offer, changes: 'token' as const })),
};
const after = (patch: SchedulePatch, before = app({ scope: ['contacts'], schedule: null })) =>
  scheduleAfter(before, description, patch, { at: NOW, by: ANN });

describe('schedules as people write them', () => {
  it.each([
    ['15m', 900],
    ['1h 30m', 5_400],
    ['PT1H', 3_600],
    ['P1D', 86_400],
    [90, 90],
    ['P1M', null],
    ['15', null],
    ['soon', null],
    [-5, null],
  ])('%p is %p seconds', (span, seconds) => {
    expect(secondsOf(span)).toBe(seconds);
  });

  it('a cron takes the place of an interval, and jitter stays', () => {
    const first = after({ interval: '1h', jitter: '1m' });
    expect(first).toMatchObject({ everySeconds: 3_600, jitterSeconds: 60, cron: null });
    const patch = { cron: '0 6 * * MON-FRI', timeZone: 'europe/berlin' };
    const then = after(patch, app({ scope: ['contacts'], schedule: first }));
    expect(then).toMatchObject({ everySeconds: null, cron: '0 6 * * mon-fri', timeZone: 'Europe/Berlin' });
    expect(then?.jitterSeconds).toBe(60);
  });

  it.each<[SchedulePatch, RegExp]>([
    [{}, /either an `interval` or a `cron`/],
    [{ interval: '1h', cron: '0 6 * * *' }, /not both/],
    [{ interval: '30s' }, /at least one minute/],
    [{ interval: '1h', jitter: '2h' }, /shorter than the interval/],
    [{ cron: '0 6 * *' }, /five fields/],
    [{ cron: '61 6 * * *' }, /no cron expression/],
    [{ cron: '0 0 30 2 *' }, /never comes/],
    [{ cron: '0 0 1 * 1' }, /day of the month or the day of the week/],
    [{ cron: '0 0 L * *' }, /not understood/],
    [{ cron: '0 6 * * *', timeZone: 'Mars/Olympus' }, /IANA/],
  ])('%j is refused in words', (patch, words) => {
    expect(() => after(patch)).toThrow(words);
  });
});
