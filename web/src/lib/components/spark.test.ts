import { describe, expect, it } from 'vitest';
import { sparkPath } from './spark';

describe('sparkline', () => {
  it('breaks at unknown weeks', () => {
    expect(sparkPath([1, 2, null, 3, 4], 100, 20)!.path.match(/M/g)).toHaveLength(2);
  });
  it('keeps inside its box, highest on top', () => {
    const s = sparkPath([0, 50, 100], 100, 20)!;
    expect(s.path).toBe('M3 17L50 10L97 3');
    expect(s.last).toEqual({ x: 97, y: 3 });
  });
  it('draws a constant in the middle and nothing from one point', () => {
    expect(sparkPath([5, 5], 100, 20)!.last.y).toBe(10);
    expect(sparkPath([null, 5], 100, 20)).toBeNull();
    expect(sparkPath([], 100, 20)).toBeNull();
  });
});
