import { describe, expect, it } from 'vitest';
import { segments, shares } from './strata';

describe('strata', () => {
  it('fill the bar exactly and in order', () => {
    const s = segments([10, 0, 20, 30, 40]);
    expect(s.map((p) => p.stratum)).toEqual([0, 2, 3, 4]);
    expect(s[0]).toMatchObject({ x: 0, width: 10 });
    const last = s.at(-1)!;
    expect(last.x + last.width).toBeCloseTo(100, 9);
  });
  it('share one scale when bars are compared', () => {
    const s = segments([5, 5, 0, 0, 0], 100);
    expect(s.reduce((a, p) => a + p.width, 0)).toBeCloseTo(10, 9);
  });
  it('draw nothing from nothing, and no share of nothing', () => {
    expect(segments([0, 0, 0, 0, 0])).toEqual([]);
    expect(shares([0, 0, 0, 0, 0])).toEqual([null, null, null, null, null]);
    expect(shares([1, 1, 2, 0, 0])).toEqual([0.25, 0.25, 0.5, 0, 0]);
  });
});
