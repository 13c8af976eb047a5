/** Answers of the rooms of a process, as the program sends them: waits, returns, hand-overs, models, value stream, losses, times. */
import type { Text } from '../api/types';

export interface Span {
  mean_s: number;
  median_s: number;
  p90_s: number;
  total_s: number;
}
export interface Caveat {
  code: string;
  text: Text;
}

export interface WaitCauses {
  batching_s: number;
  prioritisation_s: number;
  contention_s: number;
  unavailability_s: number;
  held_s: number;
  unexplained_s: number;
}
export interface WaitEdge {
  from?: string | null;
  to: string;
  count: number;
  cases: number;
  calendar: Span;
  worked?: Span | null;
  calendar_causes: WaitCauses;
  worked_causes?: WaitCauses | null;
  examples: string[];
}
export interface Presence {
  slot_minutes: number;
  share: number[];
  people?: number | null;
}
export interface Waits {
  form: string;
  cases: number;
  count: number;
  calendar_causes: WaitCauses;
  worked_causes?: WaitCauses | null;
  edges: WaitEdge[];
  presence?: Presence | null;
  hours: Text;
  caveats: Caveat[];
}

export interface ReworkActivity {
  activity: string;
  occurrences: number;
  cases: number;
  cases_again: number;
  repeats: number;
  self_loops: number;
  minutes?: number | null;
  first_pass_yield: number;
}
export interface Loop {
  from: string;
  to: string;
  count: number;
  cases: number;
  ping_pong: boolean;
}
export interface Pass {
  pass: number;
  cases: number;
  returned: number;
}
export interface ReturnCause {
  cause: string;
  kind: string;
  count: number;
  cases: number;
  passes: Pass[];
}
export interface Rework {
  cases: number;
  clean_cases: number;
  activities: ReworkActivity[];
  loops: Loop[];
  causes: ReturnCause[];
  passes: Pass[];
  minutes?: number | null;
  fte?: number | null;
  caveats: Caveat[];
}

export interface Handover {
  from: string;
  to: string;
  count: number;
  cases: number;
  median_wait_s?: number | null;
  worked_median_wait_s?: number | null;
}
export interface Together {
  a: string;
  b: string;
  cases: number;
}
export interface Segregation {
  a: string;
  b: string;
  cases: number;
  same: number;
}
export interface Handovers {
  by: string;
  cases: number;
  names: string[];
  handovers: Handover[];
  per_case: number[];
  together: Together[];
  segregation: Segregation[];
  caveats: Caveat[];
}

export interface Discovery {
  bpmn: string;
  noise: number;
  activities: number;
  gateways: number;
  cases: number;
}
export interface Model {
  id: number;
  name: string;
  at: string;
  by: string;
  sha256: string;
  bpmn?: string | null;
  /** What of it could not be followed; told when it is kept. */
  findings: Caveat[];
}
export interface ModelBody {
  name: string;
  bpmn: string;
}
export interface Deviation {
  kind: string;
  activity: string;
  after?: string | null;
  occurrences: number;
  cases: number;
  extra_minutes?: number | null;
  text: Text;
}
export interface ActivityFit {
  activity: string;
  fitting: number;
  unforeseen: number;
  skipped: number;
}
export interface Conformance {
  method: string;
  fitness?: number | null;
  precision?: number | null;
  cases: number;
  cases_fitting: number;
  variants: number;
  variants_unknown: number;
  deviations: Deviation[];
  activities: ActivityFit[];
  caveats: Caveat[];
}

export interface StreamStep {
  activity: string;
  cases: number;
  occurrences: number;
  wait_min: number;
  median_wait_min?: number | null;
  touch_min?: number | null;
  median_touch_min?: number | null;
  arrivals_per_day?: number | null;
  output_per_day?: number | null;
  stock?: number | null;
  first_pass_yield?: number | null;
  people?: number | null;
  causes?: WaitCauses | null;
}
export interface Stream {
  steps: StreamStep[];
  other?: StreamStep | null;
  cases: number;
  lead_min?: number | null;
  touch_min?: number | null;
  wait_min?: number | null;
  value_added_share?: number | null;
  activities: string[];
  hours: Text;
  caveats: Caveat[];
}
export interface TargetStep {
  activity: string;
  wait_min?: number | null;
  touch_min?: number | null;
  first_pass_yield?: number | null;
  adds_value: boolean;
  note: string;
}
export interface Cause {
  id: number;
  under?: number | null;
  family: string;
  text: string;
  votes: number;
  facts: string[];
}
export interface WorkshopBody {
  effect: string;
  loss?: string | null;
  causes: Cause[];
  steps: string[];
  targets: TargetStep[];
  note: string;
}
export interface Workshop {
  content: WorkshopBody;
  version: number;
  at?: string | null;
  by?: string | null;
}

export interface MonthLoss {
  month: string;
  minutes: number;
  cases: number;
}
export interface Loss {
  id: string;
  kind: string;
  text: Text;
  activities: string[];
  cause?: string | null;
  cases: number;
  occurrences: number;
  minutes: number;
  share: number;
  cumulative_share: number;
  months: MonthLoss[];
  trend: string;
  slope?: number | null;
  slope_interval?: [number, number] | null;
  stability: string;
  filter: string;
}
export interface Losses {
  losses: Loss[];
  minutes: number;
  total: number;
  caveats: Caveat[];
}

export interface Factor {
  factor: string;
  level: string;
  text: Text;
  known_at_arrival: boolean;
  cases: number;
  late: number;
  others: number;
  others_late: number;
  difference: number;
  difference_interval: [number, number];
  odds_ratio?: number | null;
  odds_interval?: [number, number] | null;
  p: number;
  significant: boolean;
}
export interface Lateness {
  cases: number;
  late: number;
  undecided: number;
  target?: Text | null;
  factors: Factor[];
  refused: Text[];
  caveats: Caveat[];
}

export interface UnitTimeMeasure {
  activity: string;
  product?: string | null;
  n: number;
  censored: number;
  median_min?: number | null;
  median_interval?: [number, number] | null;
  trimmed_mean_min?: number | null;
  p25_min?: number | null;
  p75_min?: number | null;
  p90_min?: number | null;
  drift_min?: number | null;
  configured_min?: number | null;
  reason?: Text | null;
}
export interface UnitTimes {
  times: UnitTimeMeasure[];
  caveats: Caveat[];
}
export interface Cost {
  name: string;
  count: number;
  minutes: number;
  cents: number;
}
export interface Costs {
  cents_per_hour: number;
  products: Cost[];
  activities: Cost[];
  idle_cents?: number | null;
  paid_cents?: number | null;
  caveats: Caveat[];
}

export interface Criterion {
  id: string;
  value?: number | null;
  points?: number | null;
  weight: number;
  text: Text;
}
export interface Suitability {
  process: string;
  label: string;
  score?: number | null;
  criteria: Criterion[];
}
