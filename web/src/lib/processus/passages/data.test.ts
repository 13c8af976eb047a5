import { describe, expect, it } from 'vitest';
import type { Handovers } from '../types-rooms';
import { matrix, meanPerCase, perCase } from './data';

const x = (from: string, to: string, count: number) => ({ from, to, count, cases: count, median_wait_s: null, worked_median_wait_s: null });
const h: Handovers = {
  by: 'unit',
  cases: 10,
  names: ['a', 'b', 'c', 'd'],
  handovers: [x('a', 'b', 7), x('b', 'a', 2), x('c', 'a', 5)],
  per_case: [4, 3, 2, 1, 0],
  together: [],
  segregation: [],
  caveats: []
};

describe('hand-overs', () => {
  it('fill a matrix that keeps its sums', () => {
    const m = matrix(h);
    expect(m.names).toEqual(['a', 'b', 'c', 'd']);
    expect(m.cells[0]![1]).toBe(7);
    expect(m.out.reduce((p, q) => p + q, 0)).toBe(14);
    expect(m.in.reduce((p, q) => p + q, 0)).toBe(14);
    expect(m.most).toBe(7);
  });
  it('leave the quieter names to the list', () => {
    const m = matrix(h, 2);
    expect(m.names).toEqual(['a', 'b']);
    expect(m.left).toBe(2);
    expect(m.out).toEqual([7, 2]);
  });
  it('gather the tail and forget trailing zeros', () => {
    expect(perCase(h.per_case).map((p) => p.cases)).toEqual([4, 3, 2, 1]);
    const long = perCase([1, 1, 1, 1, 1, 1], 3);
    expect(long.map((p) => [p.from, p.cases, p.open])).toEqual([[0, 1, false], [1, 1, false], [2, 4, true]]);
    expect(perCase([])).toEqual([]);
    expect(meanPerCase(h.per_case)).toBeCloseTo(1);
    expect(meanPerCase([])).toBeNull();
  });
});
