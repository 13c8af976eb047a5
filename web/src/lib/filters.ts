/**
 * The filter every screen understands; it is the query string of the URL, so that
 * a link shows the same figures to whoever opens it.
 */
export const DIMENSIONS = ['org', 'unit', 'product', 'channel'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const KEYS = ['process', ...DIMENSIONS, 'from', 'to', 'grain', 'as_of', 'group_by'] as const;
export type FilterKey = (typeof KEYS)[number];
export type Filter = Partial<Record<FilterKey, string>>;

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Reads the filter; what cannot be read is left out rather than sent on. */
export function readFilter(search: URLSearchParams): Filter {
  const filter: Filter = {};
  for (const key of KEYS) {
    const value = search.get(key);
    if (value === null || value === '') continue;
    if ((key === 'from' || key === 'to' || key === 'as_of') && !DAY.test(value)) continue;
    if (key === 'grain' && !['day', 'week', 'month'].includes(value)) continue;
    filter[key] = value;
  }
  if (filter.from && filter.to && filter.to < filter.from) {
    [filter.from, filter.to] = [filter.to, filter.from];
  }
  return filter;
}

/** Writes parameters as a query string with its `?`, or nothing. */
export function query(params: Record<string, string | number | null | undefined>): string {
  const q = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== '') q.set(key, String(value));
  }
  const text = q.toString();
  return text ? `?${text}` : '';
}

/** Address of a screen with the current filter and some changes (`undefined` removes). */
export function link(
  path: string,
  filter: Filter,
  change: Record<string, string | number | null | undefined> = {}
): string {
  return path + query({ ...filter, ...change });
}

/** Address of the list of cases; the server gives its query string. */
export function casesLink(cases: string | null | undefined): string | null {
  if (cases === null || cases === undefined) return null;
  return '/dossiers' + (cases === '' || cases.startsWith('?') ? cases : `?${cases}`);
}
