/** The four charts of the screen: what is drawn, what is read out, and the table behind. */
import type { Flow, LedgerRow } from '../api/types';
import type { Palette } from '../charts/palette';
import type { Draw, Point, Table } from '../charts/types';
import type { Formats } from '../format';
import type { Labels } from '../labels/fr';
import { distribution, monthStarts, output, positionOf } from './data';

export interface Chart {
  draw: Draw;
  points: Point[];
  table: Table;
}

/** A value between two unknown ones has no line to show it: it gets a dot. */
const dotted = (values: (number | null)[]) =>
  values.map((value, i) =>
    value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null
      ? { value, symbol: 'circle', symbolSize: 6 }
      : value
  );
const thin = (values: (number | null | undefined)[]) => values.map((v) => v ?? null);

export function valueAxis(p: Palette, f: Formats, gridIndex = 0) {
  return {
    type: 'value',
    gridIndex,
    axisLabel: { color: p.ink3, fontSize: 11, formatter: (v: number) => f.num(v, Number.isInteger(v) ? 0 : 1) },
    splitLine: { lineStyle: { color: p.line } },
    splitNumber: 3,
    axisLine: { show: false },
    axisTick: { show: false }
  };
}

/** A time axis by period: month names on long axes, period names on short ones. */
export function timeAxis(
  p: Palette,
  f: Formats,
  names: string[],
  days: string[],
  { gridIndex = 0, labels = true, most = 13, grey = [] as boolean[] } = {}
) {
  const months = monthStarts(days);
  const long = months.size >= 3 && !/^\d{4}-\d{2}$/.test(names[0] ?? '');
  const every = Math.max(1, Math.ceil(months.size / most));
  const kept = new Set([...months].filter((_, i) => i % every === 0));
  return {
    type: 'category',
    gridIndex,
    data: names,
    boundaryGap: true,
    // Neutralised periods: one colour per category, transparent elsewhere.
    splitArea: grey.includes(true)
      ? { show: true, interval: 0, areaStyle: { color: grey.map((g) => (g ? p.band : 'transparent')) } }
      : { show: false },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: p.line } },
    axisLabel: {
      show: labels,
      color: p.ink3,
      fontSize: 11,
      hideOverlap: true,
      ...(long ? { interval: (i: number) => kept.has(i) } : {}),
      formatter: (name: string, i: number) => (long ? f.axis((days[i] ?? '').slice(0, 7)) : f.axis(name))
    }
  };
}

/** Arrivals and output above, stock below, on one time axis. */
export function flowChart(flow: Flow, rows: LedgerRow[], t: Labels, f: Formats): Chart {
  const names = rows.map((r) => r.period);
  const days = rows.map((r) => r.from);
  const grey = rows.map((r) => !!r.neutralised);
  const draw: Draw = (p) => ({
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    grid: [
      { left: 52, right: 16, top: 12, height: '40%' },
      { left: 52, right: 16, top: '56%', bottom: 22 }
    ],
    xAxis: [timeAxis(p, f, names, days, { labels: false, grey }), timeAxis(p, f, names, days, { gridIndex: 1, grey })],
    yAxis: [valueAxis(p, f, 0), valueAxis(p, f, 1)],
    series: [
      {
        type: 'bar',
        name: t.flux.arrivals,
        data: thin(rows.map((r) => r.arrivals)),
        itemStyle: { color: p.arrivals },
        barGap: '0%',
        barMaxWidth: 48,
        barCategoryGap: '12%'
      },
      { type: 'bar', name: t.flux.outputs, data: thin(rows.map(output)), barMaxWidth: 48, itemStyle: { color: p.outputs } },
      {
        type: 'line',
        name: t.flux.stock,
        emphasis: { disabled: true },
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: dotted(thin(rows.map((r) => r.closing))),
        symbol: 'none',
        lineStyle: { color: p.stock, width: 2 },
        itemStyle: { color: p.stock },
        areaStyle: { color: p.area, opacity: 1 },
        ...(flow.stock_target != null
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: p.warn, type: 'dashed', width: 1.25 },
                label: {
                  formatter: t.flux.stockTarget(f.num(flow.stock_target)),
                  position: 'insideEndTop',
                  color: p.warn,
                  backgroundColor: p.card,
                  padding: [1, 3],
                  fontSize: 11
                },
                data: [{ yAxis: flow.stock_target }]
              }
            }
          : {})
      }
    ]
  });
  const points: Point[] = rows.map((r) => ({
    title: [f.period(r.period), r.neutralised ? t.flux.neutralised : '', r.partial ? t.flux.partial : '']
      .filter(Boolean)
      .join(' · '),
    lines: [
      { name: t.flux.arrivals, value: f.num(r.arrivals) },
      { name: t.flux.outputs, value: f.num(output(r)) },
      { name: t.flux.stock, value: f.num(r.closing) }
    ]
  }));
  return {
    draw,
    points,
    table: {
      columns: [t.flux.period, t.flux.arrivals, t.flux.outputs, t.flux.stock],
      rows: rows.map((r) => [f.period(r.period), f.num(r.arrivals), f.num(output(r)), f.num(r.closing)])
    }
  };
}

/** What arrived, what left, and of the stock between them what waits for someone else. */
export function cumulativeChart(flow: Flow, t: Labels, f: Formats): Chart {
  const list = flow.cumulative;
  const days = list.map((c) => c.day);
  const held = list.some((c) => c.held != null);
  const area = (p: Palette, name: string, data: (number | null)[], color: string, line: string) => ({
    type: 'line',
    name,
    emphasis: { disabled: true },
    stack: 'flow',
    data: dotted(data),
    symbol: 'none',
    lineStyle: { color: line, width: 1.5 },
    itemStyle: { color: line },
    areaStyle: { color, opacity: 1 }
  });
  const draw: Draw = (p) => ({
    grid: { left: 60, right: 16, top: 12, bottom: 22 },
    xAxis: { ...timeAxis(p, f, days, days, { most: 6 }), boundaryGap: false },
    yAxis: valueAxis(p, f),
    series: [
      area(p, t.flux.left, list.map((c) => c.left), p.outputs, p.ink3),
      ...(held ? [area(p, t.flux.heldBand, list.map((c) => c.held ?? 0), p.strata[3] ?? p.warn, p.strata[3] ?? p.warn)] : []),
      area(p, t.flux.arrived, list.map((c) => c.arrived - c.left - (held ? (c.held ?? 0) : 0)), p.area, p.stock)
    ]
  });
  return {
    draw,
    points: list.map((c) => ({
      title: f.day(c.day),
      lines: [
        { name: t.flux.arrived, value: f.num(c.arrived) },
        { name: t.flux.left, value: f.num(c.left) },
        { name: t.flux.stock, value: f.num(c.arrived - c.left) },
        ...(held ? [{ name: t.flux.heldBand, value: f.num(c.held) }] : [])
      ]
    })),
    table: {
      columns: [t.flux.period, t.flux.arrived, t.flux.left, t.flux.stock, t.flux.heldBand],
      rows: list.map((c) => [f.day(c.day), f.num(c.arrived), f.num(c.left), f.num(c.arrived - c.left), f.num(c.held)])
    }
  };
}

/** Median, P75 and P90 of the cases closed in each period. */
export function delayChart(flow: Flow, starts: Map<string, string>, t: Labels, f: Formats): Chart {
  const list = flow.delays;
  const names = list.map((d) => d.period);
  const days = list.map((d) => starts.get(d.period) ?? d.period);
  const line = (name: string, data: (number | null)[], color: string, type: string, width: number) => ({
    type: 'line',
    name,
    emphasis: { disabled: true },
    data: dotted(data),
    connectNulls: false,
    symbol: 'none',
    lineStyle: { color, type, width },
    itemStyle: { color }
  });
  const draw: Draw = (p) => ({
    grid: { left: 44, right: 16, top: 14, bottom: 22 },
    xAxis: timeAxis(p, f, names, days, { most: 6 }),
    yAxis: valueAxis(p, f),
    series: [
      {
        ...line(t.flux.p50, thin(list.map((d) => d.p50)), p.stock, 'solid', 2.25),
        ...(flow.delay_target != null
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: p.warn, type: 'dashed', width: 1.25 },
                label: {
                  formatter: t.flux.delayTarget(f.value(flow.delay_target, 'worked_day')),
                  position: 'insideEndTop',
                  color: p.warn,
                  backgroundColor: p.card,
                  padding: [1, 3],
                  fontSize: 11
                },
                data: [{ yAxis: flow.delay_target }]
              }
            }
          : {})
      },
      line(t.flux.p75, thin(list.map((d) => d.p75)), p.stock, 'dashed', 1.5),
      line(t.flux.p90, thin(list.map((d) => d.p90)), p.stock, 'dotted', 1.75)
    ]
  });
  const cell = (v: number | null | undefined) => f.value(v, 'worked_day');
  return {
    draw,
    points: list.map((d) => ({
      title: f.period(d.period),
      lines: [
        { name: t.flux.p50, value: cell(d.p50) },
        { name: t.flux.p75, value: cell(d.p75) },
        { name: t.flux.p90, value: cell(d.p90) },
        { name: t.flux.closedN, value: f.num(d.n) }
      ]
    })),
    table: {
      columns: [t.flux.period, t.flux.closedN, t.flux.p50, t.flux.p75, t.flux.p90],
      rows: list.map((d) => [f.period(d.period), f.num(d.n), cell(d.p50), cell(d.p75), cell(d.p90)])
    }
  };
}

/** How many cases were closed after how many worked days. */
export function histogramChart(flow: Flow, t: Labels, f: Formats): Chart {
  const bins = flow.histogram;
  const part = distribution(bins);
  const names = bins.map((b) =>
    b.to === null || b.to === undefined ? t.flux.openBin(f.num(b.from)) : b.from === b.to ? f.num(b.from) : `${b.from}–${b.to}`
  );
  const at = flow.delay_target != null ? positionOf(bins, flow.delay_target) : null;
  const draw: Draw = (p) => ({
    grid: { left: 52, right: 16, top: 26, bottom: 22 },
    xAxis: {
      type: 'category',
      data: names,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: p.line } },
      axisLabel: { color: p.ink3, fontSize: 11, hideOverlap: true }
    },
    yAxis: valueAxis(p, f),
    series: [
      {
        type: 'bar',
        name: t.flux.cases,
        data: bins.map((b, i) => ({
          value: b.count,
          // Beyond the target the bar also changes its outline, not only its colour.
          itemStyle: at !== null && i > at ? { color: p.strata[3], borderColor: p.ink2, borderWidth: 0.5 } : { color: p.arrivals }
        })),
        barMaxWidth: 96,
        barCategoryGap: '10%',
        ...(at !== null && flow.delay_target != null
          ? {
              markLine: {
                silent: true,
                symbol: 'none',
                lineStyle: { color: p.warn, type: 'dashed', width: 1.25 },
                label: {
                  formatter: t.flux.delayTarget(f.value(flow.delay_target, 'worked_day')),
                  color: p.warn,
                  fontSize: 11,
                  position: 'end'
                },
                data: [{ xAxis: at }]
              }
            }
          : {})
      }
    ]
  });
  return {
    draw,
    points: bins.map((b, i) => ({
      title: f.with(names[i] ?? '', t.help.units['worked_day'] ?? ''),
      lines: [
        { name: t.flux.cases, value: f.num(b.count) },
        { name: t.flux.share, value: f.pct(part[i]?.share, 1) },
        { name: t.flux.cumulShare, value: f.pct(part[i]?.upTo, 1) }
      ]
    })),
    table: {
      columns: [t.flux.bin, t.flux.cases, t.flux.share, t.flux.cumulShare],
      rows: bins.map((b, i) => [names[i] ?? '', f.num(b.count), f.pct(part[i]?.share, 1), f.pct(part[i]?.upTo, 1)])
    }
  };
}
