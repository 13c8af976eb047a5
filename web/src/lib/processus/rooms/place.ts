/** The ways from a room to the other parts of the screen, with the cases it speaks of. */
import { add, readCases, writeCases, type CaseFilter } from '../casefilter';
import type { PartProps } from '../parts';

type From = Pick<PartProps, 'cases' | 'at'> & { map?: Pick<PartProps['map'], 'data'> };

/**
 * The map, with the cases of the present filter that go from one activity to the other. A task may wait for
 * another than the one just before it: where the map has no such edge, the cases that hold both are kept.
 */
export function onPath(p: From, from: string, to: string): string {
  const edges = p.map?.data?.edges;
  const direct = !edges || edges.some((e) => e.from === from && e.to === to);
  const next = direct ? add(p.cases, { kind: 'path', from, to }) : add(add(p.cases, { kind: 'with', name: from }), { kind: 'with', name: to });
  return p.at({ tab: undefined, dossier: undefined, ...writeCases(next) });
}

/** The map, with the cases of the present filter that hold an activity. */
export const having = (p: From, name: string): string =>
  p.at({ tab: undefined, dossier: undefined, ...writeCases(add(p.cases, { kind: 'with', name })) });

/** The timeline of a case. */
export const ofCase = (p: From, id: string): string => p.at({ tab: undefined, dossier: id });

/** The present filter with the conditions that the program gives as a query string. */
export function joined(cases: CaseFilter, given: string): CaseFilter {
  const more = readCases(new URLSearchParams(given));
  let out = cases;
  for (const name of more.with) out = add(out, { kind: 'with', name });
  for (const name of more.without) out = add(out, { kind: 'without', name });
  for (const [from, to] of more.path) out = add(out, { kind: 'path', from, to });
  for (const [from, to] of more.noPath) out = add(out, { kind: 'noPath', from, to });
  for (const a of more.attr) out = add(out, { kind: 'attr', ...a });
  for (const name of more.variant) out = add(out, { kind: 'variant', name });
  if (more.minS !== null) out = add(out, { kind: 'min', seconds: more.minS });
  if (more.maxS !== null) out = add(out, { kind: 'max', seconds: more.maxS });
  return out;
}

/** The map, with the cases that such conditions keep. */
export const onMap = (p: From, given: string): string => p.at({ tab: undefined, dossier: undefined, ...writeCases(joined(p.cases, given)) });
