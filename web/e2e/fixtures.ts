/**
 * Invented answers of the API in every state a screen must show. Typed by the
 * generated wire types, so a change of the API breaks them at compile time.
 */
import type {
  Basis,
  Case,
  CasesPage,
  Cockpit,
  Config,
  ConfigPreview,
  ConfigSheet,
  ControlTotal,
  Figure,
  Flow,
  Import,
  ImportReport,
  Job,
  LedgerRow,
  Preview,
  Problem,
  Process,
  Status,
  StockRow,
  Text
} from '../src/lib/api/types';
import { addDays, civil, isoWeek } from '../src/lib/format';

/** `broken`: the log was tampered with and the last rehearsal failed; `late`: answers take their time. */
export type State = 'usual' | 'empty' | 'huge' | 'stale' | 'error' | 'counts' | 'notarget' | 'broken' | 'late';
export const STATES: State[] = ['usual', 'empty', 'huge', 'stale', 'error', 'counts', 'notarget', 'broken', 'late'];

export const tx = (fr: string, en: string): Text => ({ fr, en });
export const NOW = '2026-11-23T07:30:00Z';
export const LAST = '2026-11-20';

/** A small repeatable generator: fixtures never change from run to run. */
export function dice(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

interface Seed {
  id: string;
  label: string;
  stock: number;
  days: number;
  back: string;
  strata: [number, number, number, number, number];
  inTime: number;
  oldest: number;
  state: string;
  late: [number, number, number, number, number];
  soon: number;
}
const SEEDS: Seed[] = [
  { id: 'retraite', label: 'Retraite personnelle', stock: 4312, days: 14.2, back: 'on:2027-01-08', strata: [1480, 1190, 820, 540, 282], inTime: 0.81, oldest: 41, state: 'tense', late: [40, 60, 0, 424, 240], soon: 421 },
  { id: 'invalidite', label: 'Invalidité', stock: 1108, days: 9.6, back: 'in_target', strata: [520, 310, 162, 80, 36], inTime: 0.92, oldest: 33, state: 'normal', late: [0, 0, 10, 60, 30], soon: 58 },
  { id: 'ij', label: 'Indemnités journalières', stock: 6904, days: 6.1, back: 'on:2026-12-02', strata: [4010, 1630, 780, 344, 140], inTime: 0.88, oldest: 29, state: 'normal', late: [10, 20, 20, 162, 70], soon: 188 },
  { id: 'css', label: 'Complémentaire santé', stock: 2870, days: 21.8, back: 'beyond_horizon', strata: [610, 540, 610, 690, 420], inTime: 0.63, oldest: 58, state: 'critical', late: [60, 40, 60, 590, 360], soon: 366 },
  { id: 'beneficiaires', label: 'Bénéficiaires', stock: 1544, days: 7.0, back: 'in_target', strata: [870, 400, 190, 62, 22], inTime: 0.94, oldest: 27, state: 'normal', late: [0, 0, 4, 20, 12], soon: 30 },
  { id: 'rentes-at', label: 'Rentes AT', stock: 612, days: 18.3, back: 'on:2027-01-26', strata: [192, 138, 131, 96, 55], inTime: 0.74, oldest: 49, state: 'tense', late: [8, 6, 8, 95, 45], soon: 67 }
];

function figure(id: string, label: Text, value: number | null, unit: string, more: Partial<Figure> = {}): Figure {
  return {
    id,
    label,
    value,
    unit,
    n: value === null ? 0 : Math.round(unit === 'case' ? value : 1486),
    formula_version: `${id}@1`,
    formula: tx(
      'Dossiers reçus et pas encore clos à la fin du jour mesuré, mis en instance compris.',
      'Cases received and not yet closed at the end of the day measured, held ones included.'
    ),
    period: { from: '2025-11-21', to: LAST },
    perimeter: 'Caisse de démonstration, tous processus',
    exclusions: [tx('quittances de loyer du 1er septembre au 31 décembre', 'rent receipts from 1 September to 31 December')],
    fresh_at: '2026-11-20T17:02:00Z',
    snapshot: 42,
    cases: unit === 'case' ? `figure=${id}` : null,
    ...more
  };
}

const unknown = (id: string, label: Text, unit: string, reason: Text) =>
  figure(id, label, null, unit, { reason, cases: null });
const NO_EVENTS = tx(
  'Des comptages par jour ne disent pas l’âge ni le délai de chaque dossier.',
  'Counts per day tell neither the age nor the delay of each case.'
);
const NO_TARGET = tx('Aucune cible de délai n’est définie.', 'No delay target is defined.');

function process(s: Seed, source: string, target: boolean): Process {
  return {
    id: s.id,
    label: s.label,
    source,
    cases: source === 'counts' ? 0 : s.stock * 14,
    events: s.stock * 90,
    first: '2024-11-25T08:00:00Z',
    last: '2026-11-20T17:02:00Z',
    imported_at: '2026-11-21T02:10:00Z',
    has_target: target,
    orgs: ['Caisse de démonstration'],
    units: ['Équipe Nord', 'Équipe Sud', 'Front de rendez-vous'],
    products: ['Droit propre', 'Réversion', 'Révision'],
    channels: ['Courrier', 'Courriel', 'Téléservice', 'Téléphone']
  };
}

function seeds(state: State): Seed[] {
  if (state === 'empty') return [];
  if (state !== 'huge') return SEEDS;
  const roll = dice(7);
  return Array.from({ length: 64 }, (_, i) => {
    const base = SEEDS[i % SEEDS.length]!;
    const k = 20 + Math.floor(roll() * 60);
    const mul = (a: Seed['strata']) => a.map((x) => x * k) as Seed['strata'];
    return {
      ...base,
      id: `${base.id}-${i}`,
      label: i === 3 ? 'Révisions de situation professionnelle et familiale des allocataires étudiants et apprentis' : `${base.label} ${i + 1}`,
      stock: base.stock * k,
      strata: mul(base.strata),
      late: mul(base.late),
      soon: base.soon * k
    };
  });
}

export function status(state: State): Status {
  return {
    version: '0.1.0',
    body: state === 'huge' ? 'Caisse nationale de démonstration, tous organismes' : 'Caisse de démonstration',
    demo: state !== 'empty',
    processes: seeds(state).map((s) => process(s, state === 'counts' || (state === 'huge' && s.id.endsWith('-7')) ? 'counts' : 'events', state !== 'notarget' && !(state === 'huge' && /4$/.test(s.id)))),
    now: NOW,
    zone: 'Europe/Paris',
    last_worked_day: LAST
  };
}

export function basis(state: State): Basis {
  return {
    as_of: LAST,
    fresh_at: state === 'empty' ? null : state === 'stale' ? '2026-11-09T17:02:00Z' : '2026-11-20T17:02:00Z',
    last_worked_day: LAST,
    stale: state === 'stale',
    closing_rules: seeds(state)
      .slice(0, 12)
      .map((s) => ({
        process: s.id,
        label: s.label,
        kind: state === 'counts' ? 'counts' : 'learned',
        words:
          state === 'counts'
            ? tx('les comptages disent eux-mêmes ce qui est sorti', 'the counts themselves say what went out')
            : tx('« Notification envoyée » ou 90 jours sans événement', '“Notification sent” or 90 days without an event')
      }))
  };
}

const sum = (a: readonly number[]) => a.reduce((x, y) => x + y, 0);

function spark(s: Seed): (number | null)[] {
  const roll = dice(s.stock);
  let v = s.stock * (s.state === 'normal' ? 1.15 : 0.7);
  return Array.from({ length: 26 }, (_, i) => {
    v += (s.stock - v) / (27 - i) + (roll() - 0.5) * s.stock * 0.06;
    return i === 25 ? s.stock : i < 1 && s.id === 'rentes-at' ? null : Math.round(v);
  });
}

export function cockpit(state: State): Cockpit {
  const list = seeds(state);
  const counts = state === 'counts';
  const blind = counts || state === 'notarget';
  const why = counts ? NO_EVENTS : NO_TARGET;
  const late = sum(list.map((s) => sum(s.late)));
  const soon = sum(list.map((s) => s.soon));
  const row = (s: Seed): StockRow => {
    const q = (f: string) => `figure=${f}&process=${s.id}`;
    const own = { perimeter: `Caisse de démonstration, ${s.label}` };
    return {
      process: s.id,
      label: s.label,
      stock: figure('stock', tx('Stock', 'Stock'), s.stock, 'case', { ...own, cases: counts ? null : q('stock') }),
      stock_actionable: counts
        ? unknown('stock_actionable', tx('Stock actionnable', 'Actionable stock'), 'case', NO_EVENTS)
        : figure('stock_actionable', tx('Stock actionnable', 'Actionable stock'), Math.round(s.stock * 0.85), 'case', { ...own, cases: q('stock_actionable') }),
      stock_days: figure('stock_days', tx('Stock en jours', 'Stock in days'), s.days, 'worked_day', { ...own, numerator: s.stock, denominator: Math.round(s.stock / s.days) }),
      back_to_target: state === 'notarget' ? 'no_target' : s.back,
      strata: { counts: s.strata, held: s.strata.map((n) => (counts ? 0 : Math.round(n * 0.15))) as Seed['strata'], estimated: counts },
      in_time: blind
        ? unknown('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 'ratio', why)
        : figure('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), s.inTime, 'ratio', { ...own, numerator: Math.round(1486 * s.inTime), denominator: 1486 }),
      oldest: counts
        ? unknown('oldest_age', tx('Plus ancien', 'Oldest'), 'worked_day', NO_EVENTS)
        : figure('oldest_age', tx('Plus ancien', 'Oldest'), s.oldest, 'worked_day', { ...own, cases: q('stock') }),
      spark: spark(s),
      state: state === 'notarget' ? 'unknown' : s.state,
      state_why: tx('81 % dans le délai pour une cible de 90 %', '81% in time for a target of 90%'),
      cannot: counts ? [NO_EVENTS] : []
    };
  };
  return {
    basis: basis(state),
    overdue: {
      figure: blind
        ? unknown('overdue', tx('En retard', 'Late'), 'case', why)
        : figure('overdue', tx('En retard', 'Late'), late, 'case', { change: 96 }),
      lines: blind
        ? []
        : list
            .map((s) => ({ process: s.id, label: s.label, count: sum(s.late), strata: { counts: s.late, held: [0, 0, 0, 0, 0] as [number, number, number, number, number], estimated: false }, cases: `figure=overdue&process=${s.id}` }))
            .sort((a, b) => b.count - a.count)
    },
    due_soon: {
      figure: blind
        ? unknown('due_soon_5', tx('En retard sous 5 jours ouvrés', 'Late within 5 worked days'), 'case', why)
        : figure('due_soon_5', tx('En retard sous 5 jours ouvrés', 'Late within 5 worked days'), soon, 'case', { interval: [Math.round(soon * 0.85), Math.round(soon * 1.16)] }),
      lines: blind
        ? []
        : list
            .map((s) => ({ process: s.id, label: s.label, count: s.soon, strata: null, cases: `figure=due_soon_5&process=${s.id}` }))
            .sort((a, b) => b.count - a.count)
    },
    act: blind || list.length === 0
      ? []
      : [
          { process: list[3]!.id, label: list[3]!.label, product: 'Renouvellement', unit: 'Équipe Nord', will_miss: 366, overdue: 1110, stock: 2870, cause: 'output', because: tx('Sorties −18 % sur 20 jours ouvrés, entrées stables.', 'Output −18% over 20 worked days, arrivals stable.'), next_step: tx('Traiter d’abord les 282 dossiers à échéance d’ici vendredi.', 'Handle first the 282 cases due by Friday.'), cases: `figure=due_soon_5&process=${list[3]!.id}&unit=Équipe Nord` },
          { process: list[0]!.id, label: list[0]!.label, product: 'Réversion', unit: null, will_miss: 312, overdue: 764, stock: 4312, cause: 'holds', because: tx('34 % du stock attend une pièce de l’assuré ; médiane 11 jours ouvrés.', '34% of the stock waits for a document from the insured; median 11 worked days.'), next_step: tx('Appeler les assurés des 312 dossiers concernés.', 'Call the insured of the 312 cases.'), cases: `figure=due_soon_5&process=${list[0]!.id}` },
          { process: list[2]!.id, label: list[2]!.label, product: null, unit: null, will_miss: 188, overdue: 282, stock: 6904, cause: 'arrivals', because: tx('Entrées +18 % depuis la campagne d’octobre, sorties stables.', 'Arrivals +18% since the October campaign, output stable.'), next_step: tx('Traiter les 140 dossiers de plus de 30 jours ouvrés.', 'Handle the 140 cases over 30 worked days.'), cases: `figure=due_soon_5&process=${list[2]!.id}` }
        ],
    stocks: list.map(row),
    totals: false,
    proposed_targets:
      state === 'notarget'
        ? list.map((s, i) => ({ process: s.id, label: s.label, days: 15 + i, why: tx('8 dossiers clos sur 10 tiennent déjà ce délai', '8 closed cases in 10 already keep this delay') }))
        : [],
    state: state === 'empty' ? 'empty' : state === 'notarget' ? 'unknown' : 'tense'
  };
}

/** Monday of the week, or first of the month. */
function bucket(day: string, grain: string): { name: string; from: string; to: string } {
  if (grain === 'week') {
    const d = civil(day)!;
    const from = addDays(day, -((d.getUTCDay() + 6) % 7));
    const w = isoWeek(from)!;
    return { name: `${w.year}-W${String(w.week).padStart(2, '0')}`, from, to: addDays(from, 6) };
  }
  if (grain === 'month') {
    const from = `${day.slice(0, 7)}-01`;
    const next = addDays(from, 32).slice(0, 7) + '-01';
    return { name: day.slice(0, 7), from, to: addDays(next, -1) };
  }
  return { name: day, from: day, to: day };
}

export function flow(state: State, grain: string, groupBy: string | null, process: string | null): Flow {
  const counts = state === 'counts';
  const k = state === 'huge' ? 40 : 1;
  const roll = dice(11);
  const rows: LedgerRow[] = [];
  let stock = 3400 * k;
  if (state !== 'empty') {
    for (let i = 364; i >= 0; i--) {
      const day = addDays(LAST, -i);
      const dow = civil(day)!.getUTCDay();
      const worked = dow >= 1 && dow <= 5;
      const season = 1 + 0.18 * Math.sin(((365 - i) / 365) * 2 * Math.PI);
      const arrivals = Math.round((worked ? 118 : 9) * season * (0.85 + roll() * 0.3) * k);
      const human = worked ? Math.round(101 * (0.85 + roll() * 0.3) * k) : 0;
      const auto = Math.round((worked ? 12 : 4) * roll() * 2 * k);
      const cancelled = worked ? Math.round(roll() * 3 * k) : 0;
      const reopened = worked ? Math.round(roll() * 3 * k) : 0;
      const gap = i % 97 === 12 ? -3 : 0;
      const b = bucket(day, grain);
      const last = rows.at(-1);
      const opening = stock;
      stock = stock + arrivals - human - auto - cancelled + reopened + gap;
      const neutralised = day >= '2026-03-09' && day <= '2026-03-22';
      if (last && last.period === b.name) {
        last.arrivals = (last.arrivals ?? 0) + arrivals;
        last.settled_human = (last.settled_human ?? 0) + human;
        last.settled_auto = counts ? null : (last.settled_auto ?? 0) + auto;
        last.cancelled = (last.cancelled ?? 0) + cancelled;
        last.reopened = (last.reopened ?? 0) + reopened;
        last.gap = (last.gap ?? 0) + gap;
        last.closing = stock;
        last.neutralised = last.neutralised || neutralised;
      } else {
        rows.push({ period: b.name, from: b.from, to: b.to, opening, arrivals, settled_human: human, settled_auto: counts ? null : auto, cancelled, transferred: 0, reopened, corrections: 0, gap, closing: stock, neutralised, partial: false });
      }
    }
    const tail = rows.at(-1);
    if (tail && grain !== 'day') tail.partial = true;
  }
  const total = rows.slice();
  const key = (groupBy ?? '') as 'unit' | 'process' | 'product' | 'channel' | 'org' | '';
  const groups = key === 'unit' ? ['Équipe Nord', 'Équipe Sud'] : key === 'process' ? ['retraite', 'ij'] : key ? ['Groupe A', 'Groupe B'] : [];
  const ledger = key
    ? total.flatMap((r) =>
        groups.map((g, i) => {
          const part = (n: number | null | undefined) => (n == null ? n : i === 0 ? Math.round(n * 0.6) : n - Math.round(n * 0.6));
          return { ...r, [key]: g, opening: part(r.opening), arrivals: part(r.arrivals), settled_human: part(r.settled_human), settled_auto: part(r.settled_auto), cancelled: part(r.cancelled), reopened: part(r.reopened), gap: part(r.gap), closing: part(r.closing) };
        })
      )
    : total;
  let arrived = total[0]?.opening ?? 0;
  let left = 0;
  const cumulative = total.map((r, i) => {
    arrived += (r.arrivals ?? 0) + (r.reopened ?? 0) + (r.gap ?? 0);
    left += (r.settled_human ?? 0) + (r.settled_auto ?? 0) + (r.cancelled ?? 0);
    return { day: r.to, arrived, left, held: counts ? null : Math.round((r.closing ?? 0) * (0.12 + 0.04 * Math.sin(i / 9))) };
  });
  const name = SEEDS.find((s) => s.id === process)?.label ?? 'tous processus';
  const own = { perimeter: `Caisse de démonstration, ${name}` };
  return {
    basis: basis(state),
    figures:
      state === 'empty'
        ? []
        : [
            figure('stock', tx('Stock', 'Stock'), stock, 'case', { ...own, change: 24 }),
            figure('stock_days', tx('Stock en jours', 'Stock in days'), 14.2, 'worked_day', own),
            figure('arrivals', tx('Entrées', 'Arrivals'), 617 * k, 'case', { ...own, cases: null }),
            figure('output', tx('Sorties', 'Output'), 553 * k, 'case', { ...own, cases: 'figure=closed' }),
            ...(counts
              ? [unknown('straight_through_rate', tx('Part automatique', 'Automatic share'), 'ratio', tx('Les comptages ne séparent pas les sorties automatiques.', 'The counts do not split automatic output.')), unknown('lead_time_p50', tx('Délai médian', 'Median delay'), 'worked_day', NO_EVENTS), unknown('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 'ratio', NO_EVENTS)]
              : [
                  figure('straight_through_rate', tx('Part automatique', 'Automatic share'), 0.11, 'ratio', own),
                  figure('lead_time_p50', tx('Délai médian', 'Median delay'), 23, 'worked_day', own),
                  figure('lead_time_p90', tx('Délai, 90e centile', 'Delay, 90th percentile'), 61, 'worked_day', own),
                  figure('net_lead_time_p50', tx('Délai net médian', 'Median net delay'), 16, 'worked_day', own),
                  state === 'notarget' ? unknown('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 'ratio', NO_TARGET) : figure('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 0.81, 'ratio', { ...own, numerator: 1204, denominator: 1486 }),
                  figure('oldest_age', tx('Plus ancien', 'Oldest'), 41, 'worked_day', own)
                ])
          ],
    ledger,
    cumulative,
    strata: state === 'empty' ? null : { counts: [1480 * k, 1190 * k, 820 * k, 540 * k, 282 * k], held: [120 * k, 180 * k, 130 * k, 130 * k, 68 * k], estimated: counts },
    awaited: counts || state === 'empty' ? [] : [
      { who: 'insured', count: 402 * k },
      { who: 'employer', count: 170 * k },
      { who: 'other_body', count: 56 * k }
    ],
    delays: counts || state === 'empty' ? [] : total.map((r, i) => ({ period: r.period, n: (r.settled_human ?? 0) + (r.settled_auto ?? 0), p50: i % 50 === 49 ? null : 20 + 4 * Math.sin(i / 7), p75: 34 + 5 * Math.sin(i / 7), p90: 58 + 8 * Math.sin(i / 9) })),
    histogram: counts || state === 'empty' ? [] : [...Array(24).keys()].map((i) => ({ from: i * 5, to: i === 23 ? null : i * 5 + 4, count: Math.round(k * 900 * Math.exp(-((i - 4) ** 2) / 18) + (i === 23 ? 140 * k : 20 * k)) })),
    stock_target: state === 'notarget' || counts ? null : 3600 * k,
    delay_target: state === 'notarget' || counts ? null : 30,
    cannot: counts ? [NO_EVENTS] : [],
    totals: false
  };
}

export function cases(state: State, q: URLSearchParams): CasesPage {
  const total = state === 'empty' ? 0 : state === 'huge' ? 1_204_318 : 2318;
  const per = Number(q.get('per_page') ?? 50);
  const page = Number(q.get('page') ?? 1);
  const roll = dice(page * 31 + 5);
  const n = Math.max(0, Math.min(per, total - (page - 1) * per));
  const list: Case[] = Array.from({ length: n }, (_, i) => {
    const held = roll() < 0.2;
    const age = Math.max(1, 58 - Math.floor(i * 0.8) - (page - 1) * 4);
    return {
      process: SEEDS[i % 6]!.id,
      case: i === 2 ? '001' : i === 5 ? 'NA' : `2026-${String(104233 + page * 500 + i * 7)}`,
      opened: '2026-08-31T07:12:00Z',
      last: '2026-11-18T14:20:00Z',
      last_activity: held ? 'Pièce demandée à l’assuré' : 'Contrôle du dossier',
      closed: null,
      state: held ? 'held' : i % 3 ? 'waiting' : 'in_progress',
      awaited: held ? 'insured' : null,
      worked_days: age,
      calendar_days: Math.round(age * 1.4),
      due: addDays(LAST, -age + 20),
      days_left: 15 - age,
      half_by: i % 7 === 3 ? null : '2026-12-03T09:00:00Z',
      nine_by: i % 7 === 3 ? null : '2026-12-28T19:00:00Z',
      no_promise: i % 7 === 3 ? { fr: 'plus ancien que tout dossier terminé', en: 'older than any ended case became' } : null,
      org: null,
      unit: i % 2 ? 'Équipe Nord' : 'Équipe Sud',
      product: i % 3 ? 'Droit propre' : 'Réversion',
      channel: 'Téléservice',
      events: 9,
      returns: held ? 1 : 0
    };
  });
  return { total, page, per_page: per, title: tx('Dossiers au-delà de leur échéance', 'Cases past their deadline'), cases: list };
}

export function preview(kind: string, upload = 'u1'): Preview {
  const counts = kind === 'counts';
  const columns: Preview['columns'] = counts
    ? [
        { name: 'Jour', role: 'date', looks_like: 'date', samples: ['16/11/2026', '17/11/2026', '18/11/2026'], confidence: 1 },
        { name: 'Entrées', role: 'arrivals', looks_like: 'number', samples: ['128', '131', '97'], confidence: 0.98 },
        { name: 'Traités', role: 'settled_human', looks_like: 'number', samples: ['94', '102', '98'], confidence: 0.95 },
        { name: 'Stock soir', role: 'stock', looks_like: 'number', samples: ['4 268', '4 287', '4 273'], confidence: 0.97 }
      ]
    : [
        { name: 'N° dossier', role: 'case', looks_like: 'text', samples: ['001', 'NA', '2026-104240'], confidence: 0.99 },
        { name: 'Étape', role: 'activity', looks_like: 'text', samples: ['Réception', 'Contrôle du dossier', 'Notification envoyée'], confidence: 0.97 },
        { name: 'Date étape', role: 'time', looks_like: 'instant', samples: ['31/08/2026 09:12', '03/09/2026 14h30', '18/11/2026 15:20'], confidence: 0.96 },
        { name: 'Agent', role: 'resource', looks_like: 'text', samples: ['•••', '•••', '•••'], confidence: 0.62 },
        { name: 'Site', role: 'unit', looks_like: 'text', samples: ['Équipe Nord', 'Équipe Sud', 'Équipe Nord'], confidence: 0.88 },
        { name: 'Motif', role: 'product', looks_like: 'text', samples: ['Droit propre', 'Réversion', 'Réversion'], confidence: 0.55 },
        { name: 'Commentaire', role: 'ignored', looks_like: 'text', samples: ['', 'relancé', ''], confidence: 0.9 }
      ];
  const rows = [0, 1, 2, 3, 4].map((i) => columns.map((c) => c.samples[i % 3] ?? ''));
  return {
    upload,
    file: counts ? 'comptages novembre.csv' : 'export_retraite_2026-11-20.csv',
    bytes: 48_211_004,
    format: 'csv',
    kind,
    encoding: 'windows-1252',
    separator: ';',
    dates: 'dmy',
    sheets: [],
    sheet: null,
    object_types: [],
    columns,
    rows,
    questions: [],
    findings: [{ line: null, column: 'Agent', code: 'nir_replaced', message: 'Les identifiants de personnes sont remplacés à l’entrée.', count: 0, text: tx('Les identifiants de personnes sont remplacés à l’entrée.', 'Identifiers of people are replaced at the door.') }],
    mapping: counts
      ? 'kind = "counts"\n\n[columns]\n\n[counts]\ndate = "Jour"\narrivals = "Entrées"\nsettled_human = "Traités"\nstock = "Stock soir"\n\n[staff]\n\n[constants]\n'
      : 'kind = "events"\nencoding = "windows-1252"\nseparator = ";"\ndate_order = "dmy"\n\n[columns]\ncase = "N° dossier"\nactivity = "Étape"\ntime = "Date étape"\nresource = "Agent"\nunit = "Site"\nproduct = "Motif"\n\n[counts]\n\n[staff]\n\n[constants]\n',
    process: 'retraite',
    known_mapping: null
  };
}

export function report(status: string): ImportReport {
  const f = (line: number | null, column: string | null, code: string, count: number, fr: string, en: string) => ({ line, column, code, count, message: fr, text: tx(fr, en) });
  return {
    status,
    id: status === 'committed' ? 13 : null,
    file: 'export_retraite_2026-11-20.csv',
    process: 'retraite',
    kind: 'events',
    sha256: '9f2c4e1ab7d05e6c8a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef',
    rows_read: 262_213,
    accepted: 262_196,
    quarantined: 14,
    duplicates: 3,
    replaced: 0,
    cases: 13_087,
    events: 262_196,
    activities: 24,
    resources: 69,
    first: '2024-11-25T08:00:00Z',
    last: '2026-11-20T17:02:00Z',
    findings: [
      f(1204, 'N° dossier', 'damaged_identifier', 1, '« 1,84E+14 » a été abîmé par un tableur : réexporter cette colonne en texte.', '“1,84E+14” was damaged by a spreadsheet: re-export this column as text.'),
      f(5310, 'Date étape', 'bad_date', 1, '« 31/02/2026 » n’est pas une date.', '“31/02/2026” is not a date.'),
      f(null, 'Date étape', 'bad_date', 12, 'et 12 autres lignes du même genre : voir la quarantaine', 'and 12 more rows of the same kind: see the quarantine'),
      f(null, 'Étape', 'look_alike_names', 2, '« Notification envoyée » et « Notification envoyée  » ne diffèrent que par une espace.', '“Notification envoyée” and “Notification envoyée ” differ only by a space.')
    ],
    quarantine: status !== 'refused',
    snapshot: 43,
    message: status === 'refused' ? tx('Aucune colonne ne porte de date : choisissez-la ci-dessous.', 'No column holds a date: choose it below.') : null
  };
}

export function job(id: string, status: string, done: number, dry: boolean): Job {
  return {
    id,
    kind: 'import',
    status,
    done,
    total: 262_213,
    message: tx('Lecture des lignes', 'Reading the rows'),
    report: status === 'done' ? report(dry ? 'dry_run' : 'committed') : null,
    problem: null,
    created: NOW,
    updated: NOW
  };
}

export function imports(state: State): Import[] {
  if (state === 'empty') return [];
  const n = state === 'huge' ? 400 : 6;
  return Array.from({ length: n }, (_, i) => ({
    id: n - i,
    process: SEEDS[i % 6]!.id,
    kind: i === 2 ? 'typed' : 'events',
    file: i === 2 ? 'saisie 20/11/2026' : `export_${SEEDS[i % 6]!.id}_2026-11-${String(20 - (i % 18)).padStart(2, '0')}.csv`,
    status: i === 3 ? 'undone' : 'committed',
    at: `2026-11-${String(21 - (i % 18)).padStart(2, '0')}T02:1${i % 10}:00Z`,
    by: 'local',
    sha256: '9f2c4e1ab7d05e6c8a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef',
    rows_read: 262_213 - i * 1000,
    accepted: 262_196 - i * 1000,
    quarantined: i % 3 === 0 ? 14 : 0,
    duplicates: i % 4 === 1 ? 3 : 0,
    replaced: 0,
    cases: 13_087 - i * 80,
    first: '2024-11-25T08:00:00Z',
    last: '2026-11-20T17:02:00Z',
    quarantine: i % 3 === 0,
    snapshot: 42 - i
  }));
}

export function controlTotals(state: State): ControlTotal[] {
  if (state === 'empty') return [];
  return [
    { process: 'retraite', day: '2026-11-20', expected: 4315, found: 4312, gap: 3 },
    { process: 'ij', day: '2026-11-20', expected: 6904, found: 6904, gap: 0 },
    { process: 'css', day: '2024-10-01', expected: 900, found: null, gap: null }
  ];
}

export function known(state: State, day: string): LedgerRow[] {
  if (state === 'empty') return [];
  return [
    { period: day, from: day, to: day, process: 'retraite', opening: 4304, arrivals: 119, settled_human: 99, settled_auto: 14, cancelled: 0, transferred: 0, reopened: 2, corrections: 0, gap: 0, closing: 4312, neutralised: false, partial: false }
  ];
}

const RULES = {
  label: 'Retraite personnelle',
  zone: 'Europe/Paris',
  calendar: 'metropole',
  school_zone: 'B',
  worked_weekdays: [1, 2, 3, 4, 5],
  states: { settled: ['Notification envoyée'], settled_auto: [], cancelled: ['Demande annulée'], transferred: [], neutral: ['Archivage'], hold: [{ enter: ['Pièce demandée à l’assuré'], leave: ['Pièce reçue'], awaited: 'insured', returned: true }] },
  closing_rule: { terminal_share: 0.9, silence_quantile: 0.95, silence_days: null },
  alert: { tense_points: 0.02, critical_points: 0.125, tense_late_share: 0.05, critical_late_share: 0.2 },
  target: [
    { product: null, days: 15, counter: 'worked', share: 0.85, stock: 3600 },
    { product: 'Réversion', days: 60, counter: 'calendar', share: 0.9, stock: null }
  ],
  unit_time: [
    { product: null, activity: null, minutes: 42.5, basis: 'measured' },
    { product: 'Réversion', activity: 'Contrôle du dossier', minutes: 25, basis: 'agreed' }
  ],
  campaign: [{ name: 'Bascule de janvier', from: '2027-01-04', to: '2027-01-29', product: 'Droit propre', expected: 850, like_last_time: false }],
  event: [{ name: 'Simplification du formulaire', kind: 'rule', from: '2026-07-01', to: null, product: null, effect: null }],
  exclusion: [{ from: '2026-09-01', to: '2026-12-31', product: 'Quittances', reason: 'Pièces de masse' }],
  neutralised: [{ from: '2026-03-09', to: '2026-03-22', product: null, reason: 'Migration de l’outil' }],
  closure: [{ date: '2026-05-15', half: false, reason: 'Pont de l’Ascension' }],
  output_window_days: 20,
  expected_stock: []
};

const TOML = 'label = "Retraite personnelle"\nzone = "Europe/Paris"\n\n[[target]]\ndays = 15\ncounter = "worked"\nshare = 0.85\n';
const version = (from: string, rules: object): Config['versions'][number] => ({ from, toml: TOML, rules: rules as Record<string, never> });

/** One version, but where the past and what is to come are kept too: written before the latest parts of the rules, the oldest lacks them. */
function configVersions(process: string): Config['versions'] {
  if (process !== 'retraite') return [version('2026-01-01', RULES)];
  const { alert: _, unit_time: __, campaign: ___, event: ____, ...old } = RULES;
  return [
    version('1900-01-01', { ...old, target: [{ days: 30 }], closure: [] }),
    version('2026-01-01', RULES),
    version('2027-01-01', { ...RULES, target: [{ ...RULES.target[0], days: 12 }], closure: [{ date: '2027-05-07', half: false, reason: 'Pont de l’Ascension' }] })
  ];
}

/** `saved`: what was just stored, in place of the version of the same day or beside the others. */
export function config(process: string, configured: boolean, saved?: { from?: string | null; rules?: object }): Config {
  const kept = configured ? configVersions(process) : [];
  const day = saved?.from ?? '1900-01-01';
  return {
    process,
    versions: saved ? [...kept.filter((v) => v.from !== day), version(day, saved.rules ?? RULES)].sort((a, b) => (a.from < b.from ? -1 : 1)) : kept,
    closing: { process, label: 'Retraite personnelle', kind: configured ? 'configured' : 'learned', words: tx('« Notification envoyée » ou 90 jours sans événement', '“Notification sent” or 90 days without an event') },
    activities: [
      { name: 'Réception', events: 60_121, cases: 60_121, ends: 40, role: 'none' },
      { name: 'Contrôle du dossier', events: 58_004, cases: 51_200, ends: 312, role: 'none' },
      { name: 'Pièce demandée à l’assuré', events: 18_220, cases: 14_008, ends: 2200, role: configured ? 'hold' : 'none' },
      { name: 'Pièce reçue', events: 16_120, cases: 13_008, ends: 60, role: configured ? 'leave' : 'none' },
      { name: 'Notification envoyée', events: 54_310, cases: 54_302, ends: 53_990, role: configured ? 'settled' : 'none' },
      { name: 'Demande annulée', events: 1204, cases: 1204, ends: 1199, role: configured ? 'cancelled' : 'none' },
      { name: 'Archivage', events: 41_000, cases: 41_000, ends: 41_000, role: configured ? 'neutral' : 'none' }
    ],
    problems: []
  };
}

/** A spreadsheet with targets and campaigns; or one where two lines cannot be read. */
export function configSheet(bad: boolean): ConfigSheet {
  const rules = {
    ...RULES,
    target: ['Droit propre', 'Réversion', 'Révision', null].map((product, i) => ({ product, days: 10 + i, counter: 'worked', share: null, stock: null })),
    campaign: [...RULES.campaign, { name: 'Rentrée', from: '2026-09-01', to: '2026-09-30', product: null, expected: null, like_last_time: true }]
  };
  return {
    rules: rules as unknown as Record<string, never>,
    sections: [
      { name: tx('Cibles', 'Targets'), count: 4 },
      { name: tx('Campagnes', 'Campaigns'), count: 2 }
    ],
    problems: bad
      ? [
          { key: 'Cibles, 3', text: tx('« quinze » : un nombre de jours est attendu', '“quinze”: a number of days is expected') },
          { key: 'Campagnes, 2', text: tx('la fin précède le début', 'the end comes before the beginning') }
        ]
      : []
  };
}

export function configPreview(process: string, bad: boolean): ConfigPreview {
  const before = [figure('stock', tx('Stock', 'Stock'), 4312, 'case'), figure('overdue', tx('En retard', 'Late'), 764, 'case'), figure('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 0.81, 'ratio')];
  const after = [figure('stock', tx('Stock', 'Stock'), 4190, 'case'), figure('overdue', tx('En retard', 'Late'), 640, 'case'), figure('in_time_due', tx('Dans le délai (dus)', 'In time (due)'), 0.84, 'ratio')];
  return {
    problems: bad ? [{ key: 'zone', text: tx('fuseau horaire inconnu « Europe/Pari » : écrire par exemple Europe/Paris', 'unknown time zone "Europe/Pari": write for example Europe/Paris') }] : [],
    closing: config(process, true).closing!,
    before,
    after
  };
}

export function problem(): Problem {
  return {
    type: 'urn:eclusier:problem:unavailable',
    title: 'Données momentanément indisponibles',
    status: 503,
    detail: 'Le disque des données est plein : libérez de la place puis réessayez. Rien n’a été perdu.',
    text: tx('Le disque des données est plein : libérez de la place puis réessayez. Rien n’a été perdu.', 'The data disk is full: free some space, then try again. Nothing was lost.')
  };
}
