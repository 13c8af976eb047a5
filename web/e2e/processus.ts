/** Invented answers about a log: an office that decides rights, and the logs no screen likes. */
import type { ProcessMap, Span, Timeline, Variant, VariantGroups, Variants } from '../src/lib/processus/types';
import { readCases } from '../src/lib/processus/casefilter';
import type { State } from './fixtures';

const tx = (fr: string, en: string) => ({ fr, en });

function dice(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

interface Path {
  variant: string[];
  cases: number;
  outcome: string;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

const R = 'Réception de la demande';
const N = 'Numérisation';
const C = 'Contrôle de complétude';
const P = 'Pièce demandée';
const PR = 'Pièce reçue';
const E = 'Étude du droit';
const T = 'Transmission au service partenaire';
const A = 'Avis du partenaire reçu';
const V = 'Vérification avant décision';
const D = 'Décision';
const O = 'Notification envoyée';
const L = 'Relance téléphonique';
const X = 'Classement sans suite';
const M = 'Mise en paiement';
const K = 'Contrôle interne';
const S = 'Signature du responsable';

function office(seed: number, cases: number, asked = 0.38, checked = 0.45): Path[] {
  const roll = dice(seed);
  const all = new Map<string, Path>();
  for (let i = 0; i < cases; i++) {
    const v: string[] = roll() < 0.06 ? [R, C] : [R, N, C];
    let out = 'settled';
    for (let turn = 0; turn < 4 && roll() < (turn === 0 ? asked : 0.3); turn++) {
      v.push(P);
      if (roll() < 0.22) v.push(L);
      if (roll() < 0.07) {
        v.push(X);
        out = 'cancelled';
        break;
      }
      v.push(PR, C);
    }
    if (out === 'settled') {
      v.push(E);
      if (roll() < 0.16) v.push(T, A, E);
      if (roll() < 0.08) v.push(E);
      if (roll() < checked) v.push(V);
      if (roll() < 0.07) v.push(E, V);
      v.push(D);
      if (roll() < 0.05 && asked < 0.5) v.push(K);
      if (asked > 0.5 && roll() < 0.3) v.push(S);
      v.push(O);
      if (roll() < 0.8) v.push(M);
      if (roll() < 0.03) out = 'open';
    }
    const key = v.join('|');
    const known = all.get(key);
    if (known) known.cases += 1;
    else all.set(key, { variant: v, cases: 1, outcome: out });
  }
  return [...all.values()].sort((a, b) => b.cases - a.cases);
}

/** A log nobody wants on a screen: hundreds of coded activities, nearly as many paths as cases. */
function thicket(seed: number, activities: number, cases: number): Path[] {
  const roll = dice(seed);
  const name = (i: number) => `${String(1 + (i % 16)).padStart(2, '0')}_HOOFD_${String(10 * i).padStart(4, '0')}`;
  const paths: Path[] = [];
  for (let c = 0; c < cases; c++) {
    const v: string[] = [];
    for (let i = 0; i < 12; i++) if (roll() < 0.86) v.push(name(i));
    const extra = 4 + Math.floor(roll() * 28);
    let at = 12;
    for (let i = 0; i < extra; i++) {
      at = Math.min(activities - 1, Math.max(6, at + Math.floor((roll() - 0.42) * 30)));
      v.push(name(roll() < 0.25 ? 12 + Math.floor(roll() * (activities - 12)) : at));
    }
    if (roll() < 0.3) v.splice(9, Infinity);
    paths.push({ variant: v, cases: c < 40 ? 60 - c : 1, outcome: 'settled' });
  }
  const all = new Map<string, Path>();
  for (const p of paths) {
    const k = p.variant.join('|');
    const known = all.get(k);
    if (known) known.cases += p.cases;
    else all.set(k, p);
  }
  return [...all.values()].sort((a, b) => b.cases - a.cases);
}

const LOGS = new Map<string, Path[]>();
function log(process: string, state: State): Path[] {
  const key = `${process}/${state}`;
  let known = LOGS.get(key);
  if (!known) {
    if (state === 'empty') known = [];
    else if (state === 'huge') known = thicket(5, 398, 12_400);
    else if (process === 'invalidite') known = [{ variant: ['Décision'], cases: 412, outcome: 'settled' }];
    else known = office(process === 'ij' ? 8 : process === 'css' ? 21 : 3, process === 'css' ? 900 : 4312, process === 'ij' ? 0.61 : 0.38, process === 'ij' ? 0.12 : 0.45);
    LOGS.set(key, known);
  }
  return known;
}

/** How long things last, from their names: the same at every run. */
const weight = (a: string, b: string) => {
  let h = 7;
  for (const c of a + b) h = (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0;
  return (h % 1000) / 1000;
};
const between = (a: string, b: string): number => {
  if (b === PR || b === A) return DAY * (6 + 9 * weight(a, b));
  if (b === O || b === M) return HOUR * (2 + 20 * weight(a, b));
  return DAY * (0.3 + 3.4 * weight(a, b));
};
const span = (mean: number, n: number): Span => ({ mean_s: mean, median_s: mean * 0.72, p90_s: mean * 2.4, total_s: mean * n });
const worked = (s: number) => s * 0.21;

function kept(paths: Path[], q: URLSearchParams): Path[] {
  const f = readCases(q);
  return paths.filter((p, i) => {
    const follows = ([a, b]: readonly [string, string]) => p.variant.some((x, j) => x === a && p.variant[j + 1] === b);
    const lead = leadOf(p.variant);
    return (
      f.with.every((a) => p.variant.includes(a)) &&
      !f.without.some((a) => p.variant.includes(a)) &&
      f.path.every(follows) &&
      !f.noPath.some(follows) &&
      (f.variant.length === 0 || f.variant.includes(idOf(i))) &&
      (f.minS === null || lead >= f.minS) &&
      (f.maxS === null || lead <= f.maxS) &&
      (!q.get('from') || i % 3 !== 0)
    );
  });
}
const leadOf = (v: readonly string[]) => v.reduce((s, a, i) => s + (i === 0 ? 0 : between(v[i - 1]!, a)), 0);
const idOf = (i: number) => (0x9e3779b9 ^ Math.imul(i + 1, 0x85ebca6b)).toString(16).replace('-', 'f').padStart(8, '0').slice(0, 8);

const caveats = (process: string) =>
  process === 'ij'
    ? [{ code: 'no_starts', text: tx('Ce journal ne dit pas quand une tâche commence : le temps passé sur une activité n’est pas connu, seul l’est le temps entre deux.', 'This log does not say when a task starts: time spent on an activity is unknown, only time between two is known.') }]
    : process === 'css'
      ? [{ code: 'date_only', text: tx('Ce journal ne donne que des jours : le temps ouvré à l’heure n’est pas calculé.', 'This log only gives days: worked time to the hour is not computed.') }]
      : [];

export function map(process: string, state: State, q: URLSearchParams): ProcessMap {
  const all = log(process, state);
  const paths = kept(all, q);
  const acts = new Map<string, { events: number; cases: number }>();
  const edges = new Map<string, { from: string; to: string; count: number; cases: number }>();
  const start: Record<string, number> = {};
  const end: Record<string, number> = {};
  for (const p of paths) {
    const seen = new Set<string>();
    p.variant.forEach((a, i) => {
      const act = acts.get(a) ?? { events: 0, cases: 0 };
      act.events += p.cases;
      if (!seen.has(a)) act.cases += p.cases;
      seen.add(a);
      acts.set(a, act);
      const b = p.variant[i + 1];
      if (i === 0) start[a] = (start[a] ?? 0) + p.cases;
      if (b === undefined) end[a] = (end[a] ?? 0) + p.cases;
      else {
        const key = `${a}>${b}`;
        const e = edges.get(key) ?? { from: a, to: b, count: 0, cases: 0 };
        e.count += p.cases;
        if (!seen.has(key)) e.cases += p.cases;
        seen.add(key);
        edges.set(key, e);
      }
    });
  }
  const touches = process !== 'ij' && process !== 'css';
  return {
    activities: [...acts]
      .map(([name, a]) => ({
        name,
        ...a,
        touch: touches ? span(HOUR * (0.1 + 1.6 * weight(name, 't')), a.events) : null,
        worked_touch: touches ? span(HOUR * (0.1 + 1.1 * weight(name, 't')), a.events) : null
      }))
      .sort((a, b) => b.events - a.events),
    edges: [...edges.values()]
      .map((e) => ({ ...e, ...span(between(e.from, e.to), e.count), worked: process === 'css' ? null : span(worked(between(e.from, e.to)), e.count) }))
      .sort((a, b) => b.count - a.count),
    start,
    end,
    cases: paths.reduce((n, p) => n + p.cases, 0),
    cases_in_all: all.reduce((n, p) => n + p.cases, 0),
    hours: process === 'css' ? null : tx('les horaires du processus : du lundi au vendredi, 8 h 30 – 17 h', 'the hours of the process: Monday to Friday, 08:30–17:00'),
    caveats: caveats(process)
  };
}

export function variants(process: string, state: State, q: URLSearchParams): Variants {
  const all = log(process, state);
  const paths = kept(all, q);
  const cases = paths.reduce((n, p) => n + p.cases, 0);
  const ranks = new Map(all.map((p, i) => [p, i]));
  let sum = 0;
  const list = paths.map((p): Variant => {
    sum += p.cases;
    const lead = leadOf(p.variant) + 600;
    const open = p.cases > 30 ? Math.round(p.cases * 0.04) : 0;
    return {
      id: idOf(ranks.get(p) ?? 0),
      variant: p.variant,
      cases: p.cases,
      share: p.cases / cases,
      cumulative_share: sum / cases,
      median_lead_time_s: lead,
      worked_median_lead_time_s: process === 'css' ? null : worked(lead),
      outcomes: process === 'ij' ? [] : [...(open ? [{ outcome: 'open', cases: open }] : []), { outcome: p.outcome, cases: p.cases - open }]
    };
  });
  const top = Number(q.get('top') ?? 50);
  return { total: state === 'huge' ? Math.max(list.length, 11_973) : list.length, cases, variants: list.slice(0, top), happy: list[0] ?? null };
}

export function groups(process: string, state: State, q: URLSearchParams): VariantGroups {
  const v = variants(process, state, new URLSearchParams([...q, ['top', '1000000']]));
  const kinds = new Map<string, Variant[]>();
  for (const x of v.variants) {
    const key = state === 'huge' ? String(x.variant.length >> 3) : `${x.variant.includes(P)}${x.variant.includes(T)}${x.variant.includes(X)}`;
    const group = kinds.get(key);
    if (group) group.push(x);
    else kinds.set(key, [x]);
  }
  const list = [...kinds.values()].map((group) => {
    const cases = group.reduce((n, x) => n + x.cases, 0);
    const medoid = group[0]!;
    return {
      medoid,
      variants: group.length,
      cases,
      share: cases / v.cases,
      median_lead_time_s: medoid.median_lead_time_s,
      more: state === 'huge' ? medoid.variant.slice(-3) : [P, T, X].filter((a) => medoid.variant.includes(a)),
      less: state === 'huge' ? [] : [P, T].filter((a) => !medoid.variant.includes(a))
    };
  });
  return { groups: list.sort((a, b) => b.cases - a.cases), total: v.total };
}

export function timeline(process: string, state: State, id: string): Timeline {
  const paths = log(process, state);
  const at = Math.min(paths.length - 1, 3);
  const p = paths[at];
  let now = Date.UTC(2026, 8, 14, 7, 10) / 1000;
  const iso = (s: number) => new Date(Math.round(s) * 1000).toISOString().replace('.000', '');
  const day = process === 'css';
  const tasks = (p?.variant ?? []).map((a, i) => {
    const wait = i === 0 ? null : between(p!.variant[i - 1]!, a);
    now += wait ?? 0;
    const touch = HOUR * (0.1 + 1.6 * weight(a, 't'));
    const start = process === 'ij' || day ? null : iso(now);
    now += day ? 0 : touch;
    return {
      activity: a,
      start,
      end: day ? iso(Math.floor(now / DAY) * DAY) : iso(now),
      day,
      unit: i < 3 ? 'Front de rendez-vous' : i % 4 === 0 ? 'Équipe Sud' : 'Équipe Nord',
      wait_s: wait,
      worked_wait_s: wait === null || day ? null : worked(wait),
      touch_s: start === null ? null : touch,
      worked_touch_s: start === null ? null : touch
    };
  });
  return { case: id, variant: idOf(Math.max(0, at)), tasks, caveats: caveats(process) };
}

/** The answer to an address about a log, or nothing when it is not one of these. */
export function mining(path: string, state: State, q: URLSearchParams): unknown {
  const hit = /^\/api\/processes\/([^/]+)\/(map|variants|variants\/groups|cases\/([^/]+)\/timeline)$/.exec(path);
  if (!hit) return undefined;
  const process = decodeURIComponent(hit[1]!);
  if (hit[2] === 'map') return map(process, state, q);
  if (hit[2] === 'variants') return variants(process, state, q);
  if (hit[2] === 'variants/groups') return groups(process, state, q);
  return timeline(process, state, decodeURIComponent(hit[3]!));
}
