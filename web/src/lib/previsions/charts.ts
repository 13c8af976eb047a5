/** The charts of the forecasts: what is drawn, what is read out, and the table behind. */
import type { DayOff, Effect, Foresight, PastStep, Projection, Span, Text } from '../api/types';
import type { Palette } from '../charts/palette';
import type { Draw, Point } from '../charts/types';
import type { Chart } from '../flux/charts';
import { timeAxis, valueAxis } from '../flux/charts';
import { MINUS, type Formats } from '../format';
import type { Labels } from '../labels/fr';
import { isDeclared, laneOf, lastYear, namedIn, placeOf, sure, type Bar, type Row } from './data';

type Say = (t: Text) => string;
/** What the drawing of a free shape is given, as far as it is used here. */
interface Api {
  coord: (at: [number, number]) => [number, number];
  size: (of: [number, number]) => [number, number];
}
interface Params {
  dataIndex: number;
  coordSys: { x: number; y: number; width: number; height: number };
}
const round = (v: number | null | undefined): number | null => (v == null ? null : Math.round(v));

/** Nothing to see: the arrow keys need one series that has a value everywhere. */
const pointer = (data: (number | null)[], at: object = {}) => ({
  type: 'line',
  name: '',
  data: data.map((v) => v ?? 0),
  symbol: 'none',
  lineStyle: { opacity: 0 },
  itemStyle: { opacity: 0 },
  emphasis: { disabled: true },
  silent: true,
  z: 0,
  ...at
});

function line(name: string, data: (number | null)[], color: string, width: number, type: string | number[] = 'solid', more: object = {}) {
  return {
    type: 'line',
    name,
    // A value between two unknown ones has no line to show it: it gets a dot.
    data: data.map((value, i) =>
      value !== null && (data[i - 1] ?? null) === null && (data[i + 1] ?? null) === null ? { value, symbol: 'circle', symbolSize: 6 } : value
    ),
    symbol: 'none',
    connectNulls: false,
    emphasis: { disabled: true },
    lineStyle: { color, width, type },
    itemStyle: { color },
    ...more
  };
}

/** Two bands, one inside the other: shades and edges, so that neither needs its colour. */
function bands(
  r80: ({ low: number; high: number } | null)[],
  r95: ({ low: number; high: number } | null)[],
  names: { in80: string; in95: string },
  p: Palette,
  at: object = {}
) {
  const slice = (name: string, data: (number | null)[], edge: object, opacity: number) => ({
    type: 'line',
    name,
    data,
    stack: 'bands',
    symbol: 'none',
    silent: true,
    emphasis: { disabled: true },
    lineStyle: { color: p.stock, opacity: 0.75, ...edge },
    itemStyle: { color: p.arrivals },
    ...(opacity > 0 ? { areaStyle: { color: p.arrivals, opacity } } : {}),
    z: 1,
    ...at
  });
  const outer = { width: 1, type: [2, 3] };
  const inner = { width: 0.75, type: 'solid' };
  return [
    slice(names.in95, r95.map((r) => r?.low ?? null), outer, 0),
    slice(names.in95, r80.map((r, i) => (r && r95[i] ? Math.max(0, r.low - r95[i].low) : null)), inner, 0.16),
    slice(names.in80, r80.map((r) => (r ? Math.max(0, r.high - r.low) : null)), inner, 0.42),
    slice(names.in95, r80.map((r, i) => (r && r95[i] ? Math.max(0, r95[i].high - r.high) : null)), outer, 0.16)
  ];
}

const mark = (p: Palette, name: string, color: string, position = 'insideEndTop') => ({
  lineStyle: { color, type: 'dashed', width: 1.25 },
  label: { formatter: name, position, color, backgroundColor: p.card, padding: [1, 3], fontSize: 11 }
});

export const LANE = 26;

/** The bars of a lane: campaigns are full, events open with a broken edge, holidays pale; none needs its colour. */
function barStyle(kind: string, p: Palette) {
  if (kind === 'campaign') return { fill: p.stock };
  return kind === 'event' ? { fill: p.card, stroke: p.ink, lineWidth: 1.25, lineDash: [3, 2] } : { fill: p.area, stroke: p.stock, lineWidth: 1 };
}

/** Lanes of named days under an axis: a label line, then bars; holidays are diamonds. */
function lanes(rows: Row[], spans: Span[], off: DayOff[], t: Labels, say: Say) {
  const holidays = off.flatMap((o) => {
    const x = placeOf(rows, o.day);
    return x === null ? [] : [{ x, name: say(o.name) }];
  });
  const kinds = [
    ...['campaign', 'event', 'school'].map((key) => ({ key, bars: laneOf(rows, spans, key), days: [] as typeof holidays })),
    { key: 'off', bars: [] as Bar[], days: holidays }
  ].filter((k) => k.bars.length + k.days.length > 0);
  /** Height of a lane: more where spans overlap. */
  const tall = kinds.map((k) => LANE + 7 * Math.max(0, ...k.bars.map((b) => b.line)));
  const top = tall.map((_, i) => tall.slice(0, i).reduce((a, b) => a + b, 0));
  const height = tall.reduce((a, b) => a + b, 0);
  const names = t.previsions.lanes;

  const series = (p: Palette, grid: number) => {
    let free = 0;
    const items = kinds.flatMap((k, i) => [
      { kind: 'label', text: names[k.key] ?? k.key, at: top[i]!, key: k.key, x0: 0, x1: 0, line: 0 },
      ...k.bars.map((b) => ({ kind: 'bar', text: say(b.span.name), at: top[i]!, key: k.key, x0: b.x0, x1: b.x1, line: b.line })),
      ...k.days.map((d) => ({ kind: 'day', text: d.name, at: top[i]!, key: k.key, x0: d.x, x1: d.x, line: 0 }))
    ]);
    const wide = (s: string) => s.length * 6 + 8;
    return {
      type: 'custom',
      xAxisIndex: grid,
      yAxisIndex: grid,
      silent: true,
      tooltip: { trigger: 'none' },
      data: items.map(() => [0, 0]),
      renderItem: (params: Params, api: Api) => {
        const item = items[params.dataIndex]!;
        const { x: left, y, width } = params.coordSys;
        const step = width / Math.max(1, rows.length);
        void api;
        const px = left + item.x0 * step;
        const end = left + item.x1 * step;
        const text = (at: number, weight: number) => ({
          type: 'text',
          x: at,
          y: y + item.at + 1,
          style: { text: item.text, fill: weight > 500 ? p.ink2 : p.ink3, font: `${weight} 10.5px ${p.font}`, textBaseline: 'top' }
        });
        if (item.kind === 'label') {
          free = left + wide(item.text) + 6;
          return text(left, 600);
        }
        if (item.kind === 'day') {
          return { type: 'polygon', shape: { points: [[px, y + item.at + 14], [px + 4, y + item.at + 18], [px, y + item.at + 22], [px - 4, y + item.at + 18]] }, style: { fill: p.ink2 } };
        }
        const bar = {
          type: 'rect',
          shape: { x: px, y: y + item.at + 14 + item.line * 7, width: Math.max(3, end - px), height: item.line > 0 || kinds.some((k) => k.bars.some((b) => b.line > 0)) ? 6 : 8, r: 1 },
          style: barStyle(item.key, p)
        };
        // A name is written where there is room for it; the reading and the table hold them all.
        const fits = item.line === 0 && px >= free && px + wide(item.text) <= left + width;
        if (!fits) return bar;
        free = px + wide(item.text);
        return { type: 'group', children: [bar, text(px, 400)] };
      }
    };
  };
  return { series, height, any: kinds.length > 0 };
}

/** Names of what a step holds, said in a few words. */
const named = (row: Row, spans: Span[], off: DayOff[], say: Say, f: Formats): string => {
  const n = namedIn(row, spans, off);
  return [...n.spans.filter((s) => s.kind !== 'neutralised').map((s) => say(s.name)), ...n.off.map((o) => (row.from === row.to ? say(o.name) : `${say(o.name)} (${f.dayShort(o.day)})`))].join(', ');
};

/** History, forecast and its bands, a year before, and the lanes of named days on the same axis. */
export function arrivalsChart(d: Foresight, rows: Row[], said: boolean, t: Labels, f: Formats, say: Say): Chart & { height: number; lanes: boolean } {
  const w = t.previsions;
  const names = rows.map((r) => r.period);
  const firsts = rows.map((r) => r.from);
  const grey = rows.map((r) => r.neutralised);
  const at = rows.findIndex((r) => r.future);
  const last = at > 0 ? at - 1 : -1;
  // A step under way is both known and to come: the line stands on it.
  const today = d.last_day ? rows.findIndex((r) => r.from <= d.last_day! && d.last_day! <= r.to) : -1;
  const lane = lanes(rows, d.spans, d.days_off, t, say);
  // The forecast starts where the past ends, so that one line leads to the other.
  const join = <T>(pick: (r: Row) => T | null, from: (came: number) => T): (T | null)[] =>
    rows.map((r, i) => (r.future ? pick(r) : i === last && r.came !== null && !r.neutralised ? from(r.came) : null));
  const point = (v: number) => ({ low: v, high: v });
  const hasSaid = said && rows.some((r) => r.said !== null);
  const what = d.arrivals_change !== 0;
  const bottom = (lane.any ? lane.height + 12 : 0) + 24;

  const draw: Draw = (p) => ({
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    grid: [
      { left: 52, right: 16, top: 20, bottom },
      ...(lane.any ? [{ left: 52, right: 16, bottom: 4, height: lane.height }] : [])
    ],
    xAxis: [
      timeAxis(p, f, names, firsts, { grey }),
      ...(lane.any ? [{ ...timeAxis(p, f, names, firsts, { gridIndex: 1, labels: false }), axisLine: { show: false } }] : [])
    ],
    yAxis: [valueAxis(p, f, 0), ...(lane.any ? [{ type: 'value', gridIndex: 1, min: 0, max: 1, show: false }] : [])],
    series: [
      pointer(rows.map((r) => r.came ?? r.mean)),
      ...bands(join((r) => r.r80, point), join((r) => r.r95, point), { in80: w.band80, in95: w.band95 }, p),
      ...(hasSaid
        ? [
            line(w.saidBand, rows.map((r) => r.saidRange?.low ?? null), p.ink3, 0.75, [1, 2], { stack: 'said', silent: true }),
            line(w.saidBand, rows.map((r) => (r.saidRange ? Math.max(0, r.saidRange.high - r.saidRange.low) : null)), p.ink3, 0.75, [1, 2], {
              stack: 'said',
              silent: true,
              areaStyle: { color: p.ink3, opacity: 0.14 },
              z: 1
            })
          ]
        : []),
      line(w.before, rows.map((r) => r.before), p.ink2, 1.5, [1.5, 3], { z: 3 }),
      ...(what ? [line(w.base, rows.map((r) => r.base), p.ink3, 1.5, [8, 4], { z: 3 })] : []),
      line(w.came, rows.map((r) => (r.neutralised ? null : r.came)), p.stock, 2, 'solid', {
        z: 5,
        ...(last >= 0
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                data: [{ xAxis: today < 0 ? last : today, ...mark(p, `${w.today}${f.lang === 'fr' ? '\u00a0: ' : ': '}${f.dayShort(d.last_day)}`, p.ink2, 'end') }],
                animation: false
              }
            }
          : {})
      }),
      ...(grey.includes(true)
        ? [line(w.neutralised, rows.map((r, i) => (r.neutralised || grey[i - 1] || grey[i + 1] ? r.came : null)), p.ink3, 1.25, [3, 2], { z: 4 })]
        : []),
      line(w.expected, join((r) => r.mean, (v) => v), p.stock, 2.25, [6, 3], { z: 6 }),
      ...(hasSaid ? [line(w.said, rows.map((r) => r.said), p.strata[3] ?? p.warn, 1.5, 'solid', { z: 4 })] : []),
      ...(lane.any ? [lane.series(p, 1)] : [])
    ]
  });

  const span = (r: { low: number; high: number } | null) => (r ? w.between(f.num(round(r.low)), f.num(round(r.high))) : '');
  const points: Point[] = rows.map((r) => {
    const days = named(r, d.spans, d.days_off, say, f);
    return {
      title: [f.period(r.period), r.neutralised ? w.neutralised : '', r.partial ? w.partial : ''].filter(Boolean).join(' · '),
      lines: [
        ...(r.came !== null || !r.future ? [{ name: w.came, value: f.num(r.came) }] : []),
        ...(r.future
          ? [
              { name: w.expected, value: f.num(round(r.mean)) },
              { name: w.band80, value: span(r.r80) },
              { name: w.band95, value: span(r.r95) },
              { name: w.before, value: f.num(round(r.before)) },
              ...(what ? [{ name: w.base, value: f.num(round(r.base)) }] : [])
            ]
          : []),
        ...(hasSaid && r.said !== null ? [{ name: w.said, value: f.num(round(r.said)) }, ...(r.saidRange ? [{ name: w.saidBand, value: span(r.saidRange) }] : [])] : []),
        ...(days ? [{ name: w.named, value: days }] : [])
      ]
    };
  });
  return {
    height: 300 + bottom,
    lanes: lane.any,
    draw,
    points,
    table: {
      columns: [
        w.period,
        w.came,
        w.expected,
        w.low(w.band80),
        w.high(w.band80),
        w.low(w.band95),
        w.high(w.band95),
        w.before,
        ...(what ? [w.base] : []),
        ...(hasSaid ? [w.said, w.low(w.saidBand), w.high(w.saidBand)] : []),
        w.named
      ],
      rows: rows.map((r) => [
        f.period(r.period) + (r.neutralised ? ` · ${w.neutralised}` : '') + (r.partial ? ` · ${w.partial}` : ''),
        f.num(r.came),
        f.num(round(r.mean)),
        f.num(round(r.r80?.low)),
        f.num(round(r.r80?.high)),
        f.num(round(r.r95?.low)),
        f.num(round(r.r95?.high)),
        f.num(round(r.before)),
        ...(what ? [f.num(round(r.base))] : []),
        ...(hasSaid ? [f.num(round(r.said)), f.num(round(r.saidRange?.low)), f.num(round(r.saidRange?.high))] : []),
        named(r, d.spans, d.days_off, say, f)
      ])
    }
  };
}

/** What is declared, past and to come, on the axis of everything known. */
export function campaignLane(d: Foresight, rows: Row[], t: Labels, f: Formats, say: Say): (Chart & { height: number }) | null {
  const spans = d.spans.filter(isDeclared);
  const lane = lanes(rows, spans, [], t, say);
  if (!lane.any) return null;
  const names = rows.map((r) => r.period);
  const at = rows.findIndex((r) => r.future);
  const draw: Draw = (p) => ({
    grid: { left: 8, right: 12, top: 22, height: lane.height },
    xAxis: timeAxis(p, f, names, rows.map((r) => r.from)),
    yAxis: { type: 'value', min: 0, max: 1, show: false },
    series: [
      {
        ...pointer(rows.map(() => 0)),
        ...(at > 0 ? { markLine: { silent: true, symbol: 'none', data: [{ xAxis: at - 1, ...mark(p, t.previsions.today, p.ink2, 'end') }] } } : {})
      },
      lane.series(p, 0)
    ]
  });
  const kinds = [...new Set(spans.map((s) => s.kind))].sort();
  const columns = kinds.map((k) => t.previsions.lanes[k] ?? k);
  const shown = rows.map((r) => kinds.map((k) => named(r, spans.filter((s) => s.kind === k), [], say, f)));
  return {
    height: lane.height + 50,
    draw,
    points: rows.map((r, i) => ({ title: f.period(r.period), lines: columns.map((name, k) => ({ name, value: shown[i]![k] || '—' })) })),
    table: {
      columns: [t.previsions.period, ...columns],
      rows: rows.flatMap((r, i) => (shown[i]!.some(Boolean) ? [[f.period(r.period), ...shown[i]!]] : []))
    }
  };
}

/** An axis from zero that holds a line drawn at `most`, in round steps. */
function upTo(most: number): { min: number; max: number; interval: number } {
  const raw = Math.max(most, 1e-9) / 4;
  const p = 10 ** Math.floor(Math.log10(raw));
  const interval = [1, 2, 2.5, 5, 10].map((k) => k * p).find((k) => k >= raw) ?? 10 * p;
  return { min: 0, max: Math.ceil((most * 1.03) / interval) * interval, interval };
}

/** The stock week by week, its bands, its target and its threshold. */
export function stockChart(s: Projection, today: string, t: Labels, f: Formats): Chart {
  const w = t.previsions;
  const k = w.stock;
  const now = s.waiting + s.held;
  // What is known comes first: the weeks that are over, then today.
  const past = s.past.filter((x) => x.day < today);
  const before = past.map(() => null);
  const names = [...past.map((x) => x.period), '', ...s.steps.map((x) => x.period)];
  const ends = [...past.map((x) => x.day), today, ...s.steps.map((x) => x.day)];
  const known = { low: now, high: now };
  const middle = [...past.map((x) => x.stock ?? null), now, ...s.steps.map((x) => x.stock)];
  const top = Math.max(now, ...past.map((x) => x.stock ?? 0), s.threshold ?? 0, s.back?.target ?? 0, ...s.steps.map((x) => x.range_95.high));
  const title = (i: number) => (i === past.length ? `${k.start} · ${f.day(today)}` : f.period(names[i]!));
  const draw: Draw = (p) => ({
    grid: { left: 56, right: 16, top: 14, bottom: 22 },
    xAxis: { ...timeAxis(p, f, names, ends), boundaryGap: false },
    yAxis: { ...valueAxis(p, f), ...upTo(top) },
    series: [
      pointer(middle),
      ...bands([...before, known, ...s.steps.map((x) => x.range_80)], [...before, known, ...s.steps.map((x) => x.range_95)], { in80: w.band80, in95: w.band95 }, p),
      line(k.median, middle, p.stock, 2.25, 'solid', {
        z: 5,
        markLine: {
          silent: true,
          symbol: 'none',
          data: [
            ...(s.back ? [{ yAxis: s.back.target, ...mark(p, k.targetLine(f.num(round(s.back.target))), p.ink2, 'insideStartTop') }] : []),
            ...(s.threshold != null ? [{ yAxis: s.threshold, ...mark(p, `▲ ${k.thresholdLine(f.num(round(s.threshold)))}`, p.warn) }] : [])
          ]
        }
      })
    ]
  });
  const share = (v: number | null | undefined) => f.pct(v);
  return {
    draw,
    points: [
      ...past.map((x, i) => ({ title: title(i), lines: [{ name: t.flux.stock, value: f.num(x.stock) }] })),
      { title: title(past.length), lines: [{ name: k.now, value: f.num(round(now)) }] },
      ...s.steps.map((x, i) => ({
        title: title(past.length + i + 1),
        lines: [
          { name: k.median, value: f.num(round(x.stock)) },
          { name: w.band80, value: w.between(f.num(round(x.range_80.low)), f.num(round(x.range_80.high))) },
          { name: w.band95, value: w.between(f.num(round(x.range_95.low)), f.num(round(x.range_95.high))) },
          ...(x.above_threshold != null ? [{ name: k.above, value: share(x.above_threshold) }] : []),
          ...(x.oldest != null ? [{ name: k.oldest, value: f.value(Math.round(x.oldest), 'worked_day') }] : [])
        ]
      }))
    ],
    table: {
      columns: [w.period, k.median, w.low(w.band80), w.high(w.band80), w.low(w.band95), w.high(w.band95), k.above, k.oldest, k.capacityWeek],
      rows: [
        ...past.map((x) => [f.period(x.period), f.num(x.stock), ...Array<string>(7).fill('—')]),
        ...s.steps.map((x) => [
        f.period(x.period),
        f.num(round(x.stock)),
        f.num(round(x.range_80.low)),
        f.num(round(x.range_80.high)),
        f.num(round(x.range_95.low)),
        f.num(round(x.range_95.high)),
        share(x.above_threshold),
        x.oldest == null ? '—' : f.value(Math.round(x.oldest), 'worked_day'),
        f.num(round(x.capacity))
      ])
      ]
    }
  };
}

const tenth = (v: number | null | undefined): number | null => (v == null ? null : Math.round(v * 10) / 10);

/** Median and P90 of what will leave, week by week. */
export function delayChart(s: Projection, t: Labels, f: Formats): Chart | null {
  const k = t.previsions.stock;
  if (!s.steps.some((x) => x.delay != null)) return null;
  const names = s.steps.map((x) => x.period);
  const ends = s.steps.map((x) => x.day);
  const most = Math.max(...s.steps.map((x) => x.delay_p90 ?? x.delay ?? 0), s.days_allowed ?? 0);
  const draw: Draw = (p) => ({
    grid: { left: 44, right: 16, top: 14, bottom: 22 },
    xAxis: timeAxis(p, f, names, ends, { most: 6 }),
    yAxis: { ...valueAxis(p, f), ...upTo(most) },
    series: [
      pointer(s.steps.map((x) => x.delay ?? 0)),
      line(k.p50, s.steps.map((x) => tenth(x.delay)), p.stock, 2.25, 'solid', {
        ...(s.days_allowed != null
          ? { markLine: { silent: true, symbol: 'none', data: [{ yAxis: s.days_allowed, ...mark(p, `▲ ${k.allowed(f.value(s.days_allowed, 'worked_day'))}`, p.warn) }] } }
          : {})
      }),
      line(k.p90, s.steps.map((x) => tenth(x.delay_p90)), p.stock, 1.75, [1.5, 2.5])
    ]
  });
  const cell = (v: number | null | undefined) => f.value(tenth(v), 'worked_day');
  return {
    draw,
    points: s.steps.map((x) => ({ title: f.period(x.period), lines: [{ name: k.p50, value: cell(x.delay) }, { name: k.p90, value: cell(x.delay_p90) }] })),
    table: { columns: [t.previsions.period, k.p50, k.p90], rows: s.steps.map((x) => [f.period(x.period), cell(x.delay), cell(x.delay_p90)]) }
  };
}

/** Share in time of what will leave, with where it lies four times in five. */
export function inTimeChart(s: Projection, t: Labels, f: Formats): Chart | null {
  const w = t.previsions;
  if (!s.steps.some((x) => x.in_time != null)) return null;
  const names = s.steps.map((x) => x.period);
  const draw: Draw = (p) => ({
    grid: { left: 48, right: 16, top: 14, bottom: 22 },
    xAxis: timeAxis(p, f, names, s.steps.map((x) => x.day), { most: 6 }),
    yAxis: { ...valueAxis(p, f), min: 0, max: 1, interval: 0.25, axisLabel: { color: p.ink3, fontSize: 11, formatter: (v: number) => f.pct(v, 0) } },
    series: [
      pointer(s.steps.map((x) => x.in_time ?? 0)),
      line(w.band80, s.steps.map((x) => x.in_time_range?.low ?? null), p.stock, 0.75, 'solid', { stack: 'band', silent: true }),
      line(w.band80, s.steps.map((x) => (x.in_time_range ? x.in_time_range.high - x.in_time_range.low : null)), p.stock, 0.75, 'solid', {
        stack: 'band',
        silent: true,
        areaStyle: { color: p.arrivals, opacity: 0.42 }
      }),
      line(w.stock.inTime, s.steps.map((x) => x.in_time ?? null), p.stock, 2.25, 'solid', { z: 5 })
    ]
  });
  const range = (x: Projection['steps'][number]) => (x.in_time_range ? w.between(f.pct(x.in_time_range.low, 0), f.pct(x.in_time_range.high, 0)) : '—');
  return {
    draw,
    points: s.steps.map((x) => ({ title: f.period(x.period), lines: [{ name: w.stock.inTime, value: f.pct(x.in_time, 0) }, { name: w.band80, value: range(x) }] })),
    table: { columns: [w.period, w.stock.inTime, w.band80], rows: s.steps.map((x) => [f.period(x.period), f.pct(x.in_time, 0), range(x)]) }
  };
}

/** A signed share or a signed number of items, as a person reads it. */
export function sized(v: number, isShare: boolean, t: Labels, f: Formats): string {
  const plus = v > 0 ? '+' : '';
  if (isShare) return plus + f.pct(v, Math.abs(v) < 0.0995 ? 1 : 0);
  return t.previsions.effects.perDay(plus + f.num(v, Math.abs(v) < 10 ? 1 : 0));
}
const rangeOf = (e: Effect, t: Labels, f: Formats): string => t.previsions.between(sized(e.range.low, e.is_share, t, f), sized(e.range.high, e.is_share, t, f));

/** How an effect reads: more, less, or perhaps chance. */
export const reading = (e: Effect, t: Labels): string =>
  !sure(e) ? t.previsions.effects.chance : e.size > 0 ? t.previsions.effects.more : t.previsions.effects.less;

export const ROW = 40;

/** A dot and its whisker by effect, its name above; zero is a line of its own. */
export function effectsChart(list: Effect[], t: Labels, f: Formats, say: Say): Chart & { height: number } {
  const w = t.previsions.effects;
  const share = list[0]?.is_share ?? true;
  const low = Math.min(0, ...list.map((e) => e.range.low));
  const high = Math.max(0, ...list.map((e) => e.range.high));
  const pad = (high - low) * 0.04 || 1;
  const draw: Draw = (p) => ({
    grid: { left: 12, right: 16, top: 8, bottom: 24 },
    xAxis: {
      type: 'value',
      min: low - pad,
      max: high + pad,
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: p.line } },
      splitNumber: 4,
      axisLabel: {
        color: p.ink3,
        fontSize: 11,
        hideOverlap: true,
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (v: number) => (share ? (v > 0 ? '+' : '') + f.pct(v, 0) : f.signed(v, Number.isInteger(v) ? 0 : 1))
      }
    },
    yAxis: { type: 'category', inverse: true, data: list.map((e) => e.id), show: false },
    series: [
      {
        type: 'custom',
        name: w.size,
        data: list.map((e, i) => [e.size, i]),
        encode: { x: 0, y: 1 },
        renderItem: (params: Params, api: Api) => {
          const e = list[params.dataIndex]!;
          const y = api.coord([e.size, params.dataIndex])[1] + 9;
          const [a, b, m] = [e.range.low, e.range.high, e.size].map((v) => api.coord([v, params.dataIndex])[0]) as [number, number, number];
          const color = sure(e) ? p.stock : p.ink3;
          const cap = (x: number) => ({ type: 'line', shape: { x1: x, y1: y - 4, x2: x, y2: y + 4 }, style: { stroke: color, lineWidth: 1.5 } });
          const { x, width } = params.coordSys;
          return {
            type: 'group',
            children: [
              { type: 'text', x, y: y - 24, style: { text: say(e.name), fill: p.ink, backgroundColor: p.card, padding: [0, 4, 0, 0], font: `500 12px ${p.font}`, textBaseline: 'top', ...(say(e.name).length * 7 > width * 0.7 ? { width: width * 0.7, overflow: 'truncate' } : {}) } },
              { type: 'text', x: x + width, y: y - 24, style: { text: sized(e.size, e.is_share, t, f), fill: p.ink2, font: `600 12px ${p.font}`, textBaseline: 'top', align: 'right' } },
              { type: 'line', shape: { x1: a, y1: y, x2: b, y2: y }, style: { stroke: color, lineWidth: 1.75, lineDash: sure(e) ? undefined : [3, 3] } },
              cap(a),
              cap(b),
              // What may be chance is an empty dot.
              { type: 'circle', shape: { cx: m, cy: y, r: 4.5 }, style: { fill: sure(e) ? color : p.card, stroke: color, lineWidth: 1.75 } }
            ]
          };
        },
        markLine: { silent: true, symbol: 'none', data: [{ xAxis: 0, lineStyle: { color: p.ink2, type: 'solid', width: 1.25 }, label: { show: false } }] }
      }
    ]
  });
  return {
    height: list.length * ROW + 36,
    draw,
    points: list.map((e) => ({
      title: say(e.name),
      lines: [
        { name: w.size, value: sized(e.size, e.is_share, t, f) },
        { name: w.range, value: rangeOf(e, t, f) },
        { name: w.verdict, value: reading(e, t) }
      ]
    })),
    table: {
      columns: [w.name, w.size, w.range, w.seen, w.verdict],
      rows: list.map((e) => [say(e.name), sized(e.size, e.is_share, t, f), rangeOf(e, t, f), w.times(e.occurrences, f.num(e.occurrences)), reading(e, t)])
    }
  };
}

/** Level, season, calendar and rest of the past, one above the other. */
export function decompositionChart(past: PastStep[], t: Labels, f: Formats): Chart | null {
  const w = t.previsions.effects;
  const list = past.filter((s) => s.level != null || s.season != null || s.calendar != null || s.rest != null);
  if (list.length < 3) return null;
  const names = list.map((s) => s.period);
  const firsts = list.map((s) => s.from);
  const grey = list.map((s) => s.neutralised);
  const parts = [
    { name: w.level, pick: (s: PastStep) => s.level ?? null },
    { name: w.season, pick: (s: PastStep) => s.season ?? null },
    { name: w.calendar, pick: (s: PastStep) => s.calendar ?? null },
    { name: w.rest, pick: (s: PastStep) => s.rest ?? null }
  ];
  const swing = Math.max(1, ...list.flatMap((s) => parts.slice(1).map((x) => Math.abs(x.pick(s) ?? 0))));
  const unit = 10 ** Math.floor(Math.log10(swing));
  const most = Math.ceil(swing / unit) * unit;
  const draw: Draw = (p) => ({
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    grid: parts.map((_, i) => ({ left: 52, right: 16, top: `${i * 24 + 5}%`, height: '16.5%' })),
    xAxis: parts.map((_, i) => timeAxis(p, f, names, firsts, { gridIndex: i, labels: i === 3, grey })),
    yAxis: parts.map((x, i) => ({
      ...valueAxis(p, f, i),
      ...(i > 0 ? { min: -most, max: most, interval: most } : { scale: true, splitNumber: 2 }),
      name: x.name,
      nameLocation: 'end',
      nameGap: 8,
      nameTextStyle: { color: p.ink2, fontSize: 11.5, fontWeight: 600, align: 'left', padding: [0, 0, 0, -44] }
    })),
    series: parts.map((x, i) => ({
      ...(i < 2
        ? line(x.name, list.map(x.pick), p.stock, 1.75)
        : { type: 'bar', name: x.name, data: list.map(x.pick), itemStyle: { color: i === 2 ? p.arrivals : p.ink3 }, barCategoryGap: '20%', emphasis: { disabled: true } }),
      ...(i === 1 ? { areaStyle: { color: p.area, opacity: 1, origin: 0 } } : {}),
      xAxisIndex: i,
      yAxisIndex: i
    }))
  });
  const cell = (v: number | null | undefined, signed: boolean) => (signed ? f.signed(round(v)) : f.num(round(v)));
  return {
    draw,
    points: list.map((s) => ({
      title: f.period(s.period),
      lines: [{ name: t.previsions.came, value: f.num(s.arrivals) }, ...parts.map((x, i) => ({ name: x.name, value: cell(x.pick(s), i > 0) }))]
    })),
    table: {
      columns: [t.previsions.period, t.previsions.came, ...parts.map((x) => x.name)],
      rows: list.map((s) => [f.period(s.period), f.num(s.arrivals), ...parts.map((x, i) => cell(x.pick(s), i > 0))])
    }
  };
}

/** What was said and what came over a year, and the difference below. */
export function saidChart(past: PastStep[], grain: string, t: Labels, f: Formats): Chart | null {
  const w = t.previsions.accuracy;
  const judged = lastYear(past, grain);
  if (!judged) return null;
  const list = judged.rows;
  const names = list.map((s) => s.period);
  const firsts = list.map((s) => s.from);
  const inside = (s: PastStep) => (s.said_range && s.arrivals != null ? s.arrivals >= s.said_range.low && s.arrivals <= s.said_range.high : null);
  const draw: Draw = (p) => ({
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    grid: [
      { left: 52, right: 16, top: 12, height: '56%' },
      { left: 52, right: 16, top: '70%', bottom: 22 }
    ],
    xAxis: [timeAxis(p, f, names, firsts, { labels: false }), timeAxis(p, f, names, firsts, { gridIndex: 1 })],
    yAxis: [valueAxis(p, f, 0), { ...valueAxis(p, f, 1), splitNumber: 2, axisLabel: { color: p.ink3, fontSize: 11, formatter: (v: number) => f.signed(v) } }],
    series: [
      line(w.came, list.map((s) => s.arrivals), p.stock, 2, 'solid', { z: 5 }),
      line(t.previsions.saidBand, list.map((s) => s.said_range?.low ?? null), p.ink3, 0.75, [1, 2], { stack: 'said', silent: true }),
      line(t.previsions.saidBand, list.map((s) => (s.said_range ? s.said_range.high - s.said_range.low : null)), p.ink3, 0.75, [1, 2], {
        stack: 'said',
        silent: true,
        areaStyle: { color: p.ink3, opacity: 0.16 }
      }),
      line(w.saidLine, list.map((s) => s.said), p.strata[3] ?? p.warn, 1.75, [6, 3], { z: 6 }),
      {
        type: 'bar',
        name: w.gap,
        xAxisIndex: 1,
        yAxisIndex: 1,
        barCategoryGap: '20%',
        emphasis: { disabled: true },
        data: list.map((s) => ({
          value: Math.round(s.said - s.arrivals),
          // Outside the band the bar also gains an outline.
          itemStyle: inside(s) === false ? { color: p.strata[3], borderColor: p.ink, borderWidth: 1 } : { color: p.arrivals }
        }))
      }
    ]
  });
  const yes = (s: PastStep) => (inside(s) === null ? '—' : inside(s) ? t.yes : t.no);
  const range = (s: PastStep) => (s.said_range ? t.previsions.between(f.num(round(s.said_range.low)), f.num(round(s.said_range.high))) : '—');
  const cells = (s: (typeof list)[number]) => [f.num(s.arrivals), f.num(round(s.said)), range(s), f.signed(round(s.said - s.arrivals)), yes(s)];
  const columns = [w.came, w.saidLine, t.previsions.saidBand, w.gap, w.inside];
  return {
    draw,
    points: list.map((s) => {
      const row = cells(s);
      return { title: f.period(s.period), lines: columns.map((name, i) => ({ name, value: row[i]! })) };
    }),
    table: { columns: [t.previsions.period, ...columns], rows: list.map((s) => [f.period(s.period), ...cells(s)]) }
  };
}

/** A signed percentage: +6 %, −3 %. */
export const signedPct = (v: number | null, f: Formats, digits?: number): string => {
  if (v === null) return '—';
  const text = f.pct(Math.abs(v), digits);
  // What rounds to nothing has no sign.
  return (/[1-9]/.test(text) ? (v > 0 ? '+' : MINUS) : '') + text;
};
