import { describe, expect, it } from 'vitest';
import type { Case } from './api/types';
import { dueOf, pageCount } from './cases';

const c = (days_left: number | null, closed: string | null = null) => ({ days_left, closed }) as Case;

describe('cases', () => {
  it('say how a deadline stands', () => {
    expect(dueOf(c(-3))).toEqual({ kind: 'late', days: 3 });
    expect(dueOf(c(0))).toEqual({ kind: 'today' });
    expect(dueOf(c(5))).toEqual({ kind: 'soon', days: 5 });
    expect(dueOf(c(6))).toEqual({ kind: 'later', days: 6 });
    expect(dueOf(c(null))).toEqual({ kind: 'none' });
    expect(dueOf(c(-3, '2026-01-01'))).toEqual({ kind: 'none' });
  });
  it('count pages', () => {
    expect(pageCount(0, 50)).toBe(1);
    expect(pageCount(50, 50)).toBe(1);
    expect(pageCount(51, 50)).toBe(2);
  });
});
