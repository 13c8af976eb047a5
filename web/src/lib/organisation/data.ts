/** Shapes people and dated facts for the screen. */
import type { Fact, OrgNode, Person } from '$lib/api/types';
import { addDays, civil, isoDay } from '$lib/format';
import type { Labels } from '$lib/labels/fr';
import type { Formats } from '$lib/format';

export const KINDS = ['membership', 'contract', 'skill', 'absence', 'ramp_up'] as const;
export type FactKind = (typeof KINDS)[number];

/** Kinds that may stand below a kind: only narrower ones, and bodies alone. */
const ORDER = ['network', 'body', 'site', 'service', 'team'] as const;
export function kindsBelow(kind: string | null): string[] {
  if (kind === null) return ['body', 'network'];
  const i = ORDER.indexOf(kind as (typeof ORDER)[number]);
  return i < 0 ? [] : ORDER.slice(i + 1);
}

/** Nodes under which this one may hang: wider, standing, not itself nor below it. */
export function placesFor(node: OrgNode, nodes: readonly OrgNode[]): OrgNode[] {
  const under = new Set([node.id]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const n of nodes) {
      if (n.parent != null && under.has(n.parent) && !under.has(n.id)) {
        under.add(n.id);
        grown = true;
      }
    }
  }
  const rank = (k: string) => ORDER.indexOf(k as (typeof ORDER)[number]);
  return nodes.filter((n) => !under.has(n.id) && rank(n.kind) < rank(node.kind));
}

export const fullName = (p: Pick<Person, 'given' | 'family'>): string => `${p.given} ${p.family}`.trim();

/** The days of a fact that hold on a day. */
export const holdsOn = (f: Pick<Fact, 'from' | 'to'>, day: string): boolean => f.from <= day && (f.to == null || day <= f.to);

type Content = Record<string, unknown>;
const num = (v: unknown): number | null => (typeof v === 'number' && Number.isFinite(v) ? v : null);
const text = (v: unknown): string => (typeof v === 'string' ? v : '');

export interface Names {
  node: (id: string) => string;
}

/** A fact in words. */
export function factWords(fact: Fact, t: Labels, f: Formats, names: Names): string {
  const c = fact.content as Content;
  const w = t.person.words;
  switch (fact.kind) {
    case 'membership':
      return names.node(text(c['node']));
    case 'contract': {
      const days = Array.isArray(c['worked_weekdays']) ? c['worked_weekdays'] : [];
      const hours = num(c['weekly_hours']);
      return w.contract(
        f.pct(num(c['share']), 0),
        f.num(hours, hours !== null && !Number.isInteger(hours) ? 1 : 0),
        days.map((d) => t.person.dayNames[Number(d) - 1] ?? '').join(' ')
      );
    }
    case 'skill': {
      const parts = [w.skill(String(num(c['theory']) ?? '—'), String(num(c['practice']) ?? '—'))];
      if (num(c['intensity']) !== null) parts.push(w.intensity(f.pct(num(c['intensity']), 0)));
      parts.push(c['authorised'] === true ? w.authorised : w.notAuthorised);
      return `${text(c['skill'])} · ${parts.join(', ')}`;
    }
    case 'absence': {
      const cause = text(c['cause']);
      return cause ? (t.person.causes[cause] ?? cause) : `${w.absence} · ${t.person.causeHidden}`;
    }
    case 'ramp_up':
      return w.rampUp(f.pct(num(c['start']), 0));
    default:
      return fact.kind;
  }
}

/** Where a fact came from, in words: `staff:effectifs.xlsx` is the file's name. */
export function sourceWords(source: string, t: Labels): string {
  const [kind = '', file] = source.split(/:(.*)/s);
  return file || (t.person.sources[kind] ?? source);
}

export interface Bar {
  id: number;
  x: number;
  width: number;
  label: string;
  /** Whether it holds today. */
  now: boolean;
  /** Whether it goes on beyond the picture. */
  open: boolean;
  /** Whether it began before the picture. */
  cut: boolean;
}
export interface Lane {
  kind: FactKind;
  /** Name of the lane: the skill, or the kind. */
  name: string;
  bars: Bar[];
}
export interface Timeline {
  from: string;
  to: string;
  today: number;
  ticks: { x: number; label: string }[];
  lanes: Lane[];
}

const DAY = 86_400_000;
const at = (day: string): number => (civil(day)?.getTime() ?? 0) / DAY;

/**
 * Facts as lanes over at most three years back and eighteen months ahead: long
 * enough to tell a career in the team, short enough that a week is seen.
 */
export function timeline(facts: readonly Fact[], today: string, t: Labels, f: Formats, names: Names): Timeline | null {
  if (facts.length === 0) return null;
  const least = addDays(today, -3 * 365);
  const most = addDays(today, 548);
  const firsts = facts.map((x) => x.from).sort();
  const lasts = facts.map((x) => x.to ?? '').sort();
  const from = firsts[0]! < least ? least : firsts[0]! > today ? today : firsts[0]!;
  const far = lasts.at(-1) || today;
  const ahead = addDays(today, 180);
  const to = far > most ? most : far > ahead ? far : ahead;
  const lo = at(from);
  const span = at(to) + 1 - lo;
  const x = (day: string) => ((at(day) - lo) / span) * 100;
  const lanes = new Map<string, Lane>();
  for (const kind of KINDS) {
    for (const fact of facts.filter((y) => y.kind === kind).sort((a, b) => (a.from < b.from ? -1 : 1))) {
      if ((fact.to ?? to) < from || fact.from > to) continue;
      const name = kind === 'skill' ? text((fact.content as Content)['skill']) : (t.person.groups[kind] ?? kind);
      const key = `${kind}/${name}`;
      const lane = lanes.get(key) ?? { kind, name, bars: [] };
      const start = fact.from < from ? from : fact.from;
      const end = fact.to == null || fact.to > to ? to : fact.to;
      lane.bars.push({
        id: fact.id,
        x: x(start),
        width: x(addDays(end, 1)) - x(start),
        label: factWords(fact, t, f, names),
        now: holdsOn(fact, today),
        open: fact.to == null || fact.to > to,
        cut: fact.from < from
      });
      lanes.set(key, lane);
    }
  }
  return { from, to, today: x(today), ticks: ticksOf(from, to, x), lanes: [...lanes.values()] };
}

/** First of January of each year; of each quarter when less than two years are shown. */
function ticksOf(from: string, to: string, x: (day: string) => number): Timeline['ticks'] {
  const quarterly = at(to) - at(from) < 730;
  const ticks: Timeline['ticks'] = [];
  for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++) {
    for (const month of quarterly ? [1, 4, 7, 10] : [1]) {
      const day = isoDay(new Date(Date.UTC(year, month - 1, 1)));
      if (day < from || day > to || x(day) > 96) continue;
      ticks.push({ x: x(day), label: month === 1 ? String(year) : `${String(month).padStart(2, '0')}/${String(year).slice(2)}` });
    }
  }
  return ticks;
}

/** A fact as a form holds it: every value as typed. */
export interface FactForm {
  kind: FactKind;
  from: string;
  to: string;
  node: string;
  share: string;
  weekly: string;
  weekdays: number[];
  calendar: string;
  skill: string;
  theory: number;
  practice: number;
  intensity: string;
  authorised: boolean;
  fromNoon: boolean;
  untilNoon: boolean;
  cause: string;
  start: string;
}

/** Numbers are put as the language writes them; both marks are read back. */
export function formOf(kind: FactKind, today: string, fact?: Fact, lang: 'fr' | 'en' = 'fr'): FactForm {
  const c = (fact?.content ?? {}) as Content;
  const put = (v: number) => (lang === 'fr' ? String(v).replace('.', ',') : String(v));
  const percent = (v: unknown, otherwise: string) => (num(v) === null ? otherwise : put(Math.round(num(v)! * 1000) / 10));
  return {
    kind,
    from: fact?.from ?? today,
    to: fact?.to ?? '',
    node: text(c['node']),
    share: percent(c['share'], '100'),
    weekly: put(num(c['weekly_hours']) ?? 37.5),
    weekdays: Array.isArray(c['worked_weekdays']) ? c['worked_weekdays'].map(Number) : [1, 2, 3, 4, 5],
    calendar: text(c['calendar']),
    skill: text(c['skill']),
    theory: num(c['theory']) ?? 2,
    practice: num(c['practice']) ?? 1,
    intensity: percent(c['intensity'], ''),
    authorised: c['authorised'] === true,
    fromNoon: c['from_noon'] === true,
    untilNoon: c['until_noon'] === true,
    cause: text(c['cause']) || 'other',
    start: percent(c['start'], '30')
  };
}

/** A decimal number a person typed, in French or English. */
export const readNumber = (typed: string): number | null => {
  const t = typed.replace(/[\s\u00a0\u202f%]/gu, '').replace(',', '.');
  return /^\d+(\.\d+)?$/.test(t) ? Number(t) : null;
};
const readShare = (typed: string): number | null => {
  const v = readNumber(typed);
  // Thousandths of a share: 37.5 % stays what was typed, without the dust of the division.
  return v === null ? null : Math.round(v * 1000) / 100_000;
};

/** The content to send; `null` when a value cannot be read. */
export function contentOf(form: FactForm): Content | null {
  switch (form.kind) {
    case 'membership':
      return form.node ? { node: form.node } : null;
    case 'contract': {
      const share = readShare(form.share);
      const weekly_hours = readNumber(form.weekly);
      if (share === null || share <= 0 || share > 1 || weekly_hours === null || form.weekdays.length === 0) return null;
      return { share, weekly_hours, worked_weekdays: [...form.weekdays].sort((a, b) => a - b), calendar: form.calendar || null };
    }
    case 'skill': {
      const intensity = form.intensity.trim() === '' ? null : readShare(form.intensity);
      if (form.skill.trim() === '' || (form.intensity.trim() !== '' && (intensity === null || intensity > 1))) return null;
      return { skill: form.skill.trim(), theory: form.theory, practice: form.practice, intensity, authorised: form.authorised };
    }
    case 'absence':
      return { from_noon: form.fromNoon, until_noon: form.untilNoon, cause: form.cause };
    case 'ramp_up': {
      const start = readShare(form.start);
      return start === null || start > 1 ? null : { start };
    }
  }
}
