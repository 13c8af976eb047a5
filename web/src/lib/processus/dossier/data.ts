/** Shapes the timeline of a case: bars on one axis, waits between them. */
import { civil, isoDay } from '../../format';
import type { Timeline } from '../types';

export interface Bar {
  /** Row of the task. */
  row: number;
  activity: string;
  /** Milliseconds; a task without a known start is a moment. */
  from: number;
  to: number;
  /** When the wait before it began; `null` when there was none. */
  waitFrom: number | null;
  /** Still open: no end was delivered. */
  open: boolean;
  /** Only its end is known. */
  moment: boolean;
}
export interface Chart {
  bars: Bar[];
  min: number;
  max: number;
  ticks: { at: number; label: string; day: boolean }[];
  day: boolean;
}

const DAY = 86_400_000;

export function shape(t: Timeline): Chart | null {
  const bars: Bar[] = [];
  // The wait ends where the task starts; it began when the one before was over.
  t.tasks.forEach((task, row) => {
    const start = task.start ? Date.parse(task.start) : NaN;
    const end = task.end ? Date.parse(task.end) : NaN;
    const to = Number.isFinite(end) ? end : start;
    const from = Number.isFinite(start) ? start : end;
    if (!Number.isFinite(from) || !Number.isFinite(to)) return;
    const wait = task.wait_s != null && task.wait_s > 0 ? from - task.wait_s * 1000 : null;
    bars.push({ row, activity: task.activity, from: Math.min(from, to), to: Math.max(from, to), waitFrom: wait, open: !task.end, moment: !task.start || to <= from });
  });
  if (bars.length === 0) return null;
  let min = Infinity;
  let max = -Infinity;
  for (const b of bars) {
    min = Math.min(min, b.waitFrom ?? b.from);
    max = Math.max(max, b.to);
  }
  const day = t.tasks.every((x) => x.day);
  // A case of one moment still needs an axis to stand on.
  if (max - min < 60_000) {
    min -= day ? DAY : 1_800_000;
    max += day ? DAY : 1_800_000;
  }
  return { bars, min, max, ticks: ticks(min, max), day };
}

const STEPS = [900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 91 * DAY, 182 * DAY, 365 * DAY, 1826 * DAY, 3652 * DAY];

/** At most eight marks, at round instants; their words are the reader's. */
export function ticks(min: number, max: number): Chart['ticks'] {
  const step = STEPS.find((s) => (max - min) / s <= 8) ?? 10 * 3652 * DAY;
  const list: Chart['ticks'] = [];
  for (let at = Math.ceil(min / step) * step; at <= max && list.length < 12; at += step) {
    const d = new Date(at);
    list.push({ at, label: step >= DAY ? isoDay(d) : d.toISOString(), day: step >= DAY });
  }
  return list;
}

/** Share of the axis, 0 to 100. */
export const place = (c: Pick<Chart, 'min' | 'max'>, at: number): number => Math.max(0, Math.min(100, (100 * (at - c.min)) / (c.max - c.min)));

/** Sums over the tasks; unknown when no task says it. */
export function sums(t: Timeline) {
  const sum = (pick: (x: Timeline['tasks'][number]) => number | null | undefined) => {
    const known = t.tasks.map(pick).filter((v): v is number => v != null);
    return known.length ? known.reduce((a, b) => a + b, 0) : null;
  };
  const first = t.tasks.flatMap((x) => [x.start, x.end]).filter((x): x is string => !!x);
  const instants = first.map((x) => Date.parse(x)).filter(Number.isFinite);
  return {
    wait: sum((x) => x.wait_s),
    workedWait: sum((x) => x.worked_wait_s),
    touch: sum((x) => x.touch_s),
    workedTouch: sum((x) => x.worked_touch_s),
    lead: instants.length ? (Math.max(...instants) - Math.min(...instants)) / 1000 : null
  };
}

/** A civil day is never shifted by a zone. */
export const dayOf = (instant: string): string => (civil(instant) ? instant.slice(0, 10) : instant);
