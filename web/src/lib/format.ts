/**
 * Numbers, units and dates as a person reads them.
 *
 * A civil day ("2026-11-20") is never turned into an instant of the browser's
 * zone; an instant is shown in the body's zone. A number and its unit are joined
 * by no-break spaces, so they never wrap apart.
 */
export type Lang = 'fr' | 'en';

/** Zone in which instants are read until the program has named that of the body. */
export const ZONE = 'Europe/Paris';

export const NBSP = '\u00a0';
export const NNBSP = '\u202f';
export const DASH = '—';
export const MINUS = '\u2212';

const DAY_MS = 86_400_000;

/** A civil day as a UTC midnight: only ever read back with UTC getters. */
export function civil(day: string): Date | null {
  const m = /^(\d{4})-(\d{2})-(\d{2})/.exec(day);
  if (!m) return null;
  return new Date(Date.UTC(Number(m[1]), Number(m[2]) - 1, Number(m[3])));
}

/** ISO day of a UTC midnight. */
export function isoDay(d: Date): string {
  return d.toISOString().slice(0, 10);
}

/** The civil day `n` days later. */
export function addDays(day: string, n: number): string {
  const d = civil(day);
  return d ? isoDay(new Date(d.getTime() + n * DAY_MS)) : day;
}

/** ISO week (Monday first) of a civil day: year and number; week 53 exists. */
export function isoWeek(day: string): { year: number; week: number } | null {
  const d = civil(day);
  if (!d) return null;
  const thursday = new Date(d.getTime() + (3 - ((d.getUTCDay() + 6) % 7)) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return {
    year: thursday.getUTCFullYear(),
    week: 1 + Math.floor((thursday.getTime() - first) / (7 * DAY_MS))
  };
}

/** The civil day of an instant in a zone. */
export function dayInZone(instant: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit'
  }).format(new Date(instant));
  return parts.slice(0, 10);
}

export type Unit = 'case' | 'worked_day' | 'calendar_day' | 'second' | 'ratio';

export interface Formats {
  lang: Lang;
  /** Whole or decimal number with the thousands of the language. */
  num(value: number | null | undefined, digits?: number): string;
  /** Signed number: +96, −3, 0. */
  signed(value: number | null | undefined, digits?: number): string;
  /** A share between 0 and 1 as a percentage. */
  pct(share: number | null | undefined, digits?: number): string;
  /** dd/mm/yyyy. */
  day(day: string | null | undefined): string;
  /** "20 nov.". */
  dayShort(day: string | null | undefined): string;
  /** "ven. 20 nov.". */
  dayWeek(day: string | null | undefined): string;
  /** "vendredi 20 novembre". */
  dayLong(day: string | null | undefined): string;
  /** "vendredi". */
  weekday(day: string | null | undefined): string;
  /** "vendredi 20 novembre, 18 h 02". */
  instantLong(instant: string | null | undefined, zone?: string): string;
  /** "20/11/2026 18:02". */
  instant(instant: string | null | undefined, zone?: string): string;
  /** The civil day of an instant in the zone of the body. */
  dayOf(instant: string): string;
  /** A ledger period name: day, "2026-W47" or "2026-11". */
  period(name: string): string;
  /** The same, short enough for an axis. */
  axis(name: string): string;
  /** Bytes. */
  bytes(n: number): string;
  /** A value in its unit. */
  value(value: number | null | undefined, unit: string): string;
  /** A number joined to a word: "41 j". */
  with(value: string, unit: string): string;
  /** Compares names as the language sorts them. */
  compare(a: string, b: string): number;
}

const cap = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);

function build(lang: Lang, home: string): Formats {
  const locale = lang === 'fr' ? 'fr-FR' : 'en-GB';
  const cache = new Map<string, Intl.NumberFormat>();
  const nf = (digits: number, fixed: boolean) => {
    const key = `${digits}${fixed}`;
    let f = cache.get(key);
    if (!f) {
      f = new Intl.NumberFormat(locale, {
        maximumFractionDigits: digits,
        minimumFractionDigits: fixed ? digits : 0,
        useGrouping: 'always'
      } as Intl.NumberFormatOptions);
      cache.set(key, f);
    }
    return f;
  };
  const df = (o: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, o);
  const utc = { timeZone: 'UTC' } as const;
  const dDay = df({ ...utc, day: '2-digit', month: '2-digit', year: 'numeric' });
  const dShort = df({ ...utc, day: 'numeric', month: 'short' });
  const dWeek = df({ ...utc, weekday: 'short', day: 'numeric', month: 'short' });
  const dLong = df({ ...utc, weekday: 'long', day: 'numeric', month: 'long' });
  const dWeekday = df({ ...utc, weekday: 'long' });
  const dMonth = df({ ...utc, month: 'long', year: 'numeric' });
  const dMonthShort = df({ ...utc, month: 'short', year: '2-digit' });
  const collator = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });

  const clean = (s: string) => s.replace(/^-/, MINUS);
  const num = (v: number | null | undefined, digits = 0) =>
    v === null || v === undefined || !Number.isFinite(v)
      ? DASH
      : clean(nf(digits, digits > 0).format(Object.is(v, -0) ? 0 : v).replace(/^-(0(?:[.,]0+)?)$/, '$1'));
  const pct = (v: number | null | undefined, digits?: number) => {
    if (v === null || v === undefined || !Number.isFinite(v)) return DASH;
    // One decimal only where it says something.
    const d = digits ?? (Math.abs(v) > 0 && Math.abs(v) < 0.1 ? 1 : 0);
    return num(v * 100, d) + (lang === 'fr' ? NBSP : '') + '%';
  };
  const on = (f: Intl.DateTimeFormat) => (day: string | null | undefined) => {
    const d = day ? civil(day) : null;
    return d ? f.format(d).replaceAll(' ', NBSP) : DASH;
  };
  const dayLong = (day: string | null | undefined) => {
    const d = day ? civil(day) : null;
    return d ? dLong.format(d).replace(',', '') : DASH;
  };
  const clock = (instant: string, zone: string) => {
    const hm = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23'
    }).format(new Date(instant));
    if (lang === 'en') return hm;
    const [h = '', m = ''] = hm.split(':');
    return `${Number(h)}${NBSP}h${NBSP}${m}`;
  };
  const dayWord = lang === 'fr' ? 'j' : 'd';
  const f: Formats = {
    lang,
    num,
    signed: (v, digits = 0) =>
      v === null || v === undefined ? DASH : (v > 0 ? '+' : '') + num(v, digits),
    pct,
    day: on(dDay),
    dayShort: on(dShort),
    dayWeek: (day) => on(dWeek)(day).replace(',', ''),
    dayLong,
    weekday: on(dWeekday),
    instantLong(instant, zone = home) {
      if (!instant || Number.isNaN(Date.parse(instant))) return DASH;
      return `${dayLong(dayInZone(instant, zone))}, ${clock(instant, zone)}`;
    },
    instant(instant, zone = home) {
      if (!instant || Number.isNaN(Date.parse(instant))) return DASH;
      return `${on(dDay)(dayInZone(instant, zone))}${NBSP}${clock(instant, zone)}`;
    },
    dayOf: (instant) => dayInZone(instant, home),
    period(name) {
      const w = /^(\d{4})-W(\d{2})$/.exec(name);
      if (w) return lang === 'fr' ? `sem.${NBSP}${Number(w[2])}, ${w[1]}` : `week${NBSP}${Number(w[2])}, ${w[1]}`;
      if (/^\d{4}-\d{2}$/.test(name)) {
        const d = civil(`${name}-01`);
        return d ? cap(dMonth.format(d)).replaceAll(' ', NBSP) : name;
      }
      return cap(f.dayWeek(name));
    },
    axis(name) {
      const w = /^(\d{4})-W(\d{2})$/.exec(name);
      if (w) return lang === 'fr' ? `S${Number(w[2])}` : `W${Number(w[2])}`;
      if (/^\d{4}-\d{2}$/.test(name)) {
        const d = civil(`${name}-01`);
        return d ? dMonthShort.format(d) : name;
      }
      return on(dShort)(name);
    },
    bytes(n) {
      const units = lang === 'fr' ? ['o', 'ko', 'Mo', 'Go'] : ['B', 'kB', 'MB', 'GB'];
      let i = 0;
      let v = n;
      while (v >= 1000 && i < units.length - 1) {
        v /= 1000;
        i += 1;
      }
      return num(v, i > 0 && v < 10 ? 1 : 0) + NBSP + (units[i] ?? '');
    },
    value(v, unit) {
      if (v === null || v === undefined) return DASH;
      switch (unit) {
        case 'ratio':
          return pct(v);
        case 'worked_day':
        case 'calendar_day':
          return num(v, Number.isInteger(v) || Math.abs(v) >= 100 ? 0 : 1) + NBSP + dayWord;
        case 'second':
          return num(v) + NBSP + 's';
        default:
          return num(v, Number.isInteger(v) ? 0 : 1);
      }
    },
    with: (value, unit) => value + NBSP + unit.replaceAll(' ', NBSP),
    compare: (a, b) => collator.compare(a, b)
  };
  return f;
}

const built = new Map<string, Formats>();

/** Formats of a language in the zone of the body; a zone nobody knows is not one. */
export function formats(lang: Lang, zone: string = ZONE): Formats {
  const key = `${lang} ${zone}`;
  let f = built.get(key);
  if (!f) {
    try {
      dayInZone('2000-01-01T00:00:00Z', zone);
      f = build(lang, zone);
    } catch {
      f = build(lang, ZONE);
    }
    built.set(key, f);
  }
  return f;
}

/** The ends of an interval as written: one when both read the same, `null` when there is none. */
export function ends(
  interval: readonly number[] | null | undefined,
  write: (v: number) => string
): [string] | [string, string] | null {
  const [lo, hi] = interval ?? [];
  if (lo === undefined || hi === undefined) return null;
  const a = write(lo);
  const b = write(hi);
  return a === b ? [a] : [a, b];
}

/** Reads a whole number a person typed: spaces of any kind, U+2212; `null` empty, `NaN` unreadable. */
export function readWhole(text: string): number | null {
  const t = text.replace(/[\s\u00a0\u202f]/g, '').replace(MINUS, '-');
  if (t === '') return null;
  return /^[+-]?\d+$/.test(t) ? Number(t) : NaN;
}

/** Reads a number a person typed, decimal comma or point; `null` empty, `NaN` unreadable. */
export function readDecimal(text: string): number | null {
  const t = text.replace(/[\s\u00a0\u202f]/g, '').replace(MINUS, '-').replace(',', '.');
  if (t === '') return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(t) ? Number(t) : NaN;
}

/** A number as a field holds it: no thousands, nothing of the noise of binary fractions. */
export function writeDecimal(value: number, lang: Lang): string {
  const text = String(Number(value.toFixed(6)));
  return lang === 'fr' ? text.replace('.', ',') : text;
}
