import { describe, expect, it } from '@jest/globals';
import type { ReviewMode } from '../../workflows/contract/status.js';
import { gate, type Facts } from '../../workflows/steps/review.js';
import { ALL_GOOD } from './stage.js';

const FINDING = { ...ALL_GOOD, findings: ['owners'] };
const NOTHING_NEW = { ...ALL_GOOD, nothingNew: true, written: 0 };

describe('the gate', () => {
  it.each([
    ['each_object', ALL_GOOD, 'review'],
    ['each_object', NOTHING_NEW, 'unchanged'],
    ['each_object', { ...NOTHING_NEW, findings: ['books'] }, 'review'],
    ['on_findings', ALL_GOOD, 'passed'],
    ['on_findings', FINDING, 'review'],
    ['none', FINDING, 'unreviewed'],
    ['none', { ...ALL_GOOD, mustStop: true }, 'review'],
  ] satisfies [ReviewMode, Facts, string][])('under %s', (mode, facts, way) => {
    expect(gate(mode, facts)).toBe(way);
  });
});
