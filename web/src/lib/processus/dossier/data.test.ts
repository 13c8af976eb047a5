import { describe, expect, it } from 'vitest';
import type { Timeline, TimelineTask } from '../types';
import { place, shape, sums, ticks } from './data';

const task = (more: Partial<TimelineTask>): TimelineTask => ({ activity: 'A', day: false, ...more });
const line = (...tasks: TimelineTask[]): Timeline => ({ case: '1', variant: 'v', tasks, caveats: [] });

describe('the timeline of a case', () => {
  it('has a bar per task and a wait before it', () => {
    const c = shape(
      line(
        task({ start: '2026-09-01T08:00:00Z', end: '2026-09-01T09:00:00Z', touch_s: 3600 }),
        task({ start: '2026-09-01T11:00:00Z', end: '2026-09-01T12:00:00Z', wait_s: 7200, touch_s: 3600 })
      )
    )!;
    expect(c.bars[1]).toMatchObject({ row: 1, moment: false, open: false, waitFrom: Date.parse('2026-09-01T09:00:00Z') });
    expect(place(c, c.min)).toBe(0);
    expect(place(c, c.max)).toBe(100);
    expect(place(c, c.bars[1]!.from)).toBe(75);
  });
  it('shows a moment where no start is known, and what is still open', () => {
    const c = shape(line(task({ end: '2026-09-01T09:00:00Z' }), task({ start: '2026-09-02T09:00:00Z' })))!;
    expect(c.bars.map((b) => [b.moment, b.open])).toEqual([[true, false], [true, true]]);
  });
  it('stands on an axis even when everything is one day', () => {
    const c = shape(line(task({ end: '2026-09-01T00:00:00Z', day: true })))!;
    expect(c.max).toBeGreaterThan(c.min);
    expect(c.day).toBe(true);
  });
  it('is nothing without instants, and never fails on bad ones', () => {
    expect(shape(line())).toBeNull();
    expect(shape(line(task({ start: 'x', end: null })))).toBeNull();
  });
  it('keeps a few marks whatever the length', () => {
    for (const span of [1, 3_600_000, 86_400_000 * 3, 86_400_000 * 400, 86_400_000 * 365 * 60]) {
      const t = ticks(0, span);
      expect(t.length).toBeLessThanOrEqual(12);
    }
  });
  it('sums what is known', () => {
    expect(sums(line(task({ wait_s: 5 }), task({ wait_s: 7, touch_s: null })))).toMatchObject({ wait: 12, touch: null, lead: null });
    expect(sums(line(task({ start: '2026-09-01T08:00:00Z', end: '2026-09-01T09:00:00Z' }))).lead).toBe(3600);
  });
});
