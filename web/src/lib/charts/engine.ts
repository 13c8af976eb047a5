/** ECharts, cut to what the screens draw; loaded only when a chart comes on view. */
import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import {
  AxisPointerComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent
} from 'echarts/components';
import { init, use, type EChartsType } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

use([
  BarChart,
  CustomChart,
  LineChart,
  GridComponent,
  TooltipComponent,
  AxisPointerComponent,
  MarkLineComponent,
  SVGRenderer
]);

export type { EChartsType };
export const draw = (node: HTMLElement): EChartsType => init(node, null, { renderer: 'svg' });
