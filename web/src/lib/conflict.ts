/** What changed on the server while a person was typing. */
export interface Field<T> {
  key: keyof T & string;
  label: string;
  /** How a value is written; the plain text when absent. */
  show?: (value: T[keyof T & string]) => string;
}

export interface Line {
  key: string;
  label: string;
  seen: string;
  now: string;
  mine: string;
  /** Whether the server moved it: the lines that matter. */
  moved: boolean;
}

const write = (v: unknown): string => (v === null || v === undefined || v === '' ? '' : String(v));

/**
 * One line per field that the server moved or that the person changed; a field
 * that nobody touched says nothing.
 */
export function conflictLines<T extends object>(seen: T, now: T, mine: T, fields: readonly Field<T>[]): Line[] {
  return fields.flatMap((f) => {
    const show = (record: T) => (f.show ? f.show(record[f.key] as T[keyof T & string]) : write(record[f.key]));
    const line = { key: f.key, label: f.label, seen: show(seen), now: show(now), mine: show(mine) };
    const moved = line.seen !== line.now;
    return moved || line.mine !== line.seen ? [{ ...line, moved }] : [];
  });
}

/** What is kept by default: mine where I changed something, the server's elsewhere. */
export function merge<T extends object>(seen: T, now: T, mine: T, keys: readonly (keyof T)[]): T {
  const merged = { ...now };
  for (const k of keys) if (mine[k] !== seen[k]) merged[k] = mine[k];
  return merged;
}
