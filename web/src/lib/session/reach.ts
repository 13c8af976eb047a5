/** Links and files that only lead somewhere for who may follow them. */
import { casesLink } from '$lib/filters';
import { session } from './session.svelte';

/** Address of the cases behind a figure, for who may read lists of cases. */
export const toCases = (cases: string | null | undefined): string | null => (session.can('cases.read') ? casesLink(cases) : null);

/** Address of the configuration of a process, for who may read it. */
export const toConfig = (process: string): string | null =>
  session.can('config.read') ? `/donnees?tab=config&process=${encodeURIComponent(process)}` : null;

/** Whether what is on view may leave as a file. */
export const mayExport = (): boolean => session.can('exports.write');
