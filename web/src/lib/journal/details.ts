/** Puts the figures and identifiers of an entry of the log in words. */
import type { Formats } from '$lib/format';
import type { Labels } from '$lib/labels/fr';

export interface Detail {
  /** Stable name. */
  key: string;
  name: string;
  value: string;
  /** Whether it is told on the line itself, and not only in the entry once opened. */
  telling: boolean;
}

/** Told on the line, in this order. */
const TELLING = ['role', 'purpose', 'period', 'kind', 'process', 'how', 'what', 'status', 'ok', 'rows_read', 'accepted', 'quarantined', 'from', 'to', 'name', 'file', 'reason'];
/** What a machine made: read when the entry is opened. */
const MADE = /^[0-9a-f]{8}-[0-9a-f]{4}-|^[0-9a-f]{32,}$/i;

function words(key: string, value: unknown, t: Labels, f: Formats, named: (key: string, value: string) => string): string {
  if (value === null || value === undefined || value === '') return '';
  if (typeof value === 'boolean') return value ? t.yes : t.no;
  if (typeof value === 'number') return key.endsWith('_us') ? f.instant(new Date(value / 1000).toISOString()) : f.num(value);
  if (Array.isArray(value)) return value.map((v) => words(key, v, t, f, named)).filter(Boolean).join(', ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([k, v]) => [t.journal.keys[k] ?? k, words(k, v, t, f, named)])
      .filter(([, v]) => v)
      .map(([k, v]) => `${k} ${v}`)
      .join(', ');
  }
  const text = String(value);
  const period = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(text);
  if (period) return t.org.until(f.day(period[1]), f.day(period[2]));
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text <= '1900-01-01' ? t.journal.always : f.day(text);
  if (/^\d{4}-\d{2}-\d{2}T.*Z$/.test(text)) return f.instant(text);
  return named(key, text) || t.journal.values[text] || text;
}

/** The details of an entry, the telling ones first; a text that is no object stands as it is. */
export function details(text: string, t: Labels, f: Formats, named: (key: string, value: string) => string = () => ''): Detail[] {
  if (!text) return [];
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = null;
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read)) return [{ key: '', name: '', value: text, telling: true }];
  const rank = (key: string) => (TELLING.includes(key) ? TELLING.indexOf(key) : TELLING.length);
  return Object.entries(read)
    .map(([key, raw]) => {
      const value = words(key, raw, t, f, named);
      return { key, name: t.journal.keys[key] ?? key, value, telling: TELLING.includes(key) && !MADE.test(value) };
    })
    .filter((d) => d.value !== '')
    .sort((a, b) => rank(a.key) - rank(b.key));
}

/** The line itself: what is told, named where the value alone would not say what it is. */
const BARE = new Set(['', 'role', 'purpose', 'period', 'kind', 'process', 'how', 'what', 'status', 'name', 'file']);
export function inShort(list: readonly Detail[]): string {
  return list
    .filter((d) => d.telling)
    .map((d) => (BARE.has(d.key) ? d.value : `${d.name} ${d.value}`))
    .join(' · ');
}
