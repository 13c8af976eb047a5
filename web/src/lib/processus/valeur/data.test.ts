import { describe, expect, it } from 'vitest';
import type { Stream, StreamStep, TargetStep } from '../types-rooms';
import { aims, gains, longest, moved, stepsParam, valueAdded } from './data';

const step = (activity: string, wait: number, touch: number | null): StreamStep => ({
  activity, cases: 10, occurrences: 10, wait_min: wait, median_wait_min: wait, touch_min: touch, median_touch_min: touch, arrivals_per_day: 1, output_per_day: 1, stock: 3, first_pass_yield: 0.9, people: 6, causes: null
});
const s: Stream = {
  steps: [step('a', 100, 20), step('b', 300, 30)], other: step('rest', 40, 10), cases: 10, lead_min: 500, touch_min: 60, wait_min: 440, value_added_share: null, activities: ['a', 'b', 'c'], hours: { fr: '', en: '' }, caveats: []
};
const target = (activity: string, over: Partial<TargetStep>): TargetStep => ({ activity, wait_min: null, touch_min: null, first_pass_yield: null, adds_value: false, note: '', ...over });

describe('value stream', () => {
  it('says nothing is gained while nothing is aimed at', () => {
    expect(gains(s, [])).toBeNull();
    expect(gains({ ...s, lead_min: null }, [target('a', { wait_min: 1 })])).toBeNull();
  });
  it('takes the gains off the lead time', () => {
    const g = gains(s, [target('b', { wait_min: 100, touch_min: 20 })])!;
    expect(g.aimedLead).toBeCloseTo(500 - 200 - 10);
    expect(g.aimedTouch).toBeCloseTo(50);
    expect(g.change).toBeCloseTo(-0.42);
  });
  it('compares a target with the mean of the ladder, not with the median of those who do the step', () => {
    const half = { ...s, steps: [{ ...step('a', 50, 20), median_wait_min: 0 }] };
    expect(aims(half, [target('a', { wait_min: 40 })])[0]!.gain).toBeCloseTo(10);
  });
  it('counts a worse target as a loss', () => {
    expect(aims(s, [target('a', { wait_min: 150 })])[0]!.gain).toBeCloseTo(-50);
  });
  it('adds up the steps said to add value', () => {
    expect(valueAdded(s, [])).toBeNull();
    expect(valueAdded(s, [target('b', { adds_value: true })])).toBeCloseTo(0.06);
    expect(valueAdded({ ...s, steps: [step('b', 1, null)] }, [target('b', { adds_value: true })])).toBeNull();
  });
  it('ranks waits and moves steps without losing one', () => {
    expect(longest(s).map((x) => x.activity)).toEqual(['b', 'a']);
    expect(longest({ ...s, steps: [step('a', 100, 1), step('b', 0.5, 1), step('c', 0, 1)] }).map((x) => x.activity)).toEqual(['a']);
    expect(moved(['a', 'b', 'c'], 1, -1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
    expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
  });
  it('keeps names whole in the address', () => {
    expect(stepsParam(['a, b', 'c'])).toEqual({ steps: 'a%2C%20b,c' });
    expect(stepsParam([])).toEqual({});
  });
});
