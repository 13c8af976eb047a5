/** What a workshop writes, and how two hands that wrote at once are brought together. */
import type { TargetStep, WorkshopBody } from '../types-rooms';

export const blank = (): WorkshopBody => ({ effect: '', loss: null, causes: [], steps: [], targets: [], note: '' });

export const KEYS = ['effect', 'loss', 'causes', 'steps', 'targets', 'note'] as const;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
export const equal = (a: WorkshopBody, b: WorkshopBody): boolean => KEYS.every((k) => same(a[k], b[k]));

/** Mine where I changed something, the server's elsewhere. */
export function mergeWorkshop(seen: WorkshopBody, now: WorkshopBody, mine: WorkshopBody): WorkshopBody {
  const out = { ...now };
  const put = <K extends keyof WorkshopBody>(k: K) => {
    if (!same(mine[k], seen[k])) out[k] = mine[k];
  };
  for (const k of KEYS) put(k);
  return out;
}

/** The target of a step; nothing aimed at when the workshop said nothing. */
export const targetOf = (targets: readonly TargetStep[], activity: string): TargetStep =>
  targets.find((t) => t.activity === activity) ?? { activity, wait_min: null, touch_min: null, first_pass_yield: null, adds_value: false, note: '' };

const said = (t: TargetStep): boolean => t.wait_min != null || t.touch_min != null || t.first_pass_yield != null || t.adds_value || t.note !== '';

/** The targets with one of them changed; one that says nothing is left out. */
export function targeted(targets: readonly TargetStep[], activity: string, change: Partial<TargetStep>): TargetStep[] {
  const next = { ...targetOf(targets, activity), ...change };
  const i = targets.findIndex((t) => t.activity === activity);
  const list = i < 0 ? [...targets, next] : targets.map((t, j) => (j === i ? next : t));
  return list.filter(said);
}
