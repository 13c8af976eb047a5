/** Wire types of the answers about a log: map, variants, timeline of a case. */
import type { Text } from '../api/types';

/** Durations of many occurrences, in seconds. */
export interface Span {
  mean_s: number;
  median_s: number;
  p90_s: number;
  total_s: number;
}

/** What limits an answer about a log, in words and by a stable code. */
export interface Caveat {
  code: string;
  text: Text;
}

export interface MapActivity {
  name: string;
  events: number;
  cases: number;
  /** Time spent on it, calendar; `null` where no start was delivered. */
  touch?: Span | null;
  worked_touch?: Span | null;
}

export interface MapEdge extends Span {
  from: string;
  to: string;
  count: number;
  cases: number;
  /** The same in worked time; `null` on logs of whole days. */
  worked?: Span | null;
}

export interface ProcessMap {
  activities: MapActivity[];
  edges: MapEdge[];
  start: Record<string, number>;
  end: Record<string, number>;
  cases: number;
  cases_in_all?: number | null;
  hours?: Text | null;
  caveats: Caveat[];
}

export interface Outcome {
  outcome: string;
  cases: number;
}

export interface Variant {
  id: string;
  variant: string[];
  cases: number;
  share: number;
  cumulative_share: number;
  median_lead_time_s: number;
  worked_median_lead_time_s?: number | null;
  outcomes: Outcome[];
}

export interface VariantGroup {
  medoid: Variant;
  variants: number;
  cases: number;
  share: number;
  median_lead_time_s: number;
  more: string[];
  less: string[];
}

export interface Variants {
  total: number;
  cases: number;
  variants: Variant[];
  happy?: Variant | null;
}

export interface VariantGroups {
  groups: VariantGroup[];
  total: number;
}

export interface TimelineTask {
  activity: string;
  start?: string | null;
  end?: string | null;
  /** Whether the instants are days. */
  day: boolean;
  unit?: string | null;
  wait_s?: number | null;
  worked_wait_s?: number | null;
  touch_s?: number | null;
  worked_touch_s?: number | null;
}

export interface Timeline {
  case: string;
  variant: string;
  tasks: TimelineTask[];
  caveats: Caveat[];
}
