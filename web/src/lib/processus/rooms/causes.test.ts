import { describe, expect, it } from 'vitest';
import { CAUSES, main, parts, total } from './causes';

const some = { batching_s: 10, prioritisation_s: 0, contention_s: 60, unavailability_s: 20, held_s: 5, unexplained_s: 5 };
const none = { batching_s: 0, prioritisation_s: 0, contention_s: 0, unavailability_s: 0, held_s: 0, unexplained_s: 0 };

describe('causes of a wait', () => {
  it('add up to the whole, end to end on the bar', () => {
    const p = parts(some);
    expect(p.map((x) => x.key)).toEqual([...CAUSES]);
    expect(p.reduce((a, x) => a + x.seconds, 0)).toBe(total(some));
    expect(p.reduce((a, x) => a + (x.share ?? 0), 0)).toBeCloseTo(1, 12);
    for (let i = 1; i < p.length; i++) expect(p[i]!.x).toBeCloseTo(p[i - 1]!.x + p[i - 1]!.width, 9);
  });
  it('are drawn to the scale asked', () => {
    expect(parts(some, 200).reduce((a, x) => a + x.width, 0)).toBeCloseTo(50, 9);
  });
  it('have no share when nothing waits', () => {
    expect(parts(none).every((x) => x.share === null && x.width === 0)).toBe(true);
    expect(main(none)).toBeNull();
    expect(main(null)).toBeNull();
  });
  it('name the heaviest', () => {
    expect(main(some)?.key).toBe('contention');
  });
});
