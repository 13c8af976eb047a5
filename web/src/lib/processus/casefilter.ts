/**
 * Which cases of a log are read: the part of the filter that speaks of activities,
 * paths, attributes, variants and durations. It lives in the address of the page and
 * goes to the program under the same names.
 *
 * Lists are separated by commas; each name is percent-encoded first, so that no
 * separator is ever met inside one.
 */
export type Pair = readonly [from: string, to: string];

export interface CaseFilter {
  with: string[];
  without: string[];
  path: Pair[];
  noPath: Pair[];
  attr: { name: string; value: string }[];
  variant: string[];
  /** Shortest and longest case, seconds from first to last instant. */
  minS: number | null;
  maxS: number | null;
  /** How the log is read; `tasks` unless asked otherwise. */
  rows: 'tasks' | 'events';
}

/** Names of the parameters, of the address and of the API. */
export const CASE_KEYS = ['with', 'without', 'path', 'no_path', 'attr', 'variant', 'min_s', 'max_s', 'rows'] as const;

export const noFilter = (): CaseFilter => ({
  with: [],
  without: [],
  path: [],
  noPath: [],
  attr: [],
  variant: [],
  minS: null,
  maxS: null,
  rows: 'tasks'
});

const decode = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};
const names = (text: string | null): string[] => {
  const all = (text ?? '').split(',').flatMap((part) => {
    const name = part === '' ? null : decode(part);
    return name === null || name === '' ? [] : [name];
  });
  return [...new Set(all)];
};
/** Two names joined by a separator that neither can hold once encoded. */
const pairs = (text: string | null, separator: string): Pair[] => {
  const seen = new Map<string, Pair>();
  for (const part of (text ?? '').split(',')) {
    const cut = part.indexOf(separator);
    if (cut < 0) continue;
    const from = decode(part.slice(0, cut));
    const to = decode(part.slice(cut + separator.length));
    if (from && to !== null && to !== '') seen.set(part, [from, to]);
  }
  return [...seen.values()];
};
const seconds = (text: string | null): number | null => {
  if (text === null || !/^\d{1,12}$/.test(text)) return null;
  return Number(text);
};

/** Reads the filter of an address; what cannot be read is left out. */
export function readCases(search: URLSearchParams, prefix = ''): CaseFilter {
  const get = (key: (typeof CASE_KEYS)[number]) => search.get(prefix + key);
  const filter: CaseFilter = {
    with: names(get('with')),
    without: names(get('without')),
    path: pairs(get('path'), '>'),
    noPath: pairs(get('no_path'), '>'),
    attr: pairs(get('attr'), ':').map(([name, value]) => ({ name, value })),
    variant: names(get('variant')),
    minS: seconds(get('min_s')),
    maxS: seconds(get('max_s')),
    rows: get('rows') === 'events' ? 'events' : 'tasks'
  };
  if (filter.minS !== null && filter.maxS !== null && filter.maxS < filter.minS) {
    [filter.minS, filter.maxS] = [filter.maxS, filter.minS];
  }
  return filter;
}

/** Parameters of a filter; what is not set is absent. */
export function writeCases(filter: CaseFilter, prefix = ''): Record<string, string> {
  const e = encodeURIComponent;
  const values: Record<(typeof CASE_KEYS)[number], string> = {
    with: filter.with.map(e).join(','),
    without: filter.without.map(e).join(','),
    path: filter.path.map(([a, b]) => `${e(a)}>${e(b)}`).join(','),
    no_path: filter.noPath.map(([a, b]) => `${e(a)}>${e(b)}`).join(','),
    attr: filter.attr.map((a) => `${e(a.name)}:${e(a.value)}`).join(','),
    variant: filter.variant.map(e).join(','),
    min_s: filter.minS === null ? '' : String(Math.round(filter.minS)),
    max_s: filter.maxS === null ? '' : String(Math.round(filter.maxS)),
    rows: filter.rows === 'events' ? 'events' : ''
  };
  return Object.fromEntries(Object.entries(values).flatMap(([k, v]) => (v === '' ? [] : [[prefix + k, v]])));
}

/** The parameters of an address once its filter of cases is this one. */
export function withCases(search: URLSearchParams, filter: CaseFilter, prefix = ''): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const key of CASE_KEYS) next.delete(prefix + key);
  for (const [key, value] of Object.entries(writeCases(filter, prefix))) next.set(key, value);
  return next;
}

/** One condition, and the filter without it. */
export type Chip =
  | { kind: 'with' | 'without' | 'variant'; name: string; rest: CaseFilter }
  | { kind: 'path' | 'noPath'; from: string; to: string; rest: CaseFilter }
  | { kind: 'attr'; name: string; values: string[]; rest: CaseFilter }
  | { kind: 'min' | 'max'; seconds: number; rest: CaseFilter };

/** The conditions in the order they are told. Values of one attribute are alternatives: one condition. */
export function chips(filter: CaseFilter): Chip[] {
  const drop = <T>(list: T[], item: T) => list.filter((x) => x !== item);
  const attributes = [...new Set(filter.attr.map((a) => a.name))];
  return [
    ...filter.with.map((name): Chip => ({ kind: 'with', name, rest: { ...filter, with: drop(filter.with, name) } })),
    ...filter.without.map((name): Chip => ({ kind: 'without', name, rest: { ...filter, without: drop(filter.without, name) } })),
    ...filter.path.map((p): Chip => ({ kind: 'path', from: p[0], to: p[1], rest: { ...filter, path: drop(filter.path, p) } })),
    ...filter.noPath.map((p): Chip => ({ kind: 'noPath', from: p[0], to: p[1], rest: { ...filter, noPath: drop(filter.noPath, p) } })),
    ...attributes.map((name): Chip => ({
      kind: 'attr',
      name,
      values: filter.attr.filter((a) => a.name === name).map((a) => a.value),
      rest: { ...filter, attr: filter.attr.filter((a) => a.name !== name) }
    })),
    ...filter.variant.map((name): Chip => ({ kind: 'variant', name, rest: { ...filter, variant: drop(filter.variant, name) } })),
    ...(filter.minS === null ? [] : [{ kind: 'min', seconds: filter.minS, rest: { ...filter, minS: null } } as Chip]),
    ...(filter.maxS === null ? [] : [{ kind: 'max', seconds: filter.maxS, rest: { ...filter, maxS: null } } as Chip])
  ];
}

/** A condition to add. */
export type Condition =
  | { kind: 'with' | 'without' | 'variant'; name: string }
  | { kind: 'path' | 'noPath'; from: string; to: string }
  | { kind: 'attr'; name: string; value: string }
  | { kind: 'min' | 'max'; seconds: number };

/** The filter with one more condition; the same twice changes nothing, its contrary goes away. */
export function add(filter: CaseFilter, c: Condition): CaseFilter {
  const plus = (list: string[], name: string) => (list.includes(name) ? list : [...list, name]);
  const same = (from: string, to: string) => (p: Pair) => p[0] === from && p[1] === to;
  const plusPair = (list: Pair[], from: string, to: string): Pair[] => (list.some(same(from, to)) ? list : [...list, [from, to]]);
  const minusPair = (list: Pair[], from: string, to: string) => list.filter((p) => !same(from, to)(p));
  switch (c.kind) {
    case 'with':
      return { ...filter, with: plus(filter.with, c.name), without: filter.without.filter((n) => n !== c.name) };
    case 'without':
      return { ...filter, without: plus(filter.without, c.name), with: filter.with.filter((n) => n !== c.name) };
    case 'variant':
      return { ...filter, variant: plus(filter.variant, c.name) };
    case 'path':
      return { ...filter, path: plusPair(filter.path, c.from, c.to), noPath: minusPair(filter.noPath, c.from, c.to) };
    case 'noPath':
      return { ...filter, noPath: plusPair(filter.noPath, c.from, c.to), path: minusPair(filter.path, c.from, c.to) };
    case 'attr':
      return filter.attr.some((a) => a.name === c.name && a.value === c.value)
        ? filter
        : { ...filter, attr: [...filter.attr, { name: c.name, value: c.value }] };
    case 'min':
      return { ...filter, minS: c.seconds };
    case 'max':
      return { ...filter, maxS: c.seconds };
  }
}
