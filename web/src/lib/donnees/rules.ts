/** The dated rules of a process as the form edits them (the TOML a person may also write). */
import type { Config } from '../api/types';
import { addDays } from '../format';

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
export interface Closure {
  date: string;
  half: boolean;
  reason: string;
}
/** Shares between 0 and 1: 0.1 is ten points, or ten in a hundred of the stock. */
export interface Alert {
  tense_points: number;
  critical_points: number;
  tense_late_share: number;
  critical_late_share: number;
}
/** What product and activity fields propose, by the ids of their lists. */
export const PRODUCTS = 'config-products';
export const ACTIVITIES = 'config-activities';
export const BASES = ['measured', 'declared', 'agreed'] as const;
export interface UnitTime {
  product: string | null;
  activity: string | null;
  /** Empty on a line that has just been added; the form refuses it. */
  minutes: number | null;
  basis: (typeof BASES)[number];
}
export interface Campaign {
  name: string;
  from: string;
  to: string;
  product: string | null;
  /** Items expected on top of the usual ones. */
  expected: number | null;
  /** As the last campaign of this name, not as all of them; `expected` rules. */
  like_last_time: boolean;
}
export const EVENT_KINDS = ['strike', 'rule', 'other'] as const;
/** The least and the most, in percent, by which an event is expected to change arrivals. */
export const EVENT_PERCENT = { least: -99, most: 2000 };
/** What happens once and moves arrivals. */
export interface Event {
  name: string;
  kind: (typeof EVENT_KINDS)[number];
  from: string;
  /** `null`: for good, a new level. */
  to: string | null;
  product: string | null;
  /** Share by which arrivals are expected to change: -0.3 is three in ten fewer; `null`: learned from what came. */
  effect: number | null;
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
  alert: Alert;
  target: Target[];
  unit_time: UnitTime[];
  campaign: Campaign[];
  event: Event[];
  exclusion: Window[];
  neutralised: Window[];
  closure: Closure[];
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
  closing_rule: { terminal_share: 0.9, silence_quantile: 0.95, silence_days: null },
  alert: { tense_points: 0, critical_points: 0.1, tense_late_share: 0.05, critical_late_share: 0.2 },
  target: [],
  unit_time: [],
  campaign: [],
  event: [],
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
  const anyProduct = <T extends { product: string | null }>(list: T[] | undefined): T[] =>
    (list ?? []).map((x) => ({ ...x, product: x.product ?? null }));
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
    alert: { ...d.alert, ...r.alert },
    target: (r.target ?? []).map((t) => ({
      product: t.product ?? null,
      days: t.days,
      counter: t.counter ?? 'worked',
      share: t.share ?? null,
      stock: t.stock ?? null
    })),
    unit_time: anyProduct(r.unit_time).map((u) => ({ ...u, activity: u.activity ?? null })),
    campaign: anyProduct(r.campaign).map((c) => ({ ...c, expected: c.expected ?? null, like_last_time: c.like_last_time ?? false })),
    event: anyProduct(r.event).map((e) => ({ ...e, kind: e.kind ?? 'other', to: e.to ?? null, effect: e.effect ?? null })),
    exclusion: anyProduct(r.exclusion),
    neutralised: anyProduct(r.neutralised),
    closure: (r.closure ?? []).map((c) => ({ date: c.date, half: c.half ?? false, reason: c.reason ?? '' }))
  };
}

/** Where a first day stands for « always »: no body has older data. */
export const ALWAYS = '1900-01-01';
export const always = (from: string): boolean => from <= ALWAYS;

/** The version in force on a day: the last one begun. */
export function inForce<V extends { from: string }>(versions: readonly V[], day: string): V | undefined {
  return versions.filter((v) => v.from <= day).reduce<V | undefined>((a, b) => (a && a.from > b.from ? a : b), undefined);
}

/** The rules in force on a day and the day they began; those by default when none has. */
export function rulesInForce(config: Config, day: string): { from: string | undefined; rules: Rules } {
  const version = inForce(config.versions, day);
  return { from: version?.from, rules: complete(version?.rules) };
}

/** The parts of the form, in its order; those of a same part change together. */
const SECTIONS = {
  states: ['states'],
  target: ['target'],
  alert: ['alert'],
  unit_time: ['unit_time'],
  campaign: ['campaign'],
  event: ['event'],
  calendar: ['label', 'zone', 'calendar', 'school_zone', 'worked_weekdays', 'output_window_days'],
  closure: ['closure'],
  exclusion: ['exclusion'],
  neutralised: ['neutralised'],
  closing_rule: ['closing_rule'],
  expected_stock: ['expected_stock']
} as const satisfies Record<string, readonly (keyof Rules)[]>;
export type Section = keyof typeof SECTIONS;

/** The order of the keys of an object says nothing; that of a list does. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((k) => same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]))
  );
}

/** The parts by which two versions differ. */
export function differences(a: Rules, b: Rules): Section[] {
  return (Object.keys(SECTIONS) as Section[]).filter((s) => SECTIONS[s].some((k) => !same(a[k], b[k])));
}

export interface VersionRow {
  from: string;
  /** The day before the next version begins; `null` for the last. */
  to: string | null;
  state: 'past' | 'current' | 'coming';
  /** Against the one before; `null` for the first. */
  changes: Section[] | null;
}

/** The versions as a person reads them, latest first. */
export function versionRows(versions: Config['versions'], day: string): VersionRow[] {
  const sorted = [...versions].sort((a, b) => (a.from < b.from ? -1 : 1));
  const current = inForce(sorted, day);
  return sorted
    .map((v, i): VersionRow => {
      const before = sorted[i - 1];
      const next = sorted[i + 1];
      return {
        from: v.from,
        to: next ? addDays(next.from, -1) : null,
        state: v === current ? 'current' : v.from > day ? 'coming' : 'past',
        changes: before ? differences(complete(before.rules), complete(v.rules)) : null
      };
    })
    .reverse();
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
