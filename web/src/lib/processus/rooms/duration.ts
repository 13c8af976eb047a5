/** Durations as a workshop reads them: worked time in days of seven hours, calendar time in days of twenty-four. */
import { DASH, NBSP, type Formats } from '../../format';

/** Hours of a worked day, on every screen that turns worked hours into days. */
export const WORKED_DAY_H = 7;

type Known = number | null | undefined;
const known = (s: Known): s is number => s !== null && s !== undefined && Number.isFinite(s);

function write(f: Formats, seconds: number, dayH: number, dayUnit: (days: number) => string): string {
  if (seconds < 0) return `−${write(f, -seconds, dayH, dayUnit)}`;
  // What rounds up to the next unit is written in it: 59.8 s is one minute.
  if (seconds < 59.5) return f.num(seconds, seconds < 10 && !Number.isInteger(seconds) ? 1 : 0) + NBSP + 's';
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return f.num(minutes) + NBSP + 'min';
  if (minutes < dayH * 60 * 2) {
    const h = Math.floor(minutes / 60);
    const m = minutes % 60;
    return f.num(h) + NBSP + 'h' + (m > 0 ? NBSP + String(m).padStart(2, '0') : '');
  }
  const days = seconds / 3600 / dayH;
  return f.num(days, days < 100 && Math.abs(days - Math.round(days)) >= 0.05 ? 1 : 0) + NBSP + dayUnit(days);
}

/** Worked seconds: "12 min", "3 h 20", "4,5 j ouvrés" from two days of seven hours on. */
export function worked(f: Formats, seconds: Known): string {
  if (!known(seconds)) return DASH;
  const unit = (d: number) => (f.lang === 'fr' ? `j${NBSP}ouvré${d >= 2 ? 's' : ''}` : `worked${NBSP}d`);
  return write(f, seconds, WORKED_DAY_H, unit);
}

/** Calendar seconds: "12 min", "30 h", "4,5 j". */
export function calendar(f: Formats, seconds: Known): string {
  if (!known(seconds)) return DASH;
  return write(f, seconds, 24, () => (f.lang === 'fr' ? 'j' : 'd'));
}

/** Worked minutes, in the unit that reads best. */
export const workedMinutes = (f: Formats, minutes: Known): string => worked(f, known(minutes) ? minutes * 60 : null);

/** Worked seconds in whole hours, with the unit. */
export function hours(f: Formats, seconds: Known): string {
  if (!known(seconds)) return DASH;
  const h = seconds / 3600;
  return f.num(h, h < 10 ? 1 : 0) + NBSP + 'h';
}

/** Worked days of seven hours, as a number. */
export const workedDays = (seconds: number): number => seconds / 3600 / WORKED_DAY_H;

/** Cents as euros. */
export function euros(f: Formats, cents: Known, digits = 0): string {
  if (!known(cents)) return DASH;
  return f.lang === 'fr' ? f.num(cents / 100, digits) + NBSP + '€' : '€' + f.num(cents / 100, digits);
}
