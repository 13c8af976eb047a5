import { describe, expect, it } from 'vitest';
import { blank, equal, mergeWorkshop, targeted, targetOf } from './workshop';

describe('workshop', () => {
  it('keeps what each hand wrote', () => {
    const seen = blank();
    const now = { ...blank(), note: 'theirs', steps: ['a'] };
    const mine = { ...blank(), effect: 'mine' };
    expect(mergeWorkshop(seen, now, mine)).toEqual({ ...blank(), note: 'theirs', steps: ['a'], effect: 'mine' });
  });
  it('keeps mine where both wrote', () => {
    expect(mergeWorkshop(blank(), { ...blank(), note: 'theirs' }, { ...blank(), note: 'mine' }).note).toBe('mine');
  });
  it('knows when nothing changed', () => {
    expect(equal(blank(), blank())).toBe(true);
    expect(equal(blank(), { ...blank(), steps: ['a'] })).toBe(false);
  });
  it('holds a target while it says something', () => {
    const one = targeted([], 'a', { wait_min: 10 });
    expect(targetOf(one, 'a').wait_min).toBe(10);
    expect(targeted(one, 'a', { wait_min: null })).toEqual([]);
    expect(targetOf([], 'b')).toMatchObject({ wait_min: null, adds_value: false });
  });
});
