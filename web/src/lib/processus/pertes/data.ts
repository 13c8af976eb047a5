/** Shapes the losses for the Pareto: minutes as bars, cumulative share as a line, the table behind. */
import type { Palette } from '../../charts/palette';
import type { Draw, Point, Table } from '../../charts/types';
import type { Formats } from '../../format';
import type { Labels } from '../../labels/fr';
import { calendar, WORKED_DAY_H, workedMinutes } from '../rooms/duration';
import { brief } from '../words';
import type { Loss, Losses } from '../types-rooms';

export const say = (x: { fr: string; en: string }, f: Formats): string => brief(f.lang === 'fr' ? x.fr : x.en);

type Minutes = (f: Formats, minutes: number) => string;
/** On a log of whole days the minutes are calendar ones: they are written so. */
export const minutesOf = (d: Losses): Minutes =>
  d.caveats.some((c) => c.code === 'calendar_time') ? (f, minutes) => calendar(f, minutes * 60) : workedMinutes;

export interface ParetoChart {
  draw: Draw;
  points: Point[];
  table: Table;
}

/** Unit of the axis: days of the clock told from two days on, hours below; millions are cut short. */
export function axisUnit(losses: readonly Loss[], f: Formats, write: Minutes): { minutes: number; write: (v: number) => string } {
  const day = (write === workedMinutes ? WORKED_DAY_H : 24) * 60;
  const most = Math.max(0, ...losses.map((l) => l.minutes));
  const days = most >= 2 * day;
  const unit = days ? (f.lang === 'fr' ? 'j' : 'd') : 'h';
  const one = (v: number) => f.num(v, v > 0 && v < 10 && !Number.isInteger(v) ? 1 : 0);
  return { minutes: days ? day : 60, write: (v) => (v >= 1e6 ? `${one(v / 1e6)}\u00a0M\u00a0${unit}` : `${one(v)}\u00a0${unit}`) };
}

/** Ten losses at most, named by their rank on the axis: the list beneath names them whole. */
export function pareto(losses: readonly Loss[], t: Labels, f: Formats, write: Minutes = workedMinutes): ParetoChart {
  const w = t.rooms.losses;
  const top = losses.slice(0, 10);
  const names = top.map((_, i) => f.num(i + 1));
  const axis = axisUnit(top, f, write);
  const draw: Draw = (p: Palette) => ({
    grid: { left: 64, right: 52, top: 14, bottom: 24 },
    xAxis: { type: 'category', data: names, axisTick: { show: false }, axisLine: { lineStyle: { color: p.line } }, axisLabel: { color: p.ink2, fontSize: 12 } },
    yAxis: [
      {
        type: 'value',
        axisLabel: { color: p.ink3, fontSize: 11, formatter: axis.write },
        splitLine: { lineStyle: { color: p.line } },
        splitNumber: 4
      },
      {
        type: 'value',
        min: 0,
        max: 1,
        axisLabel: { color: p.ink3, fontSize: 11, formatter: (v: number) => f.pct(v, 0) },
        splitLine: { show: false },
        interval: 0.25
      }
    ],
    series: [
      { type: 'bar', name: w.minutes, data: top.map((l) => l.minutes / axis.minutes), barMaxWidth: 64, barCategoryGap: '22%', itemStyle: { color: p.arrivals } },
      {
        type: 'line',
        name: t.rooms.cumulative,
        yAxisIndex: 1,
        data: top.map((l) => l.cumulative_share),
        symbol: 'circle',
        symbolSize: 6,
        emphasis: { disabled: true },
        lineStyle: { color: p.stock, width: 2 },
        itemStyle: { color: p.stock }
      }
    ]
  });
  return {
    draw,
    points: top.map((l, i) => ({
      title: `${names[i]}. ${say(l.text, f)}`,
      lines: [
        { name: w.minutes, value: write(f, l.minutes) },
        { name: t.rooms.share, value: f.pct(l.share) },
        { name: t.rooms.cumulative, value: f.pct(l.cumulative_share) }
      ]
    })),
    table: {
      columns: [w.loss, w.minutes, t.rooms.share, t.rooms.cumulative, t.rooms.cases, t.rooms.times],
      rows: top.map((l, i) => [`${names[i]}. ${say(l.text, f)}`, write(f, l.minutes), f.pct(l.share), f.pct(l.cumulative_share), f.num(l.cases), f.num(l.occurrences)])
    }
  };
}

/** Slope of a loss with its interval, in words; empty when nothing is told. */
export function slopeWords(l: Loss, t: Labels, f: Formats, say: Minutes = workedMinutes): string {
  if (l.slope == null || (l.slope_interval && l.slope_interval.every((v) => Math.abs(v) < 1 / 60))) return '';
  const w = t.rooms.losses;
  const write = (minutes: number) => (minutes > 0 ? '+' : '') + say(f, minutes);
  return l.slope_interval ? w.slopeBetween(write(l.slope_interval[0]), write(l.slope_interval[1])) : w.slope(write(l.slope));
}

/** A fact is a loss of the present answer, a loss that it does not hold, or an address inside the program. */
export type Fact = { kind: 'loss'; loss: Loss } | { kind: 'gone'; id: string } | { kind: 'address'; href: string };

export function factOf(fact: string, losses: readonly Loss[]): Fact {
  // Only what stays inside the program is a link.
  if (/^\/(?!\/)/.test(fact)) return { kind: 'address', href: fact };
  const loss = losses.find((l) => l.id === fact);
  return loss ? { kind: 'loss', loss } : { kind: 'gone', id: fact };
}
