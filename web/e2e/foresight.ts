/** Invented forecasts: two years of history, up to a year ahead, in every state the screen must show. */
import type { Accuracy, DayOff, Effect, Foresight, ForesightPart, NextStep, PastStep, Range, Span, StockStep, Text } from '../src/lib/api/types';
import { addDays, civil, isoWeek } from '../src/lib/format';
import { basis, dice, LAST, type State, status, tx } from './fixtures';

const OFF: [string, string, string][] = [
  ['01-01', 'Jour de l’An', 'New Year’s Day'],
  ['05-01', 'Fête du Travail', 'Labour Day'],
  ['05-08', 'Victoire 1945', 'Victory in Europe Day'],
  ['07-14', 'Fête nationale', 'National Day'],
  ['08-15', 'Assomption', 'Assumption'],
  ['11-01', 'Toussaint', 'All Saints’ Day'],
  ['11-11', 'Armistice 1918', 'Armistice Day'],
  ['12-25', 'Noël', 'Christmas Day']
];
const MOVING: [string, string, string][] = [
  ['2025-04-21', 'Lundi de Pâques', 'Easter Monday'],
  ['2025-05-29', 'Ascension', 'Ascension'],
  ['2025-06-09', 'Lundi de Pentecôte', 'Whit Monday'],
  ['2026-04-06', 'Lundi de Pâques', 'Easter Monday'],
  ['2026-05-14', 'Ascension', 'Ascension'],
  ['2026-05-25', 'Lundi de Pentecôte', 'Whit Monday'],
  ['2027-03-29', 'Lundi de Pâques', 'Easter Monday'],
  ['2027-05-06', 'Ascension', 'Ascension'],
  ['2027-05-17', 'Lundi de Pentecôte', 'Whit Monday']
];
const SCHOOL: [string, string, string, string][] = [
  ['2024-12-21', '2025-01-05', 'Noël', 'Christmas'],
  ['2025-02-22', '2025-03-09', 'Hiver', 'Winter'],
  ['2025-04-19', '2025-05-04', 'Printemps', 'Spring'],
  ['2025-07-05', '2025-08-31', 'Été', 'Summer'],
  ['2025-10-18', '2025-11-02', 'Toussaint', 'Autumn'],
  ['2025-12-20', '2026-01-04', 'Noël', 'Christmas'],
  ['2026-02-14', '2026-03-01', 'Hiver', 'Winter'],
  ['2026-04-11', '2026-04-26', 'Printemps', 'Spring'],
  ['2026-07-04', '2026-08-31', 'Été', 'Summer'],
  ['2026-10-17', '2026-11-01', 'Toussaint', 'Autumn'],
  ['2026-12-19', '2027-01-03', 'Noël', 'Christmas'],
  ['2027-02-20', '2027-03-07', 'Hiver', 'Winter'],
  ['2027-04-17', '2027-05-02', 'Printemps', 'Spring'],
  ['2027-07-03', '2027-08-31', 'Été', 'Summer'],
  ['2027-10-23', '2027-11-07', 'Toussaint', 'Autumn']
];
const RENEWAL = tx('Renouvellement des droits', 'Renewal of rights');
const RETURN = tx('Déclaration de rentrée', 'Start-of-term declaration');
const LEAFLET = tx('Courrier de rappel', 'Reminder letter');
const STRIKE = tx('Grève des transports', 'Transport strike');
const CAMPAIGNS: [string, string, Text][] = [
  ['2025-01-06', '2025-02-02', RENEWAL],
  ['2025-09-01', '2025-09-28', RETURN],
  ['2026-01-05', '2026-02-01', RENEWAL],
  ['2026-08-31', '2026-09-27', RETURN],
  ['2027-01-04', '2027-01-31', RENEWAL],
  ['2027-01-18', '2027-02-07', LEAFLET],
  ['2027-08-30', '2027-09-26', RETURN]
];
const FIRST = '2024-11-25';
const END = addDays(LAST, 372);

const spans: Span[] = [
  ...CAMPAIGNS.map(([from, to, name]) => ({ kind: 'campaign', name, from, to })),
  { kind: 'event', name: STRIKE, from: '2026-10-05', to: '2026-10-16' },
  ...SCHOOL.map(([from, to, fr, en]) => ({ kind: 'school', name: tx(`Vacances de ${fr}`.replace('de Été', 'd’été').replace('de Hiver', 'd’hiver').replace('de Printemps', 'de printemps').replace('de Toussaint', 'de la Toussaint'), `${en} holidays`), from, to })),
  { kind: 'neutralised', name: tx('Panne de l’outil de gestion', 'Outage of the case tool'), from: '2026-03-09', to: '2026-03-22' }
];
const daysOff: DayOff[] = ['2024', '2025', '2026', '2027']
  .flatMap((y) => OFF.map(([d, fr, en]) => ({ day: `${y}-${d}`, name: tx(fr, en) })))
  .concat(MOVING.map(([day, fr, en]) => ({ day, name: tx(fr, en) })))
  .filter((d) => d.day >= FIRST && d.day <= END)
  .sort((a, b) => (a.day < b.day ? -1 : 1));
const OFF_DAYS = new Set(daysOff.map((d) => d.day));

interface Day {
  level: number;
  season: number;
  calendar: number;
  rest: number;
}
function dayOf(day: string, k: number, noise: number): Day {
  const dow = civil(day)!.getUTCDay();
  const n = (civil(day)!.getTime() - civil(FIRST)!.getTime()) / 86_400_000;
  const level = (118 + n * 0.014) * (5 / 7) * k;
  const yearly = 0.14 * Math.sin(((n + 20) / 365.25) * 2 * Math.PI) + 0.05 * Math.cos(((n + 60) / 182.6) * 2 * Math.PI);
  const weekly = dow >= 1 && dow <= 5 ? [0, 1.72, 1.45, 1.34, 1.26, 1.05][dow]! - 1 : -0.91;
  const season = level * (yearly + weekly);
  let share = 0;
  if (OFF_DAYS.has(day)) share -= 0.8;
  for (const s of spans) {
    if (day < s.from || day > s.to) continue;
    if (s.kind === 'school') share -= 0.09;
    if (s.kind === 'campaign') share += s.name === RENEWAL ? 0.31 : s.name === RETURN ? 0.22 : 0.06;
    if (s.kind === 'event') share -= 0.28;
    if (s.kind === 'neutralised') share -= 0.55;
  }
  const calendar = Math.max(-0.95, share) * (level + season);
  return { level, season, calendar, rest: (noise - 0.5) * 0.34 * level };
}

function bucket(day: string, grain: string): { name: string; from: string; to: string } {
  if (grain === 'week') {
    const from = addDays(day, -((civil(day)!.getUTCDay() + 6) % 7));
    const w = isoWeek(from)!;
    return { name: `${w.year}-W${String(w.week).padStart(2, '0')}`, from, to: addDays(from, 6) };
  }
  if (grain === 'month') {
    const from = `${day.slice(0, 7)}-01`;
    return { name: day.slice(0, 7), from, to: addDays(`${addDays(from, 32).slice(0, 7)}-01`, -1) };
  }
  return { name: day, from: day, to: day };
}

interface Step {
  period: string;
  from: string;
  to: string;
  level: number;
  season: number;
  calendar: number;
  rest: number;
}
function steps(from: string, to: string, grain: string, k: number, noisy: boolean): Step[] {
  const roll = dice(23);
  const out: Step[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    const b = bucket(day, grain);
    const d = dayOf(day, k, noisy ? roll() : 0.5);
    const last = out.at(-1);
    if (last?.period === b.name) {
      last.level += d.level;
      last.season += d.season;
      last.calendar += d.calendar;
      last.rest += d.rest;
    } else out.push({ period: b.name, from: b.from, to: b.to, ...d });
  }
  return out;
}

const effects: Effect[] = [
  { id: `campaign:${RENEWAL.fr}`, name: RENEWAL, occurrences: 2, size: 0.312, range: { low: 0.248, high: 0.371 }, is_share: true },
  { id: `campaign:${RETURN.fr}`, name: RETURN, occurrences: 2, size: 0.224, range: { low: 0.151, high: 0.29 }, is_share: true },
  { id: `shock:${STRIKE.fr}`, name: STRIKE, occurrences: 1, size: -0.284, range: { low: -0.361, high: -0.207 }, is_share: true },
  { id: 'month_end', name: tx('Fin de mois', 'Month end'), occurrences: 24, size: 0.041, range: { low: 0.012, high: 0.07 }, is_share: true },
  { id: 'bridge', name: tx('Pont', 'Bridge day'), occurrences: 5, size: -0.164, range: { low: -0.35, high: 0.022 }, is_share: true },
  { id: 'school', name: tx('Vacances scolaires', 'School holidays'), occurrences: 31, size: -0.088, range: { low: -0.117, high: -0.06 }, is_share: true },
  { id: 'eve', name: tx('Veille de jour férié', 'Eve of a holiday'), occurrences: 20, size: -0.052, range: { low: -0.128, high: 0.031 }, is_share: true },
  { id: 'holiday', name: tx('Jour férié', 'Public holiday'), occurrences: 21, size: -0.795, range: { low: -0.842, high: -0.748 }, is_share: true },
  { id: 'mail', name: tx('Relève du courrier du lundi', 'Monday mail'), occurrences: 104, size: 12.4, range: { low: 8.1, high: 16.9 }, is_share: false },
  { id: 'outage', name: tx('Téléservice indisponible', 'Online service down'), occurrences: 3, size: -6.2, range: { low: -14.8, high: 2.1 }, is_share: false }
];

const METHODS = {
  pooled: tx('modèle commun à toutes les séries', 'model common to all series'),
  theta: tx('thêta', 'theta'),
  ets: tx('lissage exponentiel', 'exponential smoothing'),
  naive: tx('naïve saisonnière (« comme l’an dernier »)', 'seasonal naive (“as last year”)')
};
function accuracy(grain: string, kept: boolean): Accuracy {
  const horizon = grain === 'day' ? 90 : grain === 'week' ? 13 : 12;
  return {
    grain,
    horizon,
    moments: grain === 'month' ? 9 : 52,
    methods: kept
      ? [{ id: 'seasonal_naive', name: METHODS.naive, share: 1 }]
      : [
          { id: 'pooled', name: METHODS.pooled, share: 0.62 },
          { id: 'theta', name: METHODS.theta, share: 0.25 },
          { id: 'ets', name: METHODS.ets, share: 0.13 }
        ],
    mase: kept ? 0.94 : grain === 'day' ? 0.71 : grain === 'week' ? 0.68 : 0.83,
    naive_mase: kept ? 0.94 : grain === 'month' ? 0.97 : 1.02,
    wape: kept ? 0.092 : grain === 'day' ? 0.118 : grain === 'week' ? 0.054 : 0.041,
    naive_wape: kept ? 0.092 : grain === 'day' ? 0.161 : grain === 'week' ? 0.082 : 0.049,
    bias: grain === 'week' ? 0.011 : -0.004,
    coverage: [
      { level: 0.8, held: grain === 'month' ? 0.71 : 0.78 },
      { level: 0.95, held: grain === 'month' ? null : 0.946 }
    ],
    naive_kept: kept
  };
}

const NAMES: Record<string, string[]> = {
  product: ['Droit propre', 'Réversion', 'Révision', 'Régularisation de carrière', 'Rachat de trimestres', 'Cumul emploi-retraite', 'Pension d’orphelin', ''],
  unit: ['Équipe Nord', 'Équipe Sud', 'Front de rendez-vous', 'Pôle international', 'Équipe Littoral', 'Équipe Est', 'Cellule recours', ''],
  channel: ['Téléservice', 'Courrier', 'Courriel', 'Accueil', 'Téléphone', 'Échange entre organismes', 'Partenaire', ''],
  org: ['Caisse de démonstration', 'Site de Brest', 'Site de Quimper', 'Site de Vannes', 'Site de Lorient', 'Site de Rennes', 'Site de Fougères', '']
};
const SHARES = [0.34, 0.21, 0.14, 0.1, 0.08, 0.06, 0.04, 0.03];

export function foresight(state: State, q: URLSearchParams): Foresight {
  const grain = q.get('grain') ?? 'week';
  const months = q.get('months') === '12' ? 12 : 3;
  const by = q.get('by') ?? 'process';
  const k = state === 'huge' ? 740 : 1;
  const what = Number(q.get('arrivals') ?? 0);
  const process = q.get('process');
  const kept = process === 'beneficiaires';
  const short = process === 'rentes-at';
  const drift = process === 'css';
  const common = {
    basis: basis(state),
    grain,
    months,
    arrivals_change: what,
    last_day: LAST as string | null,
    spans,
    days_off: daysOff,
    learned_at: '2026-11-21T02:40:00Z',
    by,
    reason: null as Text | null,
    drift: drift ? tx('Depuis le 12 octobre, les arrivées dépassent de 18 % ce que deux ans d’historique annonçaient.', 'Since 12 October, arrivals exceed by 18% what two years of history announced.') : null,
    cannot: state === 'counts' ? [tx('Des comptages par jour ne disent pas l’âge de chaque dossier : celui du stock est estimé.', 'Counts per day do not tell the age of each case: that of the stock is estimated.')] : []
  };
  const until = addDays(LAST, months === 12 ? 371 : 91);
  // Whole steps only: the month under way is partly to come.
  const over = grain === 'month' ? '2026-10-31' : bucket(LAST, grain).to;
  const behind = steps(short ? '2026-10-01' : grain === 'month' ? '2024-12-01' : FIRST, over, grain, k, true);
  const sum = (s: Step) => s.level + s.season + s.calendar + s.rest;
  const roll = dice(5);
  const past: PastStep[] = behind.map((s, i) => {
    const neutralised = s.to >= '2026-03-09' && s.from <= '2026-03-22';
    const came = Math.max(0, Math.round(sum(s)));
    const half = (grain === 'day' ? 0.32 : grain === 'week' ? 0.15 : 0.11) * (s.level + Math.max(0, s.season * 0.5));
    const said = i * (grain === 'day' ? 1 : grain === 'week' ? 7 : 30) < 364 ? null : Math.max(0, s.level + s.season + s.calendar + (roll() - 0.47) * half * 1.4);
    return {
      period: s.period,
      from: s.from,
      to: s.to,
      arrivals: came,
      neutralised,
      said,
      said_range: said === null ? null : { low: Math.max(0, said - half), high: said + half },
      level: s.level,
      season: s.season,
      calendar: s.calendar,
      rest: came - s.level - s.season - s.calendar
    };
  });
  if (state === 'empty' || short) {
    return {
      ...common,
      last_day: state === 'empty' ? null : LAST,
      past: state === 'empty' ? [] : past,
      next: [],
      effects: [],
      expected: null,
      expected_range: null,
      year_before: null,
      accuracy: [],
      parts: [],
      stock: null,
      no_stock: tx('Sans prévision d’arrivées, le stock ne peut pas être mené plus loin.', 'Without a forecast of arrivals, the stock cannot be carried forward.'),
      reason: tx('7 semaines d’historique : il en faut au moins 13 pour prévoir des semaines.', '7 weeks of history: at least 13 are needed to forecast weeks.')
    };
  }
  const factor = 1 + what / 100;
  const first = addDays(over, grain === 'day' ? 3 : 1);
  const before = new Map(behind.map((s) => [s.from, Math.max(0, Math.round(sum(s)))]));
  const next: NextStep[] = steps(first, until, grain, k, false).map((s, i) => {
    const base = Math.max(0, s.level + s.season + s.calendar);
    const mean = base * factor;
    const w = (grain === 'day' ? 0.16 : grain === 'week' ? 0.062 : 0.05) * (1 + 0.05 * Math.sqrt(i * (grain === 'day' ? 1 : grain === 'week' ? 7 : 30)));
    const range = (z: number): Range => ({ low: Math.max(0, mean * (1 - w * z)), high: mean * (1 + w * z * 1.08) + 2 });
    // The same step a year before: 52 weeks, or the same month.
    const back = grain === 'month' ? `${Number(s.from.slice(0, 4)) - 1}${s.from.slice(4)}` : addDays(s.from, -364);
    return { period: s.period, from: s.from, to: s.to, mean, base, range_80: range(1.28), range_95: range(1.96), year_before: before.get(back) ?? null, partial: grain === 'month' && i === 0 };
  });
  const expected = next.reduce((a, s) => a + s.mean, 0);
  const yearBefore = next.every((s) => s.year_before != null) ? next.reduce((a, s) => a + s.year_before!, 0) : null;
  const list =
    by === 'process'
      ? process
        ? [process]
        : (status(state).processes ?? []).map((p) => p.id)
      : (NAMES[by] ?? []);
  const label = (id: string) => (by === 'process' ? ((status(state).processes ?? []).find((p) => p.id === id)?.label ?? id) : id);
  const weights = list.map((_, i) => (list.length === 8 ? SHARES[i]! : 1 / (i + 1.5)));
  const all = weights.reduce((a, b) => a + b, 0);
  const parts: ForesightPart[] = list.map((id, i) => {
    const share = weights[i]! / all;
    const e = expected * share;
    const few = i === list.length - 1 && list.length > 4;
    const naive = i % 4 === 2;
    return {
      id,
      label: label(id),
      expected: e,
      range_80: { low: e * (0.93 - 0.02 * Math.min(i, 8)), high: e * (1.08 + 0.025 * Math.min(i, 8)) },
      year_before: few ? null : Math.round((yearBefore ?? expected * 0.96) * share * (1 + 0.04 * Math.sin(i * 2.3))),
      steps: next.map((s) => Math.round(s.mean * share)),
      mase: few ? null : naive ? 0.97 : 0.66 + 0.03 * (i % 8),
      naive_mase: few ? null : naive ? 0.97 : 1.01,
      held_80: few ? null : 0.81 - 0.014 * (i % 8),
      naive_kept: naive && !few,
      method: few ? null : naive ? METHODS.naive : i % 3 === 1 ? METHODS.theta : METHODS.pooled,
      reason: few ? tx('trop peu d’arrivées pour une prévision propre : part du total', 'too few arrivals for a forecast of its own: a share of the total') : null
    };
  });

  const usual = 168 * k;
  const capacity = q.get('capacity') ? Number(q.get('capacity')) : usual;
  const given = q.get('target') ? Number(q.get('target')) : null;
  const target = given ?? (state === 'notarget' ? null : 3600 * k);
  const threshold = state === 'notarget' ? null : 4600 * k;
  const held = (state === 'counts' ? 0 : 628) * k;
  const now = 4312 * k;
  const weekly = steps(addDays(bucket(LAST, 'week').to, 1), until, 'week', k, false);
  let stock = now;
  const ahead: StockStep[] = weekly.map((s, i) => {
    const off = daysOff.filter((d) => d.day >= s.from && d.day <= s.to && civil(d.day)!.getUTCDay() % 6 !== 0).length;
    stock = Math.max(held, stock + (s.level + s.season + s.calendar) * factor - capacity * (5 - off));
    const w = 62 * k * Math.sqrt(i + 1) * 1.6;
    const level = threshold ?? 0;
    const delay = Math.max(1, (stock - held) / capacity);
    const z = (level - stock) / Math.max(1, w);
    const inTime = 1 / (1 + Math.exp((delay - 31) / 4));
    return {
      period: s.period,
      day: s.to,
      stock,
      range_80: { low: Math.max(held, stock - 1.28 * w), high: stock + 1.28 * w },
      range_95: { low: Math.max(held, stock - 1.96 * w), high: stock + 1.96 * w },
      oldest: state === 'counts' ? null : delay * 1.5 + 4,
      delay,
      delay_p90: delay * 1.32 + 2,
      in_time: state === 'notarget' ? null : inTime,
      in_time_range: state === 'notarget' ? null : { low: Math.max(0, inTime - 0.05 - i * 0.003), high: Math.min(1, inTime + 0.04) },
      above_threshold: threshold === null ? null : Math.max(0, Math.min(1, 1 / (1 + Math.exp(1.7 * z)))),
      capacity: capacity * (5 - off)
    };
  });
  const at = target === null ? -1 : ahead.findIndex((s) => s.stock <= target);
  const mean = expected / (months === 12 ? 253 : 62);
  return {
    ...common,
    past,
    next,
    effects: process === 'ij' ? [] : effects,
    expected,
    expected_range: { low: expected * 0.955, high: expected * 1.052 },
    year_before: yearBefore,
    accuracy: [grain, ...['day', 'week', 'month'].filter((g) => g !== grain)].map((g) => accuracy(g, kept)),
    parts,
    stock: kept
      ? null
      : {
          waiting: now - held,
          held,
          estimated: state === 'counts',
          capacity,
          usual_capacity: usual,
          capacity_days: 60,
          arrivals: mean,
          days_allowed: state === 'notarget' ? null : 30,
          threshold,
          past: past.slice(-26).map((x, i) => ({ period: x.period, day: x.to, stock: Math.round(now * (0.8 + i / 130)) })),
          steps: ahead,
          already: target !== null && now <= target,
          out_of_reach: false,
          back:
            target === null
              ? null
              : {
                  target,
                  day: at < 0 ? null : ahead[at]!.day,
                  early: at < 0 ? null : (ahead[Math.max(0, at - 2)]?.day ?? null),
                  late: at < 0 ? null : (ahead[at + 3]?.day ?? null),
                  reached: at < 0 ? 0.12 : 0.94
                },
          needed: target === null ? null : mean + (now - target) / (months === 12 ? 253 : 62) + 3 * k,
          needed_hours: target === null ? null : (mean + (now - target) / (months === 12 ? 253 : 62) + 3 * k - usual) * 0.7,
          scenarios: 2000
        },
    promises: kept
      ? { state: 'nothing', reason: tx('aucune date par dossier : les données sont des comptages', 'no date per case: the data are counts'), n: null, mae_days: null, naive_mae_days: null, coverage: null, kept: null }
      : { state: 'known', reason: null, n: 4_210, mae_days: 6.4, naive_mae_days: 8.1, coverage: 0.91, kept: 0.93 },
    no_stock: kept ? tx('Aucun stock n’est connu pour ce périmètre : ni événement de clôture, ni comptage.', 'No stock is known for this perimeter: neither closing events nor counts.') : null
  };
}
