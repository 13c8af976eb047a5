/**
 * Durations as a person reads them: at most two units, the small one dropped when it
 * says nothing. Calendar time goes up to days; worked time stops at hours, because the
 * length of a worked day is a matter of calendar.
 */
import { DASH, NBSP, type Formats } from '../format';

const MIN = 60;
const HOUR = 3600;
const DAY = 86_400;

type Numbers = Pick<Formats, 'num' | 'lang'>;

function hours(s: number, f: Numbers): string {
  const minutes = Math.round(s / MIN);
  const h = Math.floor(minutes / 60);
  const m = minutes % 60;
  if (h === 0) return `${f.num(m)}${NBSP}min`;
  if (h >= 100 || m === 0) return `${f.num(Math.round(s / HOUR))}${NBSP}h`;
  return `${f.num(h)}${NBSP}h${NBSP}${String(m).padStart(2, '0')}`;
}

function short(s: number, f: Numbers): string | null {
  if (s < 1) return s === 0 ? `0${NBSP}s` : `${f.num(s, 1)}${NBSP}s`;
  if (s < 59.5) return `${f.num(Math.round(s))}${NBSP}s`;
  return null;
}

const signed = (s: number, say: (s: number) => string) => (s < 0 ? `\u2212${say(-s)}` : say(s));

/** Calendar time: 45 s, 12 min, 3 h 20, 2 j 4 h, 41 j. */
export function duration(s: number | null | undefined, f: Numbers): string {
  if (s === null || s === undefined || !Number.isFinite(s)) return DASH;
  const d = f.lang === 'fr' ? 'j' : 'd';
  return signed(s, (v) => {
    const small = short(v, f);
    if (small !== null) return small;
    if (v < DAY - MIN / 2) return hours(v, f);
    if (v < 10 * DAY) {
      const h = Math.round(v / HOUR);
      const rest = h % 24;
      return `${f.num(Math.floor(h / 24))}${NBSP}${d}` + (rest ? `${NBSP}${rest}${NBSP}h` : '');
    }
    return `${f.num(Math.round(v / DAY))}${NBSP}${d}`;
  });
}

/** Worked time: 45 s, 12 min, 3 h 20, 126 h. */
export function worked(s: number | null | undefined, f: Numbers): string {
  if (s === null || s === undefined || !Number.isFinite(s)) return DASH;
  return signed(s, (v) => short(v, f) ?? hours(v, f));
}
