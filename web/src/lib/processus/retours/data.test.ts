import { describe, expect, it } from 'vitest';
import type { Rework } from '../types-rooms';
import { firstPass, passLine, passesShown, repeated, returned } from './data';

const r: Rework = {
  cases: 10,
  clean_cases: 7,
  activities: [
    { activity: 'a', occurrences: 10, cases: 10, cases_again: 0, repeats: 0, self_loops: 0, minutes: 0, first_pass_yield: 1 },
    { activity: 'b', occurrences: 14, cases: 10, cases_again: 3, repeats: 4, self_loops: 1, minutes: 40, first_pass_yield: 0.7 }
  ],
  loops: [],
  causes: [{ cause: 'c', kind: 'returned', count: 3, cases: 3, passes: [{ pass: 1, cases: 3, returned: 1 }, { pass: 3, cases: 1, returned: 0 }] }],
  passes: [{ pass: 1, cases: 10, returned: 3 }, { pass: 2, cases: 3, returned: 1 }],
  minutes: 40,
  fte: 0.1,
  caveats: []
};

describe('returns', () => {
  it('keep numerators and denominators apart', () => {
    expect(firstPass(r)).toBeCloseTo(0.7);
    expect(firstPass({ ...r, cases: 0 })).toBeNull();
    expect(returned(r)).toEqual({ rate: 0.3, of: 10 });
    expect(returned({ ...r, passes: [] })).toBeNull();
  });
  it('leave a missing pass unknown', () => {
    expect(passesShown(r)).toBe(3);
    expect(passLine(r.causes[0]!.passes, 3).map((p) => p?.returned ?? null)).toEqual([1, null, 0]);
  });
  it('show what is done again only', () => {
    expect(repeated(r).map((a) => a.activity)).toEqual(['b']);
  });
});
