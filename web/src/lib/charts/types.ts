import type { EChartsCoreOption } from 'echarts/core';
import type { Palette } from './palette';

/** What hover and the arrow keys read out at one position of the axis. */
export interface Point {
  title: string;
  lines: { name: string; value: string; mark?: 'arrivals' | 'outputs' | 'stock' | 'warn' }[];
}

/** A table behind a chart: cells as shown; the first column names the row. */
export interface Table {
  columns: string[];
  rows: string[][];
}

export type Draw = (palette: Palette) => EChartsCoreOption;
