import { describe, expect, it } from 'vitest';
import type { Waits } from '../types-rooms';
import { causesOf, hasWorked, rows, span, week } from './data';

const c = (contention_s: number) => ({ batching_s: 0, prioritisation_s: 0, contention_s, unavailability_s: 0, held_s: 0, unexplained_s: 0 });
const s = (total_s: number) => ({ mean_s: 1, median_s: 1, p90_s: 1, total_s });
const waits: Waits = {
  form: 'full',
  cases: 2,
  count: 3,
  calendar_causes: c(300),
  worked_causes: c(100),
  edges: [
    { from: null, to: 'b', count: 1, cases: 1, calendar: s(200), worked: s(30), calendar_causes: c(200), worked_causes: c(30), examples: [] },
    { from: 'a', to: 'c', count: 2, cases: 2, calendar: s(100), worked: s(70), calendar_causes: c(100), worked_causes: c(70), examples: ['1'] }
  ],
  presence: null,
  hours: { fr: '', en: '' },
  caveats: []
};

describe('waits', () => {
  it('are ranked by the clock asked', () => {
    expect(rows(waits, 'worked').map((r) => r.to)).toEqual(['c', 'b']);
    expect(rows(waits, 'calendar').map((r) => r.to)).toEqual(['b', 'c']);
    expect(rows(waits, 'worked')[0]!.share).toBeCloseTo(0.7);
  });
  it('fall back on the calendar where the log has whole days', () => {
    const days = { ...waits, worked_causes: null, edges: waits.edges.map((e) => ({ ...e, worked: null, worked_causes: null })) };
    expect(hasWorked(days)).toBe(false);
    expect(causesOf(days, 'worked')).toEqual(c(300));
    expect(rows(days, 'worked').map((r) => r.total)).toEqual([200, 100]);
  });
});

describe('presence', () => {
  it('averages half hours into hours, day after day', () => {
    const share = Array.from({ length: 7 * 48 }, () => 0);
    share[18] = 0.4; // Monday 9:00
    share[19] = 0.6; // Monday 9:30
    share[48 + 20] = 1; // Tuesday 10:00
    const grid = week({ slot_minutes: 30, share, people: 12 });
    expect(grid[0]![9]).toBeCloseTo(0.5);
    expect(grid[1]![10]).toBeCloseTo(0.5);
    expect(span(grid)).toEqual([9, 10]);
  });
  it('reads long slots and short answers without inventing presence', () => {
    const grid = week({ slot_minutes: 120, share: [0, 1], people: null });
    expect(grid[0]!.slice(0, 5)).toEqual([0, 0, 1, 1, 0]);
    expect(span(week({ slot_minutes: 60, share: [], people: null }))).toEqual([0, 23]);
  });
});
