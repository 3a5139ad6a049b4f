import fc from 'fast-check';
import { isNewer } from '../../activities/records/repeats.js';
import { believedTime } from '../../activities/records/source-time.js';

const DAY_MS = 24 * 3_600_000;
const moment = fc.date({ min: new Date('2000-01-01'), max: new Date('2200-01-01'), noInvalidDate: true });

describe('the time that a provider tells of a record', () => {
  it('never makes what is edited more than a day later look old, whatever it says', () => {
    fc.assert(
      fc.property(moment, moment, fc.integer({ min: 1, max: 1_000 * DAY_MS }), (told, read, later) => {
        const stored = believedTime(told.toISOString(), read) ?? null;
        const edited = new Date(read.getTime() + DAY_MS + later);
        const edit = believedTime(edited.toISOString(), edited) ?? null;
        expect(edit).toBe(edited.toISOString());
        expect(isNewer(stored, edit)).toBe(false);
      }),
    );
  });

  it('is kept digit by digit where it can be true', () => {
    const now = new Date('2026-03-01T00:00:00Z');
    for (const time of ['2026-03-01T12:00:00.000250Z', '1999-12-31T23:59:59Z']) {
      expect(believedTime(time, now)).toBe(time);
    }
    for (const time of ['2026-03-03T00:00:00Z', 'yesterday', '']) {
      expect(believedTime(time, now)).toBeUndefined();
    }
    expect(believedTime(undefined, now)).toBeUndefined();
  });
});
