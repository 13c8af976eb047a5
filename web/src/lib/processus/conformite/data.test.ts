import { describe, expect, it } from 'vitest';
import type { Conformance, Deviation } from '../types-rooms';
import { absent, fileName, marks, ranked } from './data';

const d = (activity: string, cases: number, extra_minutes: number | null): Deviation => ({ kind: 'skipped', activity, after: null, occurrences: cases, cases, extra_minutes, text: { fr: '', en: '' } });
const c: Conformance = {
  method: 'alignments', fitness: 0.9, precision: 0.8, cases: 10, cases_fitting: 6, variants: 4, variants_unknown: 0, deviations: [], caveats: [],
  activities: [
    { activity: 'a', fitting: 8, unforeseen: 1, skipped: 1 },
    { activity: 'x', fitting: 0, unforeseen: 3, skipped: 0 },
    { activity: 'never', fitting: 0, unforeseen: 0, skipped: 0 }
  ]
};

describe('conformance', () => {
  it('marks each activity with what it saw', () => {
    expect(marks(c).get('a')).toEqual({ activity: 'a', fitting: 8, skipped: 1, unforeseen: 1, share: 0.8 });
    expect(marks(c).get('never')!.share).toBeNull();
    expect(marks(null).size).toBe(0);
  });
  it('names what the model lacks, once the model is read', () => {
    expect(absent(c, new Set(['a', 'never'])).map((m) => m.activity)).toEqual(['x']);
    expect(absent(c, new Set())).toEqual([]);
  });
  it('ranks deviations by minutes, then by cases; unknown minutes last', () => {
    expect(ranked([d('a', 9, null), d('b', 1, 5), d('c', 2, 5), d('d', 1, 50)]).map((x) => x.activity)).toEqual(['d', 'c', 'b', 'a']);
  });
  it('makes file names that any system takes', () => {
    expect(fileName('Référence : été 2026')).toBe('reference-ete-2026');
    expect(fileName('…')).toBe('modele');
  });
});
