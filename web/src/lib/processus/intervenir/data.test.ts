import { describe, expect, it } from 'vitest';
import { known, ranked, unknown } from './data';

const s = (process: string, score: number | null) => ({ process, label: process, score, criteria: [] });
const c = (id: string, value: number | null) => ({ id, value, points: value === null ? null : 3, weight: 10, text: { fr: '', en: '' } });

describe('where to act', () => {
  it('puts the unknown last, never first', () => {
    expect(ranked([s('a', null), s('b', 10), s('c', 0), s('d', 10)], (x, y) => x.localeCompare(y)).map((x) => x.process)).toEqual(['b', 'd', 'c', 'a']);
  });
  it('tells what is known from what is not', () => {
    const x = { ...s('a', 1), criteria: [c('volume', 3), c('late_share', null)] };
    expect(known(x).map((k) => k.id)).toEqual(['volume']);
    expect(unknown(x).map((k) => k.id)).toEqual(['late_share']);
  });
});
