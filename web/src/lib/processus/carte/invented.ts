/** Logs invented for the tests of this folder. */
/** A small repeatable generator. */
export function dice(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
}

/** A map folded from random traces, so that it is what a log gives. */
export function randomLog(seed: number, activities: number, cases: number) {
  const roll = dice(seed);
  const variants = new Map<string, { variant: string[]; cases: number }>();
  for (let c = 0; c < cases; c++) {
    const length = 1 + Math.floor(roll() * 9);
    const trace = Array.from({ length }, () => `a${Math.floor(roll() ** 2 * activities)}`);
    const key = trace.join();
    const v = variants.get(key) ?? { variant: trace, cases: 0 };
    v.cases += 1;
    variants.set(key, v);
  }
  return fold([...variants.values()]);
}

export function fold(variants: { variant: string[]; cases: number }[]) {
  const events: Record<string, number> = {};
  const edges = new Map<string, { from: string; to: string; count: number }>();
  const start: Record<string, number> = {};
  const end: Record<string, number> = {};
  let cases = 0;
  for (const v of variants) {
    cases += v.cases;
    v.variant.forEach((a, i) => {
      events[a] = (events[a] ?? 0) + v.cases;
      if (i === 0) start[a] = (start[a] ?? 0) + v.cases;
      const next = v.variant[i + 1];
      if (next === undefined) end[a] = (end[a] ?? 0) + v.cases;
      else {
        const e = edges.get(`${a}>${next}`) ?? { from: a, to: next, count: 0 };
        e.count += v.cases;
        edges.set(`${a}>${next}`, e);
      }
    });
  }
  const time = { mean_s: 0, median_s: 0, p90_s: 0, total_s: 0 };
  return {
    map: {
      activities: Object.entries(events).map(([name, n]) => ({ name, events: n, cases: n })),
      edges: [...edges.values()].map((e) => ({ ...e, cases: e.count, ...time })),
      start,
      end,
      cases
    },
    variants: { total: variants.length, cases, variants: variants as never[] }
  };
}

