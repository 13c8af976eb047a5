/**
 * Writes the corrections a person makes on screen into the mapping (TOML) that
 * detection proposed. What the screen does not show is kept as it came.
 */
import type { Column, Preview } from '../api/types';

export const EVENT_ROLES = [
  'case',
  'activity',
  'time',
  'start',
  'resource',
  'lifecycle',
  'org',
  'unit',
  'product',
  'channel',
  'attribute',
  'ignored'
] as const;
export const COUNT_ROLES = [
  'date',
  'arrivals',
  'settled_human',
  'settled_auto',
  'cancelled',
  'transferred',
  'reopened',
  'corrections',
  'stock',
  'kind',
  'value',
  'org',
  'unit',
  'product',
  'channel',
  'ignored'
] as const;
export const STAFF_ROLES = ['person', 'org', 'unit', 'fte', 'from', 'to', 'skills', 'ignored'] as const;

/** Roles a column may have in a file of this kind. */
export function rolesOf(kind: string): readonly string[] {
  return kind === 'counts' ? COUNT_ROLES : kind === 'staff' ? STAFF_ROLES : EVENT_ROLES;
}

const tableOf = (kind: string) => (kind === 'counts' ? 'counts' : kind === 'staff' ? 'staff' : 'columns');

/** A TOML basic string. */
export function quote(text: string): string {
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (c === '"' || c === '\\') out += `\\${c}`;
    else if (c === '\n') out += '\\n';
    else if (c === '\r') out += '\\r';
    else if (c === '\t') out += '\\t';
    else if (code < 0x20 || code === 0x7f) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += c;
  }
  return out + '"';
}

interface Part {
  /** `[columns]`, or nothing for the top of the file. */
  header: string;
  lines: string[];
}

function parts(toml: string): Part[] {
  const list: Part[] = [{ header: '', lines: [] }];
  for (const line of toml.split(/\r?\n/)) {
    const m = /^\s*(\[\[?[^\]]+\]\]?)\s*(?:#.*)?$/.exec(line);
    if (m && !/^\s*\[\s*$/.test(line)) list.push({ header: m[1] ?? '', lines: [] });
    else list.at(-1)?.lines.push(line);
  }
  return list;
}

const join = (list: Part[]): string =>
  list
    .map((p) => [p.header, ...p.lines].filter((l, i) => i > 0 || l !== '').join('\n').replace(/\n+$/, ''))
    .filter((text) => text !== '')
    .join('\n\n') + '\n';

/** Lines without one key, its value possibly spread over several lines. */
function without(lines: string[], key: string): string[] {
  const out: string[] = [];
  let skipping = false;
  for (const line of lines) {
    if (skipping) {
      if (/\]\s*$/.test(line)) skipping = false;
      continue;
    }
    if (new RegExp(`^\\s*${key}\\s*=`).test(line)) {
      const value = line.slice(line.indexOf('=') + 1).trim();
      skipping = value.startsWith('[') && !/\]\s*(?:#.*)?$/.test(value);
      continue;
    }
    out.push(line);
  }
  return out;
}

/** Sets (or removes, with `null`) keys at the top of the mapping. */
export function setTop(toml: string, values: Record<string, string | string[] | null>): string {
  const list = parts(toml);
  const top = list[0];
  if (!top) return toml;
  for (const [key, value] of Object.entries(values)) {
    top.lines = without(top.lines, key);
    while (top.lines.at(-1)?.trim() === '') top.lines.pop();
    if (value === null || value.length === 0) continue;
    top.lines.push(`${key} = ${Array.isArray(value) ? `[${value.map(quote).join(', ')}]` : quote(value)}`);
  }
  return join(list);
}

/** How the mapping names a column: its header, or its rank when the header is empty or repeated. */
export function reference(columns: readonly Column[], index: number): string {
  const name = columns[index]?.name ?? '';
  const same = columns.filter((c) => c.name.trim() === name.trim()).length;
  return name.trim() === '' || same > 1 ? `#${index + 1}` : name;
}

/** The mapping with the roles chosen on screen. */
export function withRoles(toml: string, kind: string, columns: readonly Column[], roles: readonly string[]): string {
  const table = tableOf(kind);
  const list = parts(setTop(toml, { kind }));
  const lines: string[] = [];
  const attributes: string[] = [];
  const taken = new Set<string>();
  roles.forEach((role, i) => {
    const ref = reference(columns, i);
    if (role === 'attribute') attributes.push(ref);
    else if (role !== 'ignored' && role !== '' && !taken.has(role)) {
      taken.add(role);
      lines.push(`${role} = ${quote(ref)}`);
    }
  });
  if (attributes.length && table === 'columns') lines.push(`attributes = [${attributes.map(quote).join(', ')}]`);
  const home = list.find((p) => p.header === `[${table}]`);
  if (home) home.lines = lines;
  else list.push({ header: `[${table}]`, lines });
  return join(list);
}

/** Roles given to two columns, which the mapping cannot hold (attributes may repeat). */
export function repeatedRoles(roles: readonly string[]): string[] {
  return [...new Set(roles.filter((r, i) => r !== 'attribute' && r !== 'ignored' && r !== '' && roles.indexOf(r) !== i))];
}

/** Roles still missing before the file can be read; logs that carry their own roles need none. */
export function missingRoles(preview: Pick<Preview, 'columns' | 'format'>, kind: string, roles: readonly string[]): string[] {
  if (preview.columns.length === 0 || !['csv', 'xlsx', 'ods', 'parquet'].includes(preview.format)) return [];
  const has = (r: string) => roles.includes(r);
  if (kind === 'counts') {
    const missing = has('date') ? [] : ['date'];
    const wide = COUNT_ROLES.slice(1, 9).some(has);
    if (!wide && !(has('kind') && has('value'))) missing.push('stock');
    return missing;
  }
  if (kind === 'staff') return has('person') ? [] : ['person'];
  return ['case', 'activity', 'time'].filter((r) => !has(r));
}

/** An identifier made from a name: lower case, digits and hyphens. */
export function slug(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}
