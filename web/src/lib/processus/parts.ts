/** The parts of the screen Processus, in the order of its tabs: one line per part. */
import type { Component } from 'svelte';
import type { Resource } from '../resource.svelte';
import type { CaseFilter } from './casefilter';
import type { ProcessMap } from './types';

/** What every part receives. */
export interface PartProps {
  process: string;
  /** Parameters of the API: the filter of every screen and the filter of cases, ready to send. */
  query: Record<string, string>;
  cases: CaseFilter;
  /** The answer `map` for this filter, shared by the parts; asked by the screen itself. */
  map: Resource<ProcessMap>;
  /** Asks the map again. */
  reload: () => void;
  /** Names of the activities met so far, in the order of the language. */
  activities: readonly string[];
  /** Address of this screen with some parameters changed (`undefined` removes; `tab` leads to another part). */
  at: (change: Record<string, string | undefined>) => string;
  /** Goes to this screen with another filter of cases (and other changes). */
  setCases: (next: CaseFilter, change?: Record<string, string | undefined>) => void;
}

export interface ProcessPart {
  /** Value of `tab` in the address, key of its name in `t.processus.tabs`. */
  key: string;
  load: () => Promise<{ default: Component<PartProps> }>;
}

export const PARTS: readonly ProcessPart[] = [
  { key: 'carte', load: () => import('./carte/Carte.svelte') },
  { key: 'variantes', load: () => import('./variantes/Variantes.svelte') },
  { key: 'attentes', load: () => import('./attentes/Waits.svelte') },
  { key: 'retours', load: () => import('./retours/Rework.svelte') },
  { key: 'passages', load: () => import('./passages/Handovers.svelte') },
  { key: 'conformite', load: () => import('./conformite/Conformance.svelte') },
  { key: 'flux', load: () => import('./valeur/Stream.svelte') },
  { key: 'pertes', load: () => import('./pertes/Losses.svelte') },
  { key: 'retards', load: () => import('./retards/Lateness.svelte') },
  { key: 'couts', load: () => import('./temps/Times.svelte') },
  { key: 'ou', load: () => import('./intervenir/Suitability.svelte') }
];

/** The timeline of one case: open when the address names a case, not a tab of its own otherwise. */
export const CASE_PART: ProcessPart = { key: 'dossier', load: () => import('./dossier/Dossier.svelte') };
