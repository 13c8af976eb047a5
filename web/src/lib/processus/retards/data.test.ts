import { describe, expect, it } from 'vitest';
import type { Factor } from '../types-rooms';
import { axis, groups, whisker } from './data';

const f = (over: Partial<Factor>): Factor => ({
  factor: 'channel', level: 'x', text: { fr: '', en: '' }, known_at_arrival: true, cases: 100, late: 30, others: 200, others_late: 20,
  difference: 0.2, difference_interval: [0.12, 0.28], odds_ratio: 3, odds_interval: [1.5, 6], p: 0.001, significant: true, ...over
});

describe('forest plot', () => {
  it('holds zero in the middle and every interval within', () => {
    const a = axis([f({}), f({ difference: -0.1, difference_interval: [-0.15, -0.05] })], 'difference');
    expect(a.place(0)).toBe(a.neutral);
    const w = whisker(f({}), 'difference', a)!;
    expect(w.low).toBeGreaterThan(0.5);
    expect(w.high).toBeLessThanOrEqual(1);
    expect(w.cutHigh).toBe(false);
    expect(a.ticks[0]!.at).toBe(0);
    expect(a.ticks.at(-1)!.at).toBe(1);
  });
  it('makes twice and half the same distance from one', () => {
    const a = axis([f({})], 'odds');
    expect(a.place(2) - a.neutral).toBeCloseTo(a.neutral - a.place(0.5), 12);
    expect(a.place(1)).toBe(a.neutral);
  });
  it('cuts what goes beyond and says so', () => {
    const wide = f({ odds_ratio: 10, odds_interval: [0.8, 400] });
    const a = axis([wide], 'odds');
    expect(whisker(wide, 'odds', a)).toMatchObject({ high: 1, cutHigh: true, cutLow: false });
  });
  it('draws nothing of an unknown ratio', () => {
    expect(whisker(f({ odds_ratio: null, odds_interval: null }), 'odds', axis([], 'odds'))).toBeNull();
  });
  it('never mixes what is known at arrival with what comes after', () => {
    const g = groups([f({}), f({ known_at_arrival: false, significant: false })], true);
    expect([g.arrival.length, g.underway.length]).toEqual([1, 0]);
  });
});
