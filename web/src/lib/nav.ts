/** The screens, what opens each of them, and which ones a person is shown. */
export interface Screen {
  path: string;
  /** Key of its name in `nav`. */
  key: 'pilotage' | 'flux' | 'previsions' | 'processus' | 'dossiers' | 'donnees' | 'mur' | 'organisation' | 'droits' | 'journal' | 'sante';
  group: 'work' | 'base';
  /** Any of these opens it. */
  needs: readonly string[];
  /** Whether it understands the filter of the bar. */
  filtered: boolean;
}

export const SCREENS: readonly Screen[] = [
  { path: '/', key: 'pilotage', group: 'work', needs: ['figures.read'], filtered: true },
  { path: '/flux', key: 'flux', group: 'work', needs: ['figures.read'], filtered: true },
  { path: '/previsions', key: 'previsions', group: 'work', needs: ['figures.read'], filtered: true },
  { path: '/processus', key: 'processus', group: 'work', needs: ['log.read'], filtered: true },
  { path: '/dossiers', key: 'dossiers', group: 'work', needs: ['cases.read'], filtered: true },
  {
    path: '/donnees',
    key: 'donnees',
    group: 'base',
    needs: ['data.read', 'data.write', 'counts.write', 'config.read'],
    filtered: false
  },
  { path: '/organisation', key: 'organisation', group: 'base', needs: ['organisation.read'], filtered: false },
  {
    path: '/droits',
    key: 'droits',
    group: 'base',
    needs: ['accounts.read', 'rights.read', 'gates.read', 'delegation.write', 'retention.write', 'method.read'],
    filtered: false
  },
  { path: '/journal', key: 'journal', group: 'base', needs: ['audit.read', 'periods.write'], filtered: false },
  { path: '/sante', key: 'sante', group: 'base', needs: ['system.read'], filtered: false },
  { path: '/mur', key: 'mur', group: 'base', needs: ['figures.read', 'wall.read'], filtered: true }
];

/** Pages that belong to whoever is signed in, or to everybody. */
export const OPEN_TO_ALL = ['/accessibilite'] as const;

type Can = (permission: string) => boolean;

export const mayOpen = (screen: Screen, can: Can): boolean => screen.needs.some(can);

/** The screen of an address; the longest path wins, `/` only for itself. */
export function screenOf(pathname: string): Screen | null {
  return (
    SCREENS.filter((s) => pathname === s.path || (s.path !== '/' && pathname.startsWith(`${s.path}/`)))
      .sort((a, b) => b.path.length - a.path.length)
      .at(0) ?? null
  );
}

/** Where a person lands: the first screen open to them. */
export const firstOpen = (can: Can): Screen | null => SCREENS.find((s) => s.key !== 'mur' && mayOpen(s, can)) ?? null;

/** Parts of a screen with what opens each. */
export interface Part<K extends string> {
  key: K;
  needs: readonly string[];
}

/** The parts a person may open, in order. */
export const openParts = <K extends string>(parts: readonly Part<K>[], can: Can): K[] =>
  parts.filter((p) => p.needs.some(can)).map((p) => p.key);

export const DATA_PARTS = [
  { key: 'import', needs: ['data.write'] },
  { key: 'history', needs: ['data.read'] },
  { key: 'counts', needs: ['counts.write'] },
  { key: 'control', needs: ['counts.write', 'data.read'] },
  { key: 'config', needs: ['config.read'] }
] as const;

export const RIGHTS_PARTS = [
  { key: 'comptes', needs: ['accounts.read', 'rights.read'] },
  // The roles held come with the accounts that hold them.
  { key: 'roles', needs: ['accounts.read', 'rights.read'] },
  { key: 'delegations', needs: ['delegation.write'] },
  { key: 'jetons', needs: ['accounts.read'] },
  { key: 'individuel', needs: ['gates.read'] },
  { key: 'conservation', needs: ['method.read'] },
  { key: 'matrice', needs: ['method.read'] }
] as const;

export const PROOF_PARTS = [
  { key: 'journal', needs: ['audit.read'] },
  { key: 'publications', needs: ['periods.write'] }
] as const;

/** Parts of the forecasts; one right opens them all. */
export const FORESIGHT_PARTS = ['arrivees', 'stock', 'effets', 'justesse'] as const;
