import { describe, expect, it } from 'vitest';
import { endOf, left } from './clock';

const at = (s: string) => Date.parse(s);

describe('the end of a session', () => {
  it('is the nearer of the idle end and of the longest duration', () => {
    const idle = '2026-11-23T08:00:00Z';
    expect(endOf({ expires_at: idle, ends_at: '2026-11-23T18:00:00Z' }, 0)).toMatchObject({ at: at(idle), instant: idle, extendable: true });
    expect(endOf({ expires_at: idle, ends_at: '2026-11-23T07:59:00Z' }, 0)).toMatchObject({
      at: at('2026-11-23T07:59:00Z'),
      extendable: false
    });
    // At the same instant nothing can be put off.
    expect(endOf({ expires_at: idle, ends_at: idle }, 0)?.extendable).toBe(false);
  });
  it('is read on the clock of the browser', () => {
    expect(endOf({ expires_at: '2026-11-23T08:00:00Z', ends_at: null }, 90_000)?.at).toBe(at('2026-11-23T07:58:30Z'));
  });
  it('does not exist for the owner of the machine', () => {
    expect(endOf({ expires_at: null, ends_at: null }, 0)).toBeNull();
    expect(endOf(null, 0)).toBeNull();
  });
  it('is told in minutes, then in seconds, never below zero', () => {
    expect(left(119_500)).toEqual({ minutes: 2 });
    expect(left(61_000)).toEqual({ minutes: 2 });
    expect(left(60_000)).toEqual({ seconds: 60 });
    expect(left(400)).toEqual({ seconds: 1 });
    expect(left(-5)).toEqual({ seconds: 0 });
  });
});
