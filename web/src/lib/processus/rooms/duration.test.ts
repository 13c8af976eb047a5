import { describe, expect, it } from 'vitest';
import { formats } from '../../format';
import { calendar, euros, hours, worked, workedMinutes } from './duration';

const fr = formats('fr');
const en = formats('en');
const plain = (s: string) => s.replace(/[\u00a0\u202f]/g, ' ');

describe('durations', () => {
  it('change unit where a person would', () => {
    const h = 3600;
    expect([0, 45, 59.8, 600, h, h + 1200, 6 * h, 13.5 * h, 14 * h, 31.5 * h, 7000 * h].map((s) => plain(worked(fr, s)))).toEqual([
      '0 s', '45 s', '1 min', '10 min', '1 h', '1 h 20', '6 h', '13 h 30', '2 j ouvrés', '4,5 j ouvrés', '1 000 j ouvrés'
    ]);
    expect([30 * h, 60 * h, 24 * 3 * h].map((s) => plain(calendar(fr, s)))).toEqual(['30 h', '2,5 j', '3 j']);
    expect(plain(worked(en, 31.5 * h))).toBe('4.5 worked d');
  });
  it('never make a figure of what is unknown', () => {
    expect(worked(fr, null)).toBe('—');
    expect(workedMinutes(fr, undefined)).toBe('—');
    expect(hours(fr, NaN)).toBe('—');
  });
  it('write minutes, hours and euros', () => {
    expect(plain(workedMinutes(fr, 12))).toBe('12 min');
    expect(plain(hours(fr, 36_000_000))).toBe('10 000 h');
    expect(plain(euros(fr, 123_456))).toBe('1 235 €');
    expect(euros(en, 123_456, 2)).toBe('€1,234.56');
  });
  it('keep the sign', () => {
    expect(plain(worked(fr, -1800))).toBe('−30 min');
  });
});
