import { describe, expect, it } from 'vitest';
import { formats } from '../format';
import { duration, worked } from './duration';

const fr = formats('fr');
const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');
const d = (s: number | null) => plain(duration(s, fr));

describe('durations', () => {
  it('say at most two units', () => {
    expect([0, 0.4, 45, 59.6, 720, 3600, 12_000, 86_400, 187_200, 3_542_400].map(d)).toEqual([
      '0 s', '0,4 s', '45 s', '1 min', '12 min', '1 h', '3 h 20', '1 j', '2 j 4 h', '41 j'
    ]);
  });
  it('never say 60 minutes or 24 hours', () => {
    for (let s = 0; s < 900_000; s += 29) expect(d(s)).not.toMatch(/ (60|24 h$)|^60|^24 h/);
  });
  it('say what goes down with a true minus', () => {
    expect(d(-12_000)).toBe('−3 h 20');
  });
  it('know what is unknown', () => {
    expect([d(null), d(NaN), plain(worked(undefined, fr))]).toEqual(['—', '—', '—']);
  });
  it('leave worked time in hours', () => {
    expect(plain(worked(453_600, fr))).toBe('126 h');
    expect(plain(worked(97_200, fr))).toBe('27 h');
  });
});
