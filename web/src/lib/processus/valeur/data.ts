/** Shapes the value stream: what the target state would gain, and where waiting weighs most. */
import { targetOf } from '../rooms/workshop';
import type { Stream, StreamStep, TargetStep } from '../types-rooms';

/** Steps as the API asks for them; nothing for the usual choice. */
export const stepsParam = (steps: readonly string[]): Record<string, string> => (steps.length ? { steps: steps.map(encodeURIComponent).join(',') } : {});

/** An item moved by one place; the ends stay where they are. */
export function moved(list: readonly string[], i: number, by: 1 | -1): string[] {
  const j = i + by;
  if (i < 0 || j < 0 || i >= list.length || j >= list.length) return [...list];
  const out = [...list];
  [out[i], out[j]] = [out[j]!, out[i]!];
  return out;
}

/** Time aimed at for a step, over all cases, in worked minutes. */
interface Aim {
  step: StreamStep;
  target: TargetStep;
  /** Minutes gained over all cases, wait and touch together; `null` when nothing is aimed at. */
  gain: number | null;
}

/** A target speaks of the mean over all cases, as the ladder and the page do: what is gained is the difference. */
const gained = (now: number | null | undefined, aim: number | null | undefined): number | null => (aim == null || now == null ? null : now - aim);

export function aims(s: Stream, targets: readonly TargetStep[]): Aim[] {
  return s.steps.map((step) => {
    const target = targetOf(targets, step.activity);
    const wait = gained(step.wait_min, target.wait_min);
    const touch = gained(step.touch_min, target.touch_min);
    return { step, target, gain: wait === null && touch === null ? null : (wait ?? 0) + (touch ?? 0) };
  });
}

export interface Gains {
  lead: number;
  aimedLead: number;
  /** Change of the lead time, as a share of it. */
  change: number;
  touch: number | null;
  aimedTouch: number | null;
}

/** What the target state would make of the lead time; `null` while nothing is aimed at or known. */
export function gains(s: Stream, targets: readonly TargetStep[]): Gains | null {
  if (s.lead_min == null || !(s.lead_min > 0)) return null;
  const list = aims(s, targets);
  if (list.every((a) => a.gain === null)) return null;
  const gain = list.reduce((a, x) => a + (x.gain ?? 0), 0);
  const aimedLead = Math.max(0, s.lead_min - gain);
  const touchGain = list.reduce((a, x) => a + (gained(x.step.touch_min, x.target.touch_min) ?? 0), 0);
  const touch = s.touch_min ?? null;
  return { lead: s.lead_min, aimedLead, change: aimedLead / s.lead_min - 1, touch, aimedTouch: touch === null ? null : Math.max(0, touch - touchGain) };
}

/** Share of the lead time spent on the steps said to add value; `null` until some are, or when touch is unknown. */
export function valueAdded(s: Stream, targets: readonly TargetStep[]): number | null {
  if (s.lead_min == null || !(s.lead_min > 0)) return null;
  const adding = s.steps.filter((x) => targetOf(targets, x.activity).adds_value);
  if (adding.length === 0 || adding.some((x) => x.touch_min == null)) return null;
  return adding.reduce((a, x) => a + (x.touch_min ?? 0), 0) / s.lead_min;
}

/** Steps whose wait weighs most, heaviest first; what is under a hundredth of the longest one is not told. */
export function longest(s: Stream, most = 4): StreamStep[] {
  const top = Math.max(0, ...s.steps.map((x) => x.wait_min));
  return s.steps
    .filter((x) => x.wait_min > 0 && x.wait_min >= top / 100)
    .sort((a, b) => b.wait_min - a.wait_min || a.activity.localeCompare(b.activity))
    .slice(0, most);
}
