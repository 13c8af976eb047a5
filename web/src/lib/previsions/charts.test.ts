import { describe, expect, it } from 'vitest';
import { foresight } from '../../../e2e/foresight';
import type { Palette } from '../charts/palette';
import { formats } from '../format';
import { fr } from '../labels/fr';
import { arrivalsChart, campaignLane, decompositionChart, delayChart, effectsChart, inTimeChart, saidChart, signedPct, sized, stockChart } from './charts';
import { joined, readAsked, seen } from './data';

const f = formats('fr');
const say = (t: { fr: string }) => t.fr;
const ask = (q: string, state: 'usual' | 'notarget' | 'counts' = 'usual') => foresight(state, new URLSearchParams(`process=retraite&by=product&${q}`));
const palette = new Proxy({ strata: ['', '', '', '', ''] } as unknown as Palette, { get: (o, k) => (k === 'strata' ? o.strata : '#000') });

describe('charts of the forecasts', () => {
  for (const grain of ['day', 'week', 'month']) {
    it(`read out and table as many steps as they draw, by ${grain}`, () => {
      const d = ask(`grain=${grain}&months=12`);
      const rows = seen(joined(d), readAsked(new URLSearchParams(), {}).view, grain);
      const c = arrivalsChart(d, rows, true, fr, f, say);
      expect(c.points).toHaveLength(rows.length);
      expect(c.table.rows).toHaveLength(rows.length);
      for (const r of c.table.rows) expect(r).toHaveLength(c.table.columns.length);
      const { series } = c.draw(palette) as { series: { data: unknown[]; type: string }[] };
      for (const s of series.filter((x) => x.type === 'line')) expect(s.data).toHaveLength(rows.length);
      // The arrow keys need a value everywhere.
      expect(series[0]!.data.every((v) => typeof v === 'number')).toBe(true);
    });
  }
  it('shows whole items only', () => {
    const d = ask('');
    const c = arrivalsChart(d, joined(d), true, fr, f, say);
    expect(c.table.rows.flatMap((r) => r.slice(1, -1)).join(' ')).not.toMatch(/\d,\d/);
  });
  it('names holidays and campaigns of a step', () => {
    const d = ask('');
    const c = arrivalsChart(d, joined(d), false, fr, f, say);
    const row = c.table.rows.find((r) => r[0] === f.period('2027-W02'))!;
    expect(row.at(-1)).toContain('Renouvellement des droits');
  });
  it('gives events a lane of their own, told from campaigns by more than a colour', () => {
    const d = ask('');
    const rows = joined(d);
    const c = campaignLane(d, rows, fr, f, say)!;
    const { campaign, event, school } = fr.previsions.lanes;
    expect(c.table.columns.slice(1)).toEqual([campaign, event]);
    const week = rows.findIndex((r) => r.period === '2026-W41');
    expect(c.points[week]!.lines).toEqual([{ name: campaign, value: '—' }, { name: event, value: 'Grève des transports' }]);
    expect(c.table.rows.filter((r) => r[2]).map((r) => r[2])).toEqual(['Grève des transports', 'Grève des transports']);

    interface Shape { type: string; style: { text?: string; fill?: string; lineDash?: number[] }; children?: Shape[] }
    interface Lanes { type: string; data: unknown[]; renderItem: (at: object) => Shape }
    const { series } = arrivalsChart(d, rows, false, fr, f, say).draw(palette) as { series: Lanes[] };
    const lanes = series.find((s) => s.type === 'custom')!;
    const shapes = lanes.data.map((_, dataIndex) => lanes.renderItem({ dataIndex, coordSys: { x: 0, y: 0, width: 1000, height: 100 } }));
    const at = (name: string | undefined) => shapes.findIndex((s) => s.style?.text === name);
    const dashed = (from: number, to: number) => shapes.slice(from + 1, to).map((s) => !!(s.children?.[0] ?? s).style.lineDash);
    expect(dashed(at(event), at(school))).toEqual([true]);
    expect(new Set(dashed(at(campaign), at(event)))).toEqual(new Set([false]));
  });
  it('draws the line without the change only when there is one', () => {
    const names = (q: string) => {
      const d = ask(q);
      return arrivalsChart(d, joined(d), false, fr, f, say).table.columns;
    };
    expect(names('')).not.toContain(fr.previsions.base);
    expect(names('arrivals=10')).toContain(fr.previsions.base);
  });
  it('bands are never turned inside out', () => {
    const d = ask('months=12');
    const c = arrivalsChart(d, joined(d), false, fr, f, say);
    const { series } = c.draw(palette) as { series: { data: (number | null)[]; stack?: string }[] };
    for (const s of series.filter((x) => x.stack === 'bands')) for (const v of s.data) expect(v === null || v >= 0).toBe(true);
  });
  it('the stock starts from what is known', () => {
    const d = ask('');
    const c = stockChart(d.stock!, d.last_day!, fr, f);
    const past = d.stock!.past.filter((x) => x.day < d.last_day!).length;
    expect(past).toBeGreaterThan(20);
    expect(c.points).toHaveLength(past + 1 + d.stock!.steps.length);
    expect(c.points[past]!.lines[0]!.value).toBe(f.num(4312));
  });
  it('draws no share in time without days allowed', () => {
    const d = ask('', 'notarget');
    expect(inTimeChart(d.stock!, fr, f)).toBeNull();
    expect(delayChart(d.stock!, fr, f)).not.toBeNull();
    expect(inTimeChart(ask('').stock!, fr, f)).not.toBeNull();
  });
  it('effects keep their interval and their reading', () => {
    const d = ask('');
    const c = effectsChart(d.effects.filter((e) => e.is_share), fr, f, say);
    const eve = c.table.rows.find((r) => r[0] === 'Veille de jour férié')!;
    expect(eve.at(-1)).toBe(fr.previsions.effects.chance);
    expect(effectsChart([], fr, f, say).points).toEqual([]);
  });
  it('the parts of the past add up to it', () => {
    for (const s of ask('').past) expect(s.level! + s.season! + s.calendar! + s.rest!).toBeCloseTo(s.arrivals!);
    expect(decompositionChart(ask('').past, fr, f)!.points.length).toBe(ask('').past.length);
    expect(decompositionChart([], fr, f)).toBeNull();
  });
  it('says nothing of campaigns that are not there, nor of a year never foreseen', () => {
    const d = { ...ask(''), spans: [] };
    expect(campaignLane(d, joined(d), fr, f, say)).toBeNull();
    expect(saidChart([], 'week', fr, f)).toBeNull();
  });
  it('writes sizes with their sign', () => {
    expect(sized(0.312, true, fr, f)).toBe('+31\u00a0%');
    expect(sized(-0.052, true, fr, f)).toBe('\u22125,2\u00a0%');
    expect(sized(12.4, false, fr, f)).toBe('+12\u00a0/ jour'.replace('\u00a0', ' '));
    expect(signedPct(0.0004, f, 0)).toBe('0\u00a0%');
    expect(signedPct(-0.03, f, 0)).toBe('\u22123\u00a0%');
    expect(signedPct(null, f)).toBe('—');
  });
});
