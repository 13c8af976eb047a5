/** Path of a sparkline; unknown weeks break the line instead of dropping to zero. */
export interface Spark {
  path: string;
  last: { x: number; y: number };
}

export function sparkPath(values: readonly (number | null)[], width: number, height: number): Spark | null {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  if (known.length < 2) return null;
  const low = Math.min(...known);
  const high = Math.max(...known);
  const pad = 3;
  const step = values.length > 1 ? (width - 2 * pad) / (values.length - 1) : 0;
  const y = (v: number) =>
    high === low ? height / 2 : pad + (1 - (v - low) / (high - low)) * (height - 2 * pad);
  let path = '';
  let pen = false;
  let last = { x: 0, y: 0 };
  values.forEach((v, i) => {
    if (v === null || !Number.isFinite(v)) {
      pen = false;
      return;
    }
    const p = { x: round(pad + i * step), y: round(y(v)) };
    path += `${pen ? 'L' : 'M'}${p.x} ${p.y}`;
    pen = true;
    last = p;
  });
  return { path, last };
}

const round = (x: number) => Math.round(x * 100) / 100;
