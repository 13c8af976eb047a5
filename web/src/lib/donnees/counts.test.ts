import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../api/types';
import { corrects, gapOf, line, request, wrong } from './counts';

const row: LedgerRow = {
  period: '2026-11-20',
  from: '2026-11-20',
  to: '2026-11-20',
  opening: 100,
  arrivals: 10,
  settled_human: 5,
  closing: 105,
  neutralised: false,
  partial: false
};

describe('typed counts', () => {
  it('keep an empty cell apart from zero', () => {
    const l = line('p', 'P', row);
    l.typed.arrivals = '0';
    expect(request(l, '2026-11-20', '')).toEqual({ process: 'p', day: '2026-11-20', arrivals: 0 });
    expect(request(line('p', 'P', row), '2026-11-20', 'x')).toBeNull();
  });
  it('show the gap with the day before', () => {
    const l = line('p', 'P', row);
    expect(gapOf(l)).toBe(0);
    l.typed.stock = '103';
    expect(gapOf(l)).toBe(-2);
    expect(gapOf(line('q', 'Q', undefined))).toBeNull();
  });
  it('ask why only when a stored value changes', () => {
    const l = line('p', 'P', row);
    l.typed.settled_auto = '3';
    l.typed.arrivals = '10';
    expect(corrects(l)).toBe(false);
    l.typed.arrivals = '11';
    expect(corrects(l)).toBe(true);
  });
  it('refuse what is not a count', () => {
    const l = line('p', 'P', row);
    l.typed.arrivals = '12,5';
    l.typed.stock = '-3';
    l.typed.cancelled = '1 204';
    expect(wrong(l)).toEqual(['arrivals', 'stock']);
  });
});
