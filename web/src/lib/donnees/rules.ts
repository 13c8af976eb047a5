/** The dated rules of a process as the form edits them (the TOML a person may also write). */
import type { Config } from '../api/types';

export type Awaited = 'us' | 'insured' | 'employer' | 'other_body';
export type Counter = 'worked' | 'ouvrable' | 'calendar';

export interface Hold {
  enter: string[];
  leave: string[];
  awaited: Awaited;
  returned: boolean;
}
export interface Target {
  product: string | null;
  days: number;
  counter: Counter;
  share: number | null;
  stock: number | null;
}
export interface Window {
  from: string;
  to: string;
  product: string | null;
  reason: string;
}
export interface Rules {
  label: string;
  zone: string;
  calendar: string;
  school_zone: string | null;
  worked_weekdays: number[];
  states: {
    settled: string[];
    settled_auto: string[];
    cancelled: string[];
    transferred: string[];
    neutral: string[];
    hold: Hold[];
  };
  closing_rule: { terminal_share: number; silence_quantile: number; silence_days: number | null };
  target: Target[];
  exclusion: Window[];
  neutralised: Window[];
  closure: { date: string; half: boolean; reason: string }[];
  output_window_days: number;
  expected_stock: { date: string; stock: number }[];
}

export const defaults = (): Rules => ({
  label: '',
  zone: 'Europe/Paris',
  calendar: 'metropole',
  school_zone: null,
  worked_weekdays: [1, 2, 3, 4, 5],
  states: { settled: [], settled_auto: [], cancelled: [], transferred: [], neutral: [], hold: [] },
  closing_rule: { terminal_share: 0.9, silence_quantile: 0.99, silence_days: null },
  target: [],
  exclusion: [],
  neutralised: [],
  closure: [],
  output_window_days: 20,
  expected_stock: []
});

/** Rules as they came, completed by the defaults. */
export function complete(raw: unknown): Rules {
  const d = defaults();
  const r = (raw ?? {}) as Partial<Rules>;
  return {
    ...d,
    ...r,
    states: {
      ...d.states,
      ...r.states,
      hold: (r.states?.hold ?? []).map((h) => ({
        enter: h.enter ?? [],
        leave: h.leave ?? [],
        awaited: h.awaited ?? 'insured',
        returned: h.returned ?? false
      }))
    },
    closing_rule: { ...d.closing_rule, ...r.closing_rule },
    target: (r.target ?? []).map((t) => ({
      product: t.product ?? null,
      days: t.days,
      counter: t.counter ?? 'worked',
      share: t.share ?? null,
      stock: t.stock ?? null
    }))
  };
}

/** The version in force and the day it began. */
export function latestRules(config: Config): { from: string | undefined; rules: Rules } {
  const last = config.versions.at(-1);
  return { from: last?.from, rules: complete(last?.rules) };
}

/** The same rules with a general target. */
export function withTarget(rules: Rules, days: number): Rules {
  const others = rules.target.filter((t) => t.product);
  return { ...rules, target: [...others, { product: null, days, counter: 'worked', share: null, stock: null }] };
}

export const ACTIVITY_ROLES = [
  'none',
  'settled',
  'settled_auto',
  'cancelled',
  'transferred',
  'hold',
  'leave',
  'neutral'
] as const;
export type ActivityRole = (typeof ACTIVITY_ROLES)[number];
export const AWAITED: Awaited[] = ['insured', 'employer', 'other_body', 'us'];

/** What an activity means under these rules. */
export function roleOf(rules: Rules, activity: string): { role: ActivityRole; awaited: Awaited; returned: boolean } {
  const s = rules.states;
  for (const role of ['settled', 'settled_auto', 'cancelled', 'transferred', 'neutral'] as const) {
    if (s[role].includes(activity)) return { role, awaited: 'insured', returned: false };
  }
  for (const h of s.hold) {
    if (h.enter.includes(activity)) return { role: 'hold', awaited: h.awaited, returned: h.returned };
    if (h.leave.includes(activity)) return { role: 'leave', awaited: h.awaited, returned: h.returned };
  }
  return { role: 'none', awaited: 'insured', returned: false };
}

/** Gives an activity one meaning and takes back any other it had. */
export function setRole(
  rules: Rules,
  activity: string,
  role: ActivityRole,
  awaited: Awaited = 'insured',
  returned = false
): Rules {
  const without = (list: string[]) => list.filter((a) => a !== activity);
  const s = rules.states;
  const states: Rules['states'] = {
    settled: without(s.settled),
    settled_auto: without(s.settled_auto),
    cancelled: without(s.cancelled),
    transferred: without(s.transferred),
    neutral: without(s.neutral),
    hold: s.hold.map((h) => ({ ...h, enter: without(h.enter), leave: without(h.leave) }))
  };
  if (role === 'hold' || role === 'leave') {
    const key = role === 'hold' ? 'enter' : 'leave';
    let home = states.hold.find((h) => h.awaited === awaited && h.returned === returned);
    // The end of a hold goes with the hold of the same party, returned or not.
    if (!home && role === 'leave') home = states.hold.find((h) => h.awaited === awaited);
    if (!home) {
      home = { enter: [], leave: [], awaited, returned };
      states.hold.push(home);
    }
    home[key] = [...home[key], activity];
  } else if (role !== 'none') {
    states[role] = [...states[role], activity];
  }
  states.hold = states.hold.filter((h) => h.enter.length + h.leave.length > 0);
  return { ...rules, states };
}
