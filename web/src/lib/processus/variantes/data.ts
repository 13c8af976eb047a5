/** Shapes variants: repeats folded, colours by activity, what is drawn and the table behind it. */
import type { Palette } from '../../charts/palette';
import type { Draw, Point, Table } from '../../charts/types';
import type { Formats } from '../../format';
import type { Labels } from '../../labels/fr';
import { duration, worked } from '../duration';
import type { Outcome, Variant } from '../types';

/** A step of a sequence: an activity, and how many times in a row. */
export interface Step {
  name: string;
  times: number;
}

/** The same activity several times in a row is one step. */
export function steps(variant: readonly string[]): Step[] {
  const list: Step[] = [];
  for (const name of variant) {
    const last = list.at(-1);
    if (last?.name === name) last.times += 1;
    else list.push({ name, times: 1 });
  }
  return list;
}

/** The beginning and the end of a long sequence, with how many steps are left out between. */
export function folded(all: readonly Step[], most = 14): { head: Step[]; hidden: number; tail: Step[] } {
  if (all.length <= most) return { head: [...all], hidden: 0, tail: [] };
  const tail = 3;
  const head = most - tail - 1;
  return { head: all.slice(0, head), hidden: all.length - head - tail, tail: all.slice(-tail) };
}

export const HUES = 10;
/** One colour per activity, given in order of first sight; ten of them, then they come back. */
export function hues(variants: readonly Pick<Variant, 'variant'>[]): Map<string, number> {
  const map = new Map<string, number>();
  for (const v of variants) for (const a of v.variant) if (!map.has(a)) map.set(a, map.size % HUES);
  return map;
}

/** Outcomes as « 96 % traités, 4 % en cours ». */
export function outcomeWords(outcomes: readonly Outcome[], t: Labels, f: Formats): string {
  const total = outcomes.reduce((n, o) => n + o.cases, 0);
  if (total === 0) return '—';
  return outcomes
    .toSorted((a, b) => b.cases - a.cases)
    .map((o) => `${f.pct(o.cases / total)} ${t.processus.variants.outcomes[o.outcome] ?? o.outcome}`)
    .join(', ');
}

/** How many variants hold this share of the cases; `null` when those known do not. */
export function holding(variants: readonly Pick<Variant, 'cumulative_share'>[], share: number): number | null {
  const i = variants.findIndex((v) => v.cumulative_share >= share - 1e-9);
  return i < 0 ? null : i + 1;
}

export interface Chart {
  draw: Draw;
  points: Point[];
  table: Table;
}

/** Share of each variant, and what they hold together. */
export function pareto(list: readonly Variant[], t: Labels, f: Formats, most = 40): Chart {
  const v = t.processus.variants;
  const shown = list.slice(0, most);
  const names = shown.map((_, i) => String(i + 1));
  const points = shown.map((x, i) => ({
    title: v.rank(f.num(i + 1)),
    lines: [
      { name: v.cases, value: f.num(x.cases) },
      { name: v.share, value: f.pct(x.share) },
      { name: v.cumulative, value: f.pct(x.cumulative_share) },
      { name: v.median, value: duration(x.median_lead_time_s, f) }
    ]
  }));
  return {
    points,
    table: {
      columns: [v.variant, v.cases, v.share, v.cumulative, v.median, v.medianWorked],
      rows: shown.map((x, i) => [
        v.rank(f.num(i + 1)),
        f.num(x.cases),
        f.pct(x.share),
        f.pct(x.cumulative_share),
        duration(x.median_lead_time_s, f),
        worked(x.worked_median_lead_time_s, f)
      ])
    },
    draw: (p: Palette) => ({
      grid: { left: 48, right: 16, top: 12, bottom: 24 },
      xAxis: {
        type: 'category',
        data: names,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: p.line } },
        axisLabel: { color: p.ink3, fontSize: 11 }
      },
      yAxis: {
        type: 'value',
        min: 0,
        max: 1,
        splitNumber: 4,
        axisLabel: { color: p.ink3, fontSize: 11, formatter: (x: number) => f.pct(x, 0) },
        splitLine: { lineStyle: { color: p.line } }
      },
      series: [
        { type: 'bar', data: shown.map((x) => x.share), barMaxWidth: 26, itemStyle: { color: p.arrivals } },
        { type: 'line', data: shown.map((x) => x.cumulative_share), symbol: 'circle', symbolSize: 5, lineStyle: { color: p.stock, width: 2 }, itemStyle: { color: p.stock } }
      ]
    })
  };
}
