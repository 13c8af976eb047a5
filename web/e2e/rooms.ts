/**
 * Invented answers of the rooms of a process. The log of `retraite` is whole; that of `invalidite` has
 * one instant per task, `ij` only days, `css` nobody named; the state `huge` has four hundred activities.
 */
import type * as R from '../src/lib/processus/types-rooms';
import type { State } from './fixtures';

const tx = (fr: string, en: string) => ({ fr, en });
const H = 3600;
const DAY = 7 * H;

function dice(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

const ACTS = [
  'Réception de la demande',
  'Numérisation',
  'Contrôle de complétude',
  'Pièce demandée',
  'Pièce reçue',
  'Étude du droit',
  'Transmission au service partenaire',
  'Avis du partenaire reçu',
  'Vérification avant décision',
  'Décision',
  'Notification envoyée',
  'Mise en paiement'
] as const;
const coded = (i: number) => `${String(1 + (i % 16)).padStart(2, '0')}_HOOFD_${String(10 * i).padStart(4, '0')}`;
const CASES = 4312;

type Log = 'whole' | 'starts' | 'days' | 'nobody';
const logOf = (process: string): Log => (process.startsWith('invalidite') ? 'starts' : process.startsWith('ij') ? 'days' : process.startsWith('css') ? 'nobody' : 'whole');

const HOURS = tx('du lundi au vendredi, 8 h 30 à 12 h et 13 h 30 à 17 h, jours fériés exclus', 'Monday to Friday, 8:30 to 12:00 and 13:30 to 17:00, public holidays left out');
function caveats(log: Log): R.Caveat[] {
  switch (log) {
    case 'starts':
      return [{ code: 'estimated_starts', text: tx('début des tâches estimé : le journal ne donne que leur fin, l’estimation suit la fin de la tâche précédente de la même personne', 'start of tasks estimated: the log only gives their end, the estimate follows the end of the previous task of the same person') }];
    case 'days':
      return [{ code: 'date_only', text: tx('le journal ne donne que des jours : aucune durée ne descend sous le jour', 'the log only gives days: no duration goes below a day') }];
    case 'nobody':
      return [{ code: 'no_resources', text: tx('le journal ne dit pas qui fait les tâches', 'the log does not say who does the tasks') }];
    default:
      return [];
  }
}
const none = (): R.WaitCauses => ({ batching_s: 0, prioritisation_s: 0, contention_s: 0, unavailability_s: 0, held_s: 0, unexplained_s: 0 });
const split = (total: number, [b, p, c, u, h, x]: readonly number[]): R.WaitCauses => ({
  batching_s: total * (b ?? 0),
  prioritisation_s: total * (p ?? 0),
  contention_s: total * (c ?? 0),
  unavailability_s: total * (u ?? 0),
  held_s: total * (h ?? 0),
  unexplained_s: total * (x ?? 0)
});
const plus = (a: R.WaitCauses, b: R.WaitCauses): R.WaitCauses => ({
  batching_s: a.batching_s + b.batching_s,
  prioritisation_s: a.prioritisation_s + b.prioritisation_s,
  contention_s: a.contention_s + b.contention_s,
  unavailability_s: a.unavailability_s + b.unavailability_s,
  held_s: a.held_s + b.held_s,
  unexplained_s: a.unexplained_s + b.unexplained_s
});
const spanOf = (total: number, n: number): R.Span => ({ mean_s: total / n, median_s: (total / n) * 0.62, p90_s: (total / n) * 2.4, total_s: total });

/** from, to, times, mean worked days, shares of causes: batching, priority, contention, absence, held, unexplained. */
const WAITS: [number | null, number, number, number, number[]][] = [
  [3, 4, 2190, 8.4, [0, 0, 0.02, 0.03, 0.93, 0.02]],
  [2, 5, 3660, 3.1, [0.06, 0.14, 0.52, 0.2, 0, 0.08]],
  [6, 7, 640, 12.2, [0, 0, 0.02, 0.02, 0.95, 0.01]],
  [5, 8, 1910, 2.6, [0.34, 0.08, 0.31, 0.2, 0, 0.07]],
  [0, 1, 4050, 0.9, [0.71, 0, 0.12, 0.12, 0, 0.05]],
  [1, 2, 4050, 0.8, [0.1, 0.2, 0.45, 0.15, 0, 0.1]],
  [8, 9, 1830, 1.4, [0.62, 0.04, 0.12, 0.18, 0, 0.04]],
  [4, 2, 2120, 1.1, [0.08, 0.31, 0.37, 0.16, 0, 0.08]],
  [9, 10, 3980, 0.45, [0.86, 0, 0.05, 0.06, 0, 0.03]],
  [10, 11, 3240, 0.5, [0.9, 0, 0.02, 0.06, 0, 0.02]],
  [null, 0, 4312, 0.3, [0, 0, 0, 0.55, 0, 0.45]],
  [7, 5, 610, 1.9, [0.05, 0.25, 0.42, 0.2, 0, 0.08]],
  [2, 3, 2240, 0.35, [0.2, 0.1, 0.4, 0.2, 0, 0.1]],
  [5, 6, 650, 0.6, [0.5, 0.1, 0.2, 0.1, 0, 0.1]],
  [5, 9, 1720, 0.7, [0.4, 0.1, 0.25, 0.2, 0, 0.05]],
  [5, 5, 410, 0.4, [0, 0.1, 0.5, 0.3, 0, 0.1]],
  [8, 5, 170, 2.2, [0, 0.4, 0.4, 0.15, 0, 0.05]]
];

export function waits(process: string, state: State): R.Waits {
  const log = logOf(process);
  const roll = dice(11);
  const rows: [string | null, string, number, number, number[]][] =
    state === 'huge'
      ? Array.from({ length: 1400 }, (_, i) => [coded(i % 398), coded((i * 7 + 3) % 398), 1 + Math.floor(roll() * 900), roll() * 6, [0.1, 0.1, 0.4, 0.2, 0.1, 0.1]])
      : state === 'empty'
        ? []
        : WAITS.map(([a, b, n, d, s]) => [a === null ? null : ACTS[a]!, ACTS[b]!, n, d, log === 'nobody' ? [0, 0, 0, 0, s[4]!, 1 - s[4]!] : s]);
  const edges = rows
    .map(([from, to, n, d, shares], i): R.WaitEdge => {
      const worked = n * d * DAY;
      const calendar = n * d * 1.47 * 24 * H;
      const days = log === 'days';
      return {
        from,
        to,
        count: n,
        cases: Math.min(CASES, Math.round(n * 0.93)),
        calendar: spanOf(calendar, n),
        worked: days ? null : spanOf(worked, n),
        calendar_causes: days ? { ...none(), held_s: calendar * shares[4]!, unexplained_s: calendar * (1 - shares[4]!) } : split(calendar, shares),
        worked_causes: days ? null : split(worked, shares),
        examples: [`R-${20417 + i}`, `R-${18802 + 3 * i}`, `R-${21990 - i}`]
      };
    })
    .sort((a, b) => (b.worked?.total_s ?? b.calendar.total_s) - (a.worked?.total_s ?? a.calendar.total_s));
  const share = Array.from({ length: 7 * 48 }, (_, i) => {
    const day = Math.floor(i / 48);
    const h = (i % 48) / 2;
    if (day > 4) return day === 5 && h >= 9 && h < 12 ? 0.04 : 0;
    const base = h < 7.5 || h >= 18.5 ? 0 : h < 8.5 ? 0.28 : h < 12 ? 0.82 : h < 13.5 ? 0.24 : h < 17 ? 0.76 : 0.2;
    return Math.max(0, Math.min(1, base * (day === 2 ? 0.7 : day === 4 ? 0.84 : 1) + (base > 0 ? (roll() - 0.5) * 0.06 : 0)));
  });
  return {
    form: log === 'starts' ? 'weaker' : log === 'days' ? 'days' : log === 'nobody' ? 'without_people' : 'full',
    cases: state === 'empty' ? 0 : CASES,
    count: edges.reduce((a, e) => a + e.count, 0),
    calendar_causes: edges.reduce((a, e) => plus(a, e.calendar_causes), none()),
    worked_causes: log === 'days' ? null : edges.reduce((a, e) => plus(a, e.worked_causes ?? none()), none()),
    edges,
    presence: log === 'whole' || log === 'starts' ? { slot_minutes: 30, share, people: 34 } : null,
    hours: HOURS,
    caveats: caveats(log)
  };
}

export function rework(process: string, state: State): R.Rework {
  const log = logOf(process);
  const timed = log === 'whole' || log === 'nobody';
  const a = (activity: string, occurrences: number, cases: number, again: number, self: number, each: number): R.ReworkActivity => ({
    activity,
    occurrences,
    cases,
    cases_again: again,
    repeats: occurrences - cases,
    self_loops: self,
    minutes: timed ? (occurrences - cases) * each : null,
    first_pass_yield: cases > 0 ? 1 - again / cases : 1
  });
  if (state === 'empty') return { cases: 0, clean_cases: 0, activities: [], loops: [], causes: [], passes: [], minutes: null, fte: null, caveats: [] };
  const activities =
    state === 'huge'
      ? Array.from({ length: 398 }, (_, i) => a(coded(i), 900 - i, 800 - i, Math.min(90, 398 - i), i % 9, 7))
      : [
          a(ACTS[2], 6432, CASES, 1540, 0, 14),
          a(ACTS[5], 5280, 4010, 880, 410, 38),
          a(ACTS[3], 2240, 1620, 430, 0, 9),
          a(ACTS[4], 2120, 1540, 402, 0, 4),
          a(ACTS[8], 1910, 1790, 112, 6, 22),
          a(ACTS[6], 652, 640, 12, 0, 11),
          a(ACTS[0], CASES, CASES, 0, 0, 6)
        ];
  const minutes = activities.reduce((s, x) => s + (x.minutes ?? 0), 0);
  const configured = process !== 'rentes-at';
  const passes: R.Pass[] = [
    { pass: 1, cases: CASES, returned: 1620 },
    { pass: 2, cases: 1620, returned: 430 },
    { pass: 3, cases: 430, returned: 118 },
    { pass: 4, cases: 118, returned: 21 }
  ];
  return {
    cases: CASES,
    clean_cases: 2184,
    activities,
    loops: [
      { from: ACTS[4], to: ACTS[2], count: 2120, cases: 1540, ping_pong: false },
      { from: ACTS[2], to: ACTS[3], count: 620, cases: 430, ping_pong: true },
      { from: ACTS[7], to: ACTS[5], count: 610, cases: 602, ping_pong: false },
      { from: ACTS[8], to: ACTS[5], count: 170, cases: 158, ping_pong: true }
    ],
    causes: configured
      ? [
          { cause: ACTS[3], kind: 'returned', count: 2240, cases: 1620, passes: [{ pass: 1, cases: CASES, returned: 1620 }, { pass: 2, cases: 1620, returned: 430 }, { pass: 3, cases: 430, returned: 118 }] },
          { cause: ACTS[6], kind: 'held', count: 652, cases: 640, passes: [{ pass: 1, cases: CASES, returned: 640 }, { pass: 2, cases: 640, returned: 12 }] }
        ]
      : [],
    passes: configured ? passes : [],
    minutes: timed ? minutes : null,
    fte: timed ? minutes / 60 / 1607 : null,
    caveats: caveats(log)
  };
}

export function handovers(process: string, by: string, state: State): R.Handovers {
  const log = logOf(process);
  const teams = state === 'huge' ? Array.from({ length: 46 }, (_, i) => `Équipe ${String(i + 1).padStart(2, '0')}`) : ['Courrier et numérisation', 'Équipe Nord', 'Équipe Sud', 'Service partenaire', 'Vérification', 'Agence comptable'];
  const people = ['A12', 'A17', 'B03', 'B04', 'B11', 'C02', 'C08'];
  const names = by === 'resource' ? people : teams;
  if (state === 'empty') return { by, cases: 0, names: [], handovers: [], per_case: [], together: [], segregation: [], caveats: [] };
  if (log === 'nobody') return { by, cases: CASES, names: [], handovers: [], per_case: [CASES], together: [], segregation: [], caveats: caveats(log) };
  const roll = dice(by === 'resource' ? 5 : 23);
  const list: R.Handover[] = [];
  names.forEach((from, i) =>
    names.forEach((to, j) => {
      if (i === j || roll() < (state === 'huge' ? 0.8 : 0.35)) return;
      const count = Math.round((j === i + 1 ? 3200 : 700) * roll() ** 1.5) + 4;
      list.push({ from, to, count, cases: Math.round(count * 0.9), median_wait_s: (8 + roll() * 80) * H, worked_median_wait_s: log === 'days' ? null : (1 + roll() * 14) * H });
    })
  );
  list.sort((a, b) => b.count - a.count || a.from.localeCompare(b.from));
  return {
    by,
    cases: CASES,
    names,
    handovers: list,
    per_case: [112, 386, 1490, 1102, 640, 322, 140, 71, 29, 12, 5, 2, 1],
    together: list.slice(0, 12).map((x) => ({ a: x.from < x.to ? x.from : x.to, b: x.from < x.to ? x.to : x.from, cases: x.cases })).filter((x, i, all) => all.findIndex((y) => y.a === x.a && y.b === x.b) === i),
    segregation: [{ a: ACTS[5], b: ACTS[8], cases: 1790, same: 41 }],
    caveats: by === 'unit' ? [{ code: 'masked_teams', text: tx('les équipes de moins de cinq personnes sont réunies sous « autres »', 'teams of fewer than five people are put together under “others”') }] : []
  };
}

/** A block model as the discovery writes it: a sequence with a loop and a choice, with its drawing. */
export function bpmn(rare: boolean): string {
  interface Node { id: string; name: string; x: number; y: number; kind: 'task' | 'xor' | 'start' | 'end' }
  const nodes: Node[] = [];
  const flows: [string, string][] = [];
  const add = (id: string, kind: Node['kind'], x: number, y: number, name = '') => void nodes.push({ id, kind, x, y, name });
  add('start', 'start', 60, 200);
  add('t0', 'task', 160, 200, ACTS[0]);
  add('t1', 'task', 310, 200, ACTS[1]);
  add('g1', 'xor', 425, 200);
  add('t2', 'task', 530, 200, ACTS[2]);
  add('g2', 'xor', 645, 200);
  add('t4', 'task', 425, 340, ACTS[4]);
  add('t3', 'task', 645, 340, ACTS[3]);
  add('t5', 'task', 760, 200, ACTS[5]);
  add('g3', 'xor', 875, 200);
  add('t8', 'task', 990, rare ? 200 : 100, ACTS[8]);
  add('g4', 'xor', 1110, 200);
  add('t9', 'task', 1220, 200, ACTS[9]);
  add('t10', 'task', 1370, 200, ACTS[10]);
  add('t11', 'task', 1520, 200, ACTS[11]);
  add('end', 'end', 1640, 200);
  const chain = (...ids: string[]) => ids.slice(1).forEach((id, i) => flows.push([ids[i]!, id]));
  chain('start', 't0', 't1', 'g1', 't2', 'g2', 't5', 'g3', 't8', 'g4', 't9', 't10', 't11', 'end');
  chain('g2', 't3', 't4', 'g1');
  if (!rare) chain('g3', 'g4');
  else {
    add('t6', 'task', 930, 340, ACTS[6]);
    add('t7', 'task', 1080, 340, ACTS[7]);
    chain('g3', 't6', 't7', 'g4');
  }
  const esc = (s: string) => s.replace(/&/g, '&amp;').replace(/"/g, '&quot;');
  const tag = { task: 'task', xor: 'exclusiveGateway', start: 'startEvent', end: 'endEvent' };
  const size = { task: [110, 70], xor: [46, 46], start: [36, 36], end: [36, 36] };
  const by = new Map(nodes.map((n) => [n.id, n]));
  const edge = ([a, b]: [string, string]) => {
    const p = by.get(a)!;
    const q = by.get(b)!;
    const [pw, ph] = size[p.kind] as [number, number];
    const [qw, qh] = size[q.kind] as [number, number];
    if (p.y === q.y) {
      const s = q.x > p.x ? 1 : -1;
      return `<di:waypoint x="${p.x + (s * pw) / 2}" y="${p.y}"/><di:waypoint x="${q.x - (s * qw) / 2}" y="${q.y}"/>`;
    }
    const down = q.y > p.y ? 1 : -1;
    if (p.x === q.x) return `<di:waypoint x="${p.x}" y="${p.y + (down * ph) / 2}"/><di:waypoint x="${q.x}" y="${q.y - (down * qh) / 2}"/>`;
    return p.kind === 'xor'
      ? `<di:waypoint x="${p.x}" y="${p.y + (down * ph) / 2}"/><di:waypoint x="${p.x}" y="${q.y}"/><di:waypoint x="${q.x + (q.x > p.x ? -qw / 2 : qw / 2)}" y="${q.y}"/>`
      : `<di:waypoint x="${p.x + (q.x > p.x ? pw / 2 : -pw / 2)}" y="${p.y}"/><di:waypoint x="${q.x}" y="${p.y}"/><di:waypoint x="${q.x}" y="${q.y - (down * qh) / 2}"/>`;
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="d" targetNamespace="urn:eclusier">
<process id="p" isExecutable="false">
${nodes.map((n) => `<${tag[n.kind]} id="${n.id}"${n.name ? ` name="${esc(n.name)}"` : ''}/>`).join('\n')}
${flows.map(([a, b], i) => `<sequenceFlow id="f${i}" sourceRef="${a}" targetRef="${b}"/>`).join('\n')}
</process>
<bpmndi:BPMNDiagram id="dd"><bpmndi:BPMNPlane id="pl" bpmnElement="p">
${nodes
  .map((n) => {
    const [w, h] = size[n.kind] as [number, number];
    return `<bpmndi:BPMNShape id="${n.id}_s" bpmnElement="${n.id}"${n.kind === 'xor' ? ' isMarkerVisible="true"' : ''}><dc:Bounds x="${n.x - w / 2}" y="${n.y - h / 2}" width="${w}" height="${h}"/></bpmndi:BPMNShape>`;
  })
  .join('\n')}
${flows.map((f, i) => `<bpmndi:BPMNEdge id="f${i}_e" bpmnElement="f${i}">${edge(f)}</bpmndi:BPMNEdge>`).join('\n')}
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>`;
}

export const discovery = (noise: number): R.Discovery => ({ bpmn: bpmn(noise < 0.2), noise, activities: noise < 0.2 ? 12 : 10, gateways: 4, cases: CASES });

export const modelList = (): R.Model[] => [
  { id: 3, name: 'Procédure nationale, janvier 2026', at: '2026-02-03T09:12:00Z', by: 'Nadia Colin', sha256: 'a'.repeat(64), bpmn: null, findings: [] },
  { id: 5, name: 'Atelier du 12 novembre', at: '2026-11-12T15:40:00Z', by: 'Hugo Lantier', sha256: 'b'.repeat(64), bpmn: null, findings: [] }
];

export function conformance(method: string): R.Conformance {
  const d = (kind: string, i: number, after: number | null, occurrences: number, cases: number, extra: number | null): R.Deviation => ({
    kind,
    activity: ACTS[i]!,
    after: after === null ? null : ACTS[after]!,
    occurrences,
    cases,
    extra_minutes: extra,
    text: tx(`« ${ACTS[i]} » ${kind === 'skipped' ? 'sautée' : 'faite sans être prévue'}`, `“${ACTS[i]}” ${kind}`)
  });
  const a = (i: number, fitting: number, unforeseen: number, skipped: number): R.ActivityFit => ({ activity: ACTS[i]!, fitting, unforeseen, skipped });
  return {
    method,
    fitness: method === 'replay' ? 0.934 : 0.947,
    precision: 0.812,
    cases: CASES,
    cases_fitting: 3012,
    variants: 214,
    variants_unknown: method === 'replay' ? 0 : 2,
    deviations: [
      d('unforeseen', 6, 5, 652, 640, 412_300),
      d('unforeseen', 7, 6, 610, 602, 118_400),
      d('unforeseen', 5, 5, 410, 372, 61_200),
      d('unforeseen', 5, 8, 170, 158, 44_900),
      d('skipped', 1, 0, 262, 262, -1_200),
      d('skipped', 11, 10, 808, 808, null)
    ],
    activities: [a(0, CASES, 0, 0), a(1, 4050, 0, 262), a(2, 6432, 0, 0), a(3, 2240, 0, 0), a(4, 2120, 0, 40), a(5, 4090, 580, 0), a(6, 0, 652, 0), a(7, 0, 610, 0), a(8, 1910, 0, 0), a(9, 3990, 0, 0), a(10, 3980, 0, 0), a(11, 3240, 0, 808)],
    caveats: []
  };
}

export function stream(process: string, steps: string[], state: State): R.Stream {
  const log = logOf(process);
  const timed = log === 'whole' || log === 'nobody';
  const all: [number, number, number, number, number, number][] = [
    // activity, mean wait min, median wait, mean touch, stock, yield
    [0, 126, 90, 6, 84, 1],
    [1, 355, 240, 4, 212, 1],
    [2, 520, 260, 22, 640, 0.64],
    [5, 1340, 980, 47, 1310, 0.78],
    [8, 480, 720, 10, 402, 0.94],
    [9, 330, 300, 6, 96, 1],
    [10, 178, 150, 3, 61, 1],
    [11, 158, 160, 2, 40, 1]
  ];
  const made = (name: string, w: number, mw: number, t: number, stock: number, y: number, i: number): R.StreamStep => ({
    activity: name,
    cases: CASES - 40 * i,
    occurrences: Math.round((CASES - 40 * i) * (2 - y)),
    wait_min: log === 'days' ? 0 : w,
    median_wait_min: log === 'days' ? null : mw,
    touch_min: timed ? t : null,
    median_touch_min: timed ? t * 0.9 : null,
    arrivals_per_day: 17.4 + i * 0.1,
    output_per_day: 17.1 - i * 0.2,
    stock: state === 'huge' ? null : stock,
    first_pass_yield: y,
    people: log === 'nobody' ? null : i === 1 ? null : 6 + 3 * i,
    people_missing: log === 'nobody' ? 'no_resources' : i === 1 ? 'too_few' : null,
    causes: w > 0 ? { batching: 0.2, prioritisation: 0.12, contention: 0.4, unavailability: 0.2, held: 0, unexplained: 0.08 } : null
  });
  const usual = all.map(([i, w, mw, t, stock, y], n) => made(ACTS[i]!, w, mw, t, stock, y, n));
  const chosen = steps.length ? steps.map((s, n) => usual.find((u) => u.activity === s) ?? made(s, 90 + 10 * n, 80, 8, 20, 0.9, n)) : usual;
  if (state === 'empty') return { steps: [], other: null, cases: 0, lead_min: null, touch_min: null, wait_min: null, value_added_share: null, activities: [], hours: HOURS, caveats: [] };
  const left = made('', 2480, 1200, 38, 700, 0.8, 9);
  const wait = chosen.reduce((a, s) => a + s.wait_min, 0) + left.wait_min;
  const touch = chosen.reduce((a, s) => a + (s.touch_min ?? 0), 0) + (left.touch_min ?? 0);
  return {
    steps: chosen,
    other: left,
    cases: CASES,
    lead_min: log === 'days' ? null : wait + touch,
    touch_min: timed ? touch : null,
    wait_min: log === 'days' ? null : wait,
    value_added_share: null,
    activities: state === 'huge' ? Array.from({ length: 398 }, (_, i) => coded(i)) : [...ACTS],
    hours: HOURS,
    caveats: caveats(log)
  };
}

export const workshop = (state: State): R.Workshop =>
  state === 'empty'
    ? { content: { effect: '', loss: null, causes: [], steps: [], targets: [], note: '' }, version: 0, at: null, by: null }
    : {
        content: {
          effect: 'Les dossiers attendent une pièce plus de huit jours',
          loss: 'wait-3-4',
          causes: [
            { id: 1, under: null, family: 'methods', text: 'Les pièces sont demandées une par une', votes: 7, facts: ['return-3'] },
            { id: 2, under: 1, family: 'methods', text: 'La liste des pièces n’est pas complète au premier contrôle', votes: 5, facts: ['wait-3-4'] },
            { id: 3, under: 2, family: 'methods', text: 'Trois listes différentes circulent', votes: 2, facts: [] },
            { id: 4, under: null, family: 'materials', text: 'Demandes reçues sans relevé de carrière', votes: 4, facts: ['/processus?process=retraite&with=Pi%C3%A8ce%2520demand%C3%A9e'] },
            { id: 5, under: null, family: 'people', text: 'Deux postes vacants au contrôle depuis mars', votes: 3, facts: [] },
            { id: 6, under: null, family: 'machines', text: 'Le courrier type ne part qu’en fin de journée', votes: 1, facts: ['loss-gone'] },
            { id: 7, under: null, family: 'management', text: 'Priorité donnée aux dossiers récents', votes: 2, facts: [] },
            { id: 8, under: null, family: 'measurement', text: 'Personne ne suit l’âge des demandes de pièce', votes: 6, facts: [] },
            { id: 9, under: 8, family: 'measurement', text: 'L’indicateur s’arrête au stock', votes: 0, facts: [] },
            { id: 10, under: null, family: 'environment', text: 'Campagne de janvier', votes: 0, facts: [] }
          ],
          steps: [],
          targets: [
            { activity: ACTS[5], wait_min: 420, touch_min: null, first_pass_yield: 0.9, adds_value: true, note: 'Binômes, plus de file par agent' },
            { activity: ACTS[2], wait_min: 120, touch_min: 15, first_pass_yield: 0.85, adds_value: false, note: '' },
            { activity: ACTS[9], wait_min: null, touch_min: null, first_pass_yield: null, adds_value: true, note: '' }
          ],
          note: 'Atelier du 24 novembre, salle Garonne.'
        },
        version: 4,
        at: '2026-11-19T16:02:00Z',
        by: 'Hugo Lantier'
      };

export function losses(process: string, state: State): R.Losses {
  const log = logOf(process);
  if (state === 'empty' || log === 'days') return { losses: [], minutes: 0, total: 0, caveats: caveats(log) };
  const roll = dice(31);
  const rows: [string, string, string, string, number[], string | null, number, string, string][] = [
    ['wait-3-4', 'wait', `Attente entre « ${ACTS[3]} » et « ${ACTS[4]} »`, `Wait between “${ACTS[3]}” and “${ACTS[4]}”`, [3, 4], 'held', 7_720_000, 'rising', 'stable'],
    ['wait-2-5', 'wait', `Attente entre « ${ACTS[2]} » et « ${ACTS[5]} »`, `Wait between “${ACTS[2]}” and “${ACTS[5]}”`, [2, 5], 'contention', 4_760_000, 'rising', 'unstable'],
    ['wait-6-7', 'wait', `Attente entre « ${ACTS[6]} » et « ${ACTS[7]} »`, `Wait between “${ACTS[6]}” and “${ACTS[7]}”`, [6, 7], 'held', 3_280_000, 'steady', 'stable'],
    ['wait-5-8', 'wait', `Attente entre « ${ACTS[5]} » et « ${ACTS[8]} »`, `Wait between “${ACTS[5]}” and “${ACTS[8]}”`, [5, 8], 'batching', 2_080_000, 'falling', 'stable'],
    ['return-3', 'return', `Retours par « ${ACTS[3]} »`, `Returns by “${ACTS[3]}”`, [3], ACTS[3], 1_510_000, 'rising', 'unstable'],
    ['wait-0-1', 'wait', `Attente entre « ${ACTS[0]} » et « ${ACTS[1]} »`, `Wait between “${ACTS[0]}” and “${ACTS[1]}”`, [0, 1], 'batching', 1_530_000 * 0.9, 'steady', 'stable'],
    ['handover-n-s', 'handover', 'Passage de « Équipe Nord » à « Vérification »', 'Hand-over from “Équipe Nord” to “Vérification”', [5, 8], null, 640_000, 'steady', 'unknown'],
    ['rework-5', 'rework', `« ${ACTS[5]} » refaite`, `“${ACTS[5]}” done again`, [5], null, 48_260, 'falling', 'stable'],
    ['rework-2', 'rework', `« ${ACTS[2]} » refait`, `“${ACTS[2]}” done again`, [2], null, 29_680, 'steady', 'stable'],
    ['deviation-6', 'deviation', `« ${ACTS[6]} » sans être prévue`, `“${ACTS[6]}” unforeseen`, [6], null, 12_300, 'unknown', 'unknown'],
    ['rework-8', 'rework', `« ${ACTS[8]} » refaite`, `“${ACTS[8]}” done again`, [8], null, 2_640, 'unknown', 'unknown']
  ];
  const sum = rows.reduce((a, r) => a + r[6], 0);
  let run = 0;
  return {
    losses: rows.map(([id, kind, fr, en, acts, cause, minutes, trend, stability]): R.Loss => {
      run += minutes;
      const slope = trend === 'rising' ? minutes * 0.004 : trend === 'falling' ? -minutes * 0.005 : trend === 'steady' ? minutes * 0.0002 : null;
      return {
        id,
        kind,
        text: tx(fr, en),
        activities: acts.map((i) => ACTS[i]!),
        cause,
        cases: Math.round(400 + minutes / 5000),
        occurrences: Math.round(460 + minutes / 4000),
        minutes,
        share: minutes / sum,
        cumulative_share: run / sum,
        months: Array.from({ length: trend === 'unknown' ? 3 : 12 }, (_, m) => ({
          month: `${m < 1 ? 2025 : 2026}-${String(m < 1 ? 12 : m).padStart(2, '0')}-01`,
          minutes: (minutes / 12) * (1 + (trend === 'rising' ? (m - 6) * 0.05 : trend === 'falling' ? (6 - m) * 0.06 : 0) + (roll() - 0.5) * 0.3),
          cases: 60
        })),
        trend,
        slope,
        slope_interval: slope === null ? null : [slope * (trend === 'steady' ? -14 : 0.4), slope * (trend === 'steady' ? 16 : 1.6)],
        stability,
        filter: acts.length === 2 ? `path=${encodeURIComponent(`${encodeURIComponent(ACTS[acts[0]!]!)}>${encodeURIComponent(ACTS[acts[1]!]!)}`)}` : `with=${encodeURIComponent(encodeURIComponent(ACTS[acts[0]!]!))}`
      };
    }),
    minutes: sum * 1.06,
    total: 38,
    caveats: caveats(log)
  };
}

export function lateness(process: string, state: State): R.Lateness {
  if (state === 'notarget' || state === 'empty')
    return { cases: 0, late: 0, undecided: 0, target: null, factors: [], refused: [], caveats: [] };
  const fct = (factor: string, level: string, known: boolean, cases: number, late: number, others: number, othersLate: number, odds: [number, number, number] | null, p: number, significant: boolean): R.Factor => {
    const difference = late / cases - othersLate / others;
    const se = Math.sqrt((late / cases) * (1 - late / cases) / cases + (othersLate / others) * (1 - othersLate / others) / others);
    return {
      factor, level, text: tx(`${factor} : ${level}`, `${factor}: ${level}`), known_at_arrival: known, cases, late, others, others_late: othersLate, difference,
      difference_interval: [difference - 1.96 * se, difference + 1.96 * se], odds_ratio: odds ? odds[0] : null, odds_interval: odds ? [odds[1], odds[2]] : null, p, significant
    };
  };
  return {
    cases: 4012,
    late: 764,
    undecided: 300,
    target: tx('décision sous 45 jours calendaires après la réception', 'decision within 45 calendar days of reception'),
    factors: [
      fct('activity', ACTS[6], false, 602, 318, 3410, 446, [6.1, 4.9, 7.6], 0.0000004, true),
      fct('channel', 'Courrier', true, 1210, 362, 2802, 402, [2.3, 1.9, 2.8], 0.00002, true),
      fct('load', 'le quart le plus chargé', true, 1003, 289, 3009, 475, [1.9, 1.5, 2.3], 0.0008, true),
      fct('rework', 'deux retours ou plus', false, 430, 202, 3582, 562, [3.4, 2.7, 4.3], 0.00001, true),
      fct('product', 'Réversion', true, 680, 88, 3332, 676, [0.58, 0.45, 0.75], 0.004, true),
      fct('departement', 'hors du ressort', true, 96, 30, 3916, 734, [1.8, 1.1, 2.9], 0.08, false),
      fct('weekday', 'lundi', true, 902, 181, 3110, 583, null, 0.74, false),
      fct('handovers', 'quatre ou plus', false, 580, 190, 3432, 574, [1.3, 0.98, 1.7], 0.11, false)
    ],
    refused: [
      tx('« agent » : désigne une personne, aucun facteur ne porte sur une personne', '“agent”: points at a person, no factor bears on a person'),
      tx('« code_postal » : 1 204 valeurs différentes, presque une par dossier', '“code_postal”: 1,204 different values, nearly one per case'),
      tx('« motif_cloture » : écrit après la décision', '“motif_cloture”: written after the decision')
    ],
    caveats: []
  };
}

export function unitTimes(process: string, state: State): R.UnitTimes {
  const log = logOf(process);
  const none = tx('moins de trente tâches mesurées : rien n’est dit', 'fewer than thirty tasks measured: nothing is said');
  if (state === 'empty') return { times: [], caveats: [] };
  if (log === 'starts' || log === 'days') return { times: [], caveats: caveats(log) };
  const m = (activity: string, product: string | null, median: number, n: number, configured: number | null, drift: number | null): R.UnitTimeMeasure => ({
    activity, product, n, censored: Math.round(n * 0.02), median_min: median, median_interval: [median * 0.96, median * 1.05], trimmed_mean_min: median * 1.12,
    p25_min: median * 0.6, p75_min: median * 1.6, p90_min: median * 2.7, drift_min: drift, configured_min: configured, reason: null
  });
  const few = (activity: string, product: string): R.UnitTimeMeasure => ({ activity, product, n: 12, censored: 1, median_min: null, median_interval: null, trimmed_mean_min: null, p25_min: null, p75_min: null, p90_min: null, drift_min: null, configured_min: null, reason: none });
  if (state === 'huge') return { times: Array.from({ length: 398 }, (_, i) => m(coded(i), null, 3 + (i % 40), 900 - i, null, null)), caveats: [] };
  return {
    times: [
      m(ACTS[2], null, 12.4, 6432, 10, null), m(ACTS[2], 'Droit propre', 11.8, 4320, null, null), m(ACTS[2], 'Réversion', 14.9, 1490, null, null), few(ACTS[2], 'Révision'),
      m(ACTS[5], null, 34, 5280, 28, 5.2), m(ACTS[5], 'Droit propre', 31, 3710, null, 4.4), m(ACTS[5], 'Réversion', 44, 1220, null, null), m(ACTS[5], 'Révision', 22, 350, null, null),
      m(ACTS[8], null, 19, 1910, 20, -2.1), m(ACTS[9], null, 5.2, 3990, 5, null), m(ACTS[1], null, 3.6, 4050, null, null)
    ],
    caveats: caveats(log)
  };
}

export function costs(cents: number, paid: number | null): R.Costs {
  const c = (name: string, count: number, minutes: number): R.Cost => ({ name, count, minutes, cents: Math.round((minutes / 60) * cents) });
  const activities = [c(ACTS[5], 5280, 201_000), c(ACTS[2], 6432, 90_100), c(ACTS[8], 1910, 42_000), c(ACTS[0], CASES, 25_900), c(ACTS[9], 3990, 23_900), c(ACTS[1], 4050, 16_200), c(ACTS[10], 3980, 11_900), c(ACTS[11], 3240, 6_500)];
  const minutes = activities.reduce((a, x) => a + x.minutes, 0);
  const used = Math.round((minutes / 60) * cents);
  return {
    cents_per_hour: cents,
    products: [c('Droit propre', 2890, minutes * 0.61), c('Réversion', 980, minutes * 0.29), c('Révision', 442, minutes * 0.1)],
    activities,
    idle_cents: paid === null ? null : Math.max(0, Math.round(paid * cents) - used),
    paid_cents: paid === null ? null : Math.round(paid * cents),
    caveats: []
  };
}

export function suitability(processes: { id: string; label: string }[]): R.Suitability[] {
  const roll = dice(77);
  return processes.map(({ id, label }, i) => {
    if (i === 5) return { process: id, label, score: null, criteria: ['volume', 'waiting_share'].map((k) => ({ id: k, value: null, points: null, weight: 0, text: tx('non mesuré', 'not measured') })) };
    const k = (name: string, weight: number, unknown: boolean, scale: number, fr: string, en: string): R.Criterion => {
      const v = roll();
      return { id: name, value: unknown ? null : v * scale, points: unknown ? null : v * weight, weight: unknown ? 0 : weight, text: tx(fr, en) };
    };
    const criteria = [
      k('waiting_share', 20, false, 1, 'Part du délai en attente', 'Share of the lead time waiting'),
      k('late_share', 20, i === 2, 1, 'Part des dossiers en retard', 'Share of late cases'),
      k('volume', 15, false, 9_000, 'Dossiers par an', 'Cases a year'),
      k('rework_share', 15, false, 0.6, 'Part des tâches refaites', 'Share of tasks done again'),
      k('manual_share', 10, i % 2 === 1, 1, 'Part traitée par une personne', 'Share handled by a person'),
      k('handovers', 10, false, 5, 'Passages entre équipes par dossier', 'Hand-overs per case'),
      k('variants', 10, false, 100, 'Variantes pour 100 dossiers', 'Variants per 100 cases')
    ];
    const known = criteria.filter((x) => x.points != null);
    return { process: id, label, score: (known.reduce((a, x) => a + (x.points ?? 0), 0) / known.reduce((a, x) => a + x.weight, 0)) * 100, criteria };
  });
}
