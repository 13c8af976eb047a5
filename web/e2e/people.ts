/**
 * Invented people, rights and proofs: who is signed in, the organisation, accounts,
 * gates, the log, the health of the program. Typed by the generated wire types.
 */
import type {
  Account,
  AuditEntry,
  AuditPage,
  AuditVerdict,
  Fact,
  Gate,
  Grant,
  Me,
  Organisation,
  OrgNode,
  Page,
  PeoplePage,
  Person,
  PersonDetail,
  Problem,
  Publication,
  Replay,
  Retention,
  Rights,
  SecondFactor,
  Session,
  StaffImport,
  System,
  Text,
  Token,
  Weeks
} from '../src/lib/api/types';
import { addDays } from '../src/lib/format';
import { NOW, type State } from './fixtures';

const tx = (fr: string, en: string): Text => ({ fr, en });
export const TODAY = NOW.slice(0, 10);

/** The roles of a body, as the program ships them. */
const ROLES: Record<string, { label: Text; permissions: string[]; masked?: boolean; assignable?: boolean }> = {
  case_handler: { label: tx('Technicien, gestionnaire-conseil', 'Case handler'), permissions: ['figures.read', 'method.read'] },
  team_manager: {
    label: tx('Manager de proximité', 'Team manager'),
    permissions: ['figures.read', 'cases.read', 'config.read', 'organisation.read', 'people.read', 'individual.read', 'data.read', 'counts.write', 'exports.write', 'method.read', 'delegation.write']
  },
  production_manager: {
    label: tx('Responsable de production', 'Head of production'),
    permissions: ['figures.read', 'cases.read', 'log.read', 'workshop.write', 'config.read', 'config.write', 'organisation.read', 'people.read', 'data.read', 'data.write', 'counts.write', 'exports.write', 'method.read', 'delegation.write']
  },
  internal_control: {
    label: tx('Contrôle interne, agent comptable', 'Internal control, accountant'),
    permissions: ['figures.read', 'cases.read', 'log.read', 'exports.write', 'config.read', 'data.read', 'method.read']
  },
  director: {
    label: tx('Directeur', 'Director'),
    permissions: ['figures.read', 'config.read', 'organisation.read', 'periods.write', 'exports.write', 'rights.read', 'gates.read', 'gates.write', 'method.read', 'delegation.write']
  },
  facilitator: {
    label: tx('Animateur d’atelier', 'Workshop facilitator'),
    permissions: ['figures.read', 'cases.read', 'log.read', 'workshop.write', 'config.read', 'exports.write', 'method.read']
  },
  statistician: {
    label: tx('Statisticien', 'Statistician'),
    permissions: ['figures.read', 'cases.read', 'log.read', 'workshop.write', 'config.read', 'config.write', 'data.read', 'data.write', 'counts.write', 'periods.write', 'exports.write', 'organisation.read', 'method.read']
  },
  human_resources: {
    label: tx('Ressources humaines', 'Human resources'),
    permissions: ['organisation.read', 'organisation.write', 'people.read', 'people.write', 'absences.cause', 'method.read']
  },
  national_fund: { label: tx('Caisse nationale', 'National fund'), permissions: ['figures.read', 'method.read'], masked: true },
  administrator: {
    label: tx('Administrateur technique', 'Technical administrator'),
    permissions: ['accounts.read', 'accounts.write', 'rights.read', 'rights.write', 'organisation.read', 'system.read', 'system.write', 'method.read']
  },
  dpo: {
    label: tx('Délégué à la protection des données', 'Data protection officer'),
    permissions: ['audit.read', 'gates.read', 'gates.write', 'rights.read', 'retention.write', 'method.read']
  },
  staff_representative: { label: tx('Représentant du personnel', 'Staff representative'), permissions: ['method.read', 'gates.read'] },
  wall_screen: { label: tx('Écran mural', 'Wall screen'), permissions: ['wall.read'], masked: true, assignable: false }
};
export const ROLE_NAMES = Object.keys(ROLES).filter((r) => r !== 'wall_screen');

const PERMISSIONS: [string, string, string][] = [
  ['figures.read', 'Voir stocks, flux, âges et délais', 'See stock, flow, ages and delays'],
  ['cases.read', 'Voir les listes de dossiers', 'See lists of cases'],
  ['log.read', 'Voir le détail pseudonymisé : carte, variantes', 'See pseudonymised detail: map, variants'],
  ['workshop.write', 'Écrire ce qu’un atelier trouve : causes, état cible, modèles', 'Write what a workshop finds: causes, target state, models'],
  ['data.read', 'Voir l’historique des imports', 'See the history of imports'],
  ['data.write', 'Importer des fichiers, les annuler', 'Import files, take them back'],
  ['counts.write', 'Saisir comptages et totaux de contrôle', 'Type counts and control totals'],
  ['config.read', 'Voir la configuration datée', 'See the dated configuration'],
  ['config.write', 'Modifier la configuration datée', 'Change the dated configuration'],
  ['exports.write', 'Exporter ce qui est affiché', 'Export what is shown'],
  ['periods.write', 'Publier et rectifier des périodes', 'Publish and restate periods'],
  ['organisation.read', 'Voir l’organisation', 'See the organisation'],
  ['organisation.write', 'Modifier l’organisation', 'Change the organisation'],
  ['people.read', 'Voir les personnes : contrat, compétences, présence', 'See people: contract, skills, presence'],
  ['people.write', 'Modifier les personnes', 'Change people'],
  ['absences.cause', 'Voir la cause des absences', 'See why people are away'],
  ['individual.read', 'Voir les semaines d’une personne, par une ouverture enregistrée', 'See the weeks of one person, through a recorded opening'],
  ['accounts.read', 'Voir les comptes et les jetons', 'See accounts and tokens'],
  ['accounts.write', 'Gérer les comptes et les jetons', 'Manage accounts and tokens'],
  ['rights.read', 'Voir qui tient quel rôle', 'See who holds which role'],
  ['rights.write', 'Donner et retirer des rôles', 'Grant and withdraw roles'],
  ['delegation.write', 'Prêter ses rôles, entre deux dates', 'Lend one’s roles, between two days'],
  ['gates.read', 'Voir les ouvertures de données individuelles', 'See openings of individual data'],
  ['gates.write', 'Ouvrir et fermer l’accès aux données individuelles', 'Open and close individual data'],
  ['retention.write', 'Purger ce qui a passé sa durée', 'Purge what is past its time'],
  ['audit.read', 'Lire le journal d’audit', 'Read the audit log'],
  ['system.read', 'Voir la santé du programme', 'See the health of the program'],
  ['system.write', 'Régler le programme, le sauvegarder', 'Set up the program, back it up'],
  ['method.read', 'Voir définitions, formules et notices', 'See definitions, formulas and notices'],
  ['wall.read', 'Afficher les totaux de l’écran mural', 'Show the totals of the wall screen']
];

export const problem = (kind: string, status: number, fr: string, en: string, field?: string): Problem => ({
  type: `urn:eclusier:problem:${kind}`,
  title: fr,
  status,
  detail: fr,
  text: tx(fr, en),
  field
});

export const OUT: Session = {
  state: 'signed_out',
  name: '',
  login: '',
  permissions: [],
  roles: [],
  must_change: false,
  second_factor: false,
  providers: [
    { id: 'proconnect', label: 'ProConnect' },
    { id: 'caisse', label: 'l’annuaire de la caisse' }
  ]
};

const NAMES: Record<string, string> = {
  case_handler: 'Amina Roussel',
  team_manager: 'Camille Moreau',
  production_manager: 'Étienne Lambert',
  internal_control: 'Jeanne Faure',
  director: 'Hélène Garnier',
  statistician: 'Malo Perrin',
  human_resources: 'Nadia Colin',
  national_fund: 'Paul Renaud',
  administrator: 'Solène Barbier',
  dpo: 'Yanis Leroux',
  staff_representative: 'Lucie Marchand'
};

/** Who a name stands for: a role of the list, the owner of the machine, nobody, or the start. */
export function session(who: string): Session {
  if (who === 'out') return OUT;
  if (who === 'setup') return { ...OUT, state: 'setup', providers: [] };
  if (who === 'owner')
    return { ...OUT, state: 'owner', providers: [], permissions: PERMISSIONS.map(([p]) => p).filter((p) => p !== 'wall.read') };
  if (who === 'norole') return { ...OUT, state: 'signed_in', name: 'Zoé Picard', login: 'zoe.picard', providers: [] };
  const role = ROLES[who] ?? ROLES['production_manager']!;
  const name = NAMES[who] ?? 'Étienne Lambert';
  return {
    ...OUT,
    state: 'signed_in',
    name,
    login: name.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replace(' ', '.'),
    permissions: role.permissions,
    roles: [role.label],
    second_factor: ['administrator', 'dpo', 'director'].includes(who),
    providers: []
  };
}

// — the organisation —

const P = (parent: string | null, from = '2024-01-01', to: string | null = null) => ({ parent, from, to });
interface NodeSeed {
  id: string;
  kind: string;
  code: string;
  label: string;
  places: { parent: string | null; from: string; to: string | null }[];
  members: number | null;
  fte: number | null;
  present: number | null;
}
const NODES: NodeSeed[] = [
  { id: 'n1', kind: 'body', code: 'Caisse de démonstration', label: 'Caisse de démonstration', places: [P(null)], members: 86, fte: 79.4, present: 68 },
  { id: 'n2', kind: 'site', code: 'Siège', label: 'Siège', places: [P('n1')], members: 62, fte: 57.3, present: 49 },
  { id: 'n3', kind: 'service', code: 'Retraite', label: 'Service Retraite', places: [P('n2')], members: 41, fte: 38.2, present: 33 },
  { id: 'n4', kind: 'team', code: 'Équipe Nord', label: 'Équipe Nord', places: [P('n3')], members: 14, fte: 13.1, present: 11 },
  { id: 'n5', kind: 'team', code: 'Équipe Sud', label: 'Équipe Sud', places: [P('n3')], members: 15, fte: 13.9, present: 12 },
  { id: 'n6', kind: 'team', code: 'Réversion', label: 'Équipe Réversion', places: [P('n3', '2024-01-01', '2026-08-31'), P('n7', '2026-09-01')], members: 12, fte: 11.2, present: 10 },
  { id: 'n7', kind: 'service', code: 'Prestations', label: 'Service Prestations et action sociale', places: [P('n2')], members: 21, fte: 19.1, present: 16 },
  { id: 'n8', kind: 'team', code: 'IJ', label: 'Indemnités journalières', places: [P('n7')], members: 9, fte: 7.9, present: 6 },
  { id: 'n9', kind: 'site', code: 'Antenne Est', label: 'Antenne Est', places: [P('n1')], members: 24, fte: 22.1, present: 19 },
  { id: 'n10', kind: 'team', code: 'Front de rendez-vous', label: 'Front de rendez-vous', places: [P('n9')], members: 20, fte: 18.4, present: 16 },
  { id: 'n11', kind: 'team', code: 'Contentieux', label: 'Contentieux', places: [P('n9')], members: 4, fte: null, present: null },
  { id: 'n12', kind: 'team', code: 'Numérique', label: 'Équipe Numérique (à venir)', places: [P('n3', '2027-01-01')], members: 0, fte: 0, present: 0 }
];

export function organisation(state: State, who: string, day = TODAY): Organisation {
  if (state === 'empty') return { day, nodes: [], unknown: [{ column: 'unit', value: 'Équipe Nord', process: 'retraite' }, { column: 'org', value: 'Caisse de démonstration', process: 'retraite' }] };
  const may = session(who).permissions;
  const seeds =
    state === 'huge'
      ? [
          NODES[0]!,
          ...Array.from({ length: 24 }, (_, i): NodeSeed => ({ id: `s${i}`, kind: 'site', code: `Site ${i + 1}`, label: i === 2 ? 'Site de Saint-Barthélemy-d’Agneaux-sur-l’Isle et communes rattachées' : `Site ${i + 1}`, places: [P('n1')], members: 120, fte: 108.6, present: 97 })),
          ...Array.from({ length: 240 }, (_, i): NodeSeed => ({ id: `t${i}`, kind: 'team', code: `E${String(i + 1).padStart(3, '0')}`, label: `Équipe ${i + 1}`, places: [P(`s${i % 24}`)], members: 12, fte: 10.9, present: 9 }))
        ]
      : NODES;
  const nodes = seeds.flatMap((n): OrgNode[] => {
    const place = n.places.find((p) => p.from <= day && (p.to === null || day <= p.to));
    if (!place) return [];
    const sees = may.includes('people.read');
    return [
      {
        ...n,
        parent: place.parent,
        members: sees ? n.members : null,
        fte: sees ? n.fte : null,
        present: sees ? n.present : null,
        editable: may.includes('organisation.write'),
        version: n.id === 'n5' ? 4 : 1
      }
    ];
  });
  return {
    day,
    nodes,
    unknown: [
      { column: 'unit', value: 'EQ NORD', process: 'retraite' },
      { column: 'unit', value: 'Plateau téléphonique', process: 'css' }
    ]
  };
}

const GIVEN = ['Amina', 'Bruno', 'Chloé', 'David', 'Elsa', 'Farid', 'Gaëlle', 'Hugo', 'Inès', 'Jules', 'Katia', 'Loïc', 'Maud', 'Nora', 'Octave'];
const FAMILY = ['Roussel', 'Petit', 'Lemoine', 'Caron', 'Diallo', 'Nguyen', 'Martel', 'Baron', 'Olivier', 'Tessier', 'Vidal', 'Hamel', 'Courtois', 'Bailly'];

function personAt(i: number): Person {
  return {
    id: `p${i}`,
    given: GIVEN[i % GIVEN.length]!,
    family: FAMILY[(i * 5 + 3) % FAMILY.length]! + (i >= 210 ? ` ${Math.floor(i / 210) + 1}` : ''),
    email: '',
    nodes: [['n4', 'n5', 'n8', 'n10'][i % 4]!],
    share: i % 5 === 0 ? 0.8 : i % 11 === 3 ? 0.5 : 1,
    presence: i % 7 === 2 ? 'absent' : i % 13 === 5 ? 'half' : 'present',
    active: i % 29 !== 28,
    in_logs: i % 9 !== 4,
    skills: [['Droit propre', 'Réversion'], ['Révision'], ['Droit propre', 'Révision', 'Contentieux'], []][i % 4]!,
    version: 3
  };
}

export function people(state: State, q: URLSearchParams): PeoplePage {
  const all = state === 'empty' ? [] : Array.from({ length: state === 'huge' ? 2480 : 42 }, (_, i) => personAt(i));
  const search = (q.get('search') ?? '').toLowerCase();
  const node = q.get('node');
  const under: Record<string, string[]> = { n3: ['n4', 'n5'], n7: ['n8'], n9: ['n10'], n2: ['n4', 'n5', 'n8'] };
  const found = all.filter(
    (p) =>
      (`${p.given} ${p.family}`.toLowerCase().includes(search) || search === '') &&
      (q.get('all') === 'true' || p.active) &&
      (!node || node === 'n1' || p.nodes.some((n) => n === node || under[node]?.includes(n)) || node.startsWith('s'))
  );
  const offset = Number(q.get('offset') ?? 0);
  return { day: q.get('day') ?? TODAY, total: found.length, people: found.slice(offset, offset + Number(q.get('limit') ?? 100)) };
}

const facts = (causes: boolean): Fact[] => [
  { id: 1, kind: 'membership', from: '2024-03-01', to: '2026-03-31', content: { node: 'n5' }, source: 'staff:effectifs-2026.xlsx', version: 1 },
  { id: 2, kind: 'membership', from: '2026-04-01', to: null, content: { node: 'n4' }, source: 'screen', version: 1 },
  { id: 3, kind: 'contract', from: '2024-03-01', to: '2025-12-31', content: { share: 1, weekly_hours: 37.5, worked_weekdays: [1, 2, 3, 4, 5], calendar: null }, source: 'staff:effectifs-2026.xlsx', version: 1 },
  { id: 4, kind: 'contract', from: '2026-01-01', to: null, content: { share: 0.8, weekly_hours: 30, worked_weekdays: [1, 2, 4, 5], calendar: null }, source: 'staff:effectifs-2026.xlsx', version: 2 },
  { id: 5, kind: 'skill', from: '2024-09-01', to: null, content: { skill: 'Droit propre', theory: 4, practice: 3, intensity: 0.6, authorised: true }, source: 'screen', version: 1 },
  { id: 6, kind: 'skill', from: '2026-02-01', to: null, content: { skill: 'Réversion', theory: 2, practice: 1, intensity: null, authorised: false }, source: 'screen', version: 1 },
  { id: 7, kind: 'absence', from: '2026-11-16', to: '2026-11-20', content: { from_noon: true, until_noon: false, ...(causes ? { cause: 'leave' } : {}) }, source: 'ical', version: 1 },
  { id: 8, kind: 'absence', from: '2026-12-24', to: '2026-12-31', content: { from_noon: false, until_noon: false, ...(causes ? { cause: 'recovery' } : {}) }, source: 'ical', version: 1 },
  { id: 9, kind: 'ramp_up', from: '2024-03-01', to: '2025-08-31', content: { start: 0.3 }, source: 'screen', version: 1 }
];

export function person(id: string, who: string, version = 3): PersonDetail {
  const may = session(who).permissions;
  const p = personAt(Number(id.slice(1)) || 0);
  return {
    person: { ...p, version, email: 'prenom.nom@caisse.example' },
    facts: id === 'p9' ? [] : facts(may.includes('absences.cause') || who === 'owner'),
    editable: may.includes('people.write')
  };
}

export const staffImport = (dry: boolean): StaffImport => ({
  status: dry ? 'dry_run' : 'committed',
  file: 'effectifs.xlsx',
  sha256: '9f2c41d07be8a3561c0f4de972b85a13e60c7d94f2b18a35d0e7c6194fb2a853',
  rows_read: 88,
  accepted: 85,
  quarantined: 3,
  people: 71,
  people_added: 4,
  people_changed: 11,
  nodes_added: 1,
  facts_added: 19,
  facts_ended: 6,
  people_missing: 2,
  findings: [
    { line: 14, column: 'Quotité', code: 'share_out_of_range', count: 1, text: tx('« 120 % » : une quotité va de plus de 0 à 100 % ; la ligne attend d’être corrigée', '“120 %”: a contract share goes from above 0 to 100 %; the line waits to be corrected') },
    { line: 37, column: 'Fin', code: 'end_before_start', count: 1, text: tx('la fin (02/03/2026) précède le début (09/03/2026)', 'the end (02/03/2026) comes before the start (09/03/2026)') },
    { line: 61, column: 'Équipe', code: 'unknown_team', count: 1, text: tx('« EQ EST » n’existe pas : une équipe sera créée sous « Antenne Est »', '“EQ EST” does not exist: a team will be made under “Antenne Est”') },
    { line: null, column: null, code: 'identifier_replaced', count: 1, text: tx('les identifiants d’agents sont remplacés par leur pseudonyme et ne sont pas gardés', 'the identifiers of agents are replaced by their pseudonym and are not kept') }
  ],
  changes: [
    { line: null, whose: 'Équipe EQ EST', sort: 'added', text: tx('équipe à créer, dès le 01/12/2026', 'team to make, from 2026-12-01') },
    { line: 4, whose: 'Salomé Terrassonet', sort: 'ended', text: tx('rattachement à « Prestations 1 », du 02/01/2024 au 30/11/2026', 'member of “Prestations 1”, from 2024-01-02 to 2026-11-30') },
    { line: 4, whose: 'Salomé Terrassonet', sort: 'added', text: tx('rattachement à « Équipe EQ EST », à partir du 01/12/2026', 'member of “Équipe EQ EST”, from 2026-12-01') },
    { line: 9, whose: 'Octave Malaubert', sort: 'changed', text: tx('contrat à 80 %, 28,8 h par semaine, à partir du 01/12/2026 (au lieu de : contrat à 100 %, 36 h par semaine, à partir du 02/01/2024)', 'contract of 80%, 28.8 h a week, from 2026-12-01 (was: contract of 100%, 36 h a week, from 2024-01-02)') }
  ],
  message: null
});

// — rights —

export const rights = (): Rights => ({
  roles: Object.entries(ROLES).map(([id, r]) => ({ id, label: r.label, permissions: r.permissions, masked: r.masked ?? false, assignable: r.assignable ?? true })),
  permissions: PERMISSIONS.map(([id, fr, en]) => ({ id, label: tx(fr, en) }))
});

const grant = (id: string, account: string, role: string, more: Partial<Grant> = {}): Grant => ({
  id,
  account,
  account_name: account,
  role,
  node: null,
  node_label: '',
  processes: null,
  from: '2026-01-05',
  to: null,
  delegated_by: null,
  reason: '',
  active: true,
  version: 1,
  ...more
});

export function accounts(state: State): Account[] {
  const base = (id: string, login: string, name: string, more: Partial<Account> = {}): Account => ({
    id,
    login,
    name,
    person: null,
    kind: 'local',
    status: 'active',
    second_factor: false,
    locked_until: null,
    created_at: '2026-01-05T08:00:00Z',
    seen_at: '2026-11-23T07:12:00Z',
    version: 2,
    grants: [],
    ...more
  });
  if (state === 'empty') return [base('a9', 'solene.barbier', 'Solène Barbier', { second_factor: true, grants: [grant('g9', 'a9', 'administrator')] })];
  const list = [
    base('a1', 'camille.moreau', 'Camille Moreau', { person: 'p3', grants: [grant('g1', 'a1', 'team_manager', { node: 'n4', node_label: 'Équipe Nord' }), grant('g2', 'a1', 'team_manager', { node: 'n5', node_label: 'Équipe Sud', from: '2026-11-16', to: '2026-11-30', delegated_by: 'Malo Perrin', reason: 'Congés de novembre' })] }),
    base('a2', 'etienne.lambert', 'Étienne Lambert', { grants: [grant('g3', 'a2', 'production_manager', { node: 'n2', node_label: 'Siège' })] }),
    base('a3', 'helene.garnier', 'Hélène Garnier', { kind: 'provider', second_factor: true, grants: [grant('g4', 'a3', 'director')] }),
    base('a4', 'malo.perrin', 'Malo Perrin', { kind: 'provider', seen_at: '2026-11-20T16:40:00Z', grants: [grant('g5', 'a4', 'statistician', { processes: ['retraite', 'css'] }), grant('g6', 'a4', 'team_manager', { node: 'n5', node_label: 'Équipe Sud' })] }),
    base('a5', 'nadia.colin', 'Nadia Colin', { locked_until: '2026-11-23T07:41:00Z', grants: [grant('g7', 'a5', 'human_resources')] }),
    base('a6', 'yanis.leroux', 'Yanis Leroux', { second_factor: true, grants: [grant('g8', 'a6', 'dpo')] }),
    base('a7', 'lucie.marchand', 'Lucie Marchand', { seen_at: null, grants: [grant('g10', 'a7', 'staff_representative', { from: '2026-12-01', active: false })] }),
    base('a8', 'ancien.compte', 'Compte parti', { status: 'disabled', seen_at: '2026-06-30T15:00:00Z', grants: [grant('g11', 'a8', 'case_handler', { to: '2026-06-30', active: false })] }),
    base('a9', 'solene.barbier', 'Solène Barbier', { second_factor: true, grants: [grant('g9', 'a9', 'administrator')] })
  ];
  if (state !== 'huge') return list;
  return [...list, ...Array.from({ length: 320 }, (_, i) => base(`h${i}`, `agent.${i + 1}`, `${GIVEN[i % 15]!} ${FAMILY[i % 14]!} ${i + 1}`, { grants: [grant(`hg${i}`, `h${i}`, 'case_handler', { node: 'n4', node_label: 'Équipe Nord' })] }))];
}

export const tokens = (state: State): Token[] =>
  state === 'empty'
    ? []
    : [
        { id: 't1', kind: 'wall', name: 'Écran du plateau Nord', permissions: ['wall.read'], node: 'n4', processes: null, created_at: '2026-09-01T08:00:00Z', expires_at: '2027-08-31T08:00:00Z', revoked_at: null, used_at: '2026-11-23T00:00:00Z' },
        { id: 't2', kind: 'api', name: 'Entrepôt de la cellule statistique', permissions: ['figures.read', 'log.read', 'exports.write'], node: null, processes: ['retraite'], created_at: '2026-03-02T08:00:00Z', expires_at: '2026-12-02T08:00:00Z', revoked_at: null, used_at: '2026-11-22T00:00:00Z' },
        { id: 't3', kind: 'scim', name: 'Annuaire', permissions: [], node: null, processes: null, created_at: '2026-01-12T08:00:00Z', expires_at: '2027-01-12T08:00:00Z', revoked_at: null, used_at: null },
        { id: 't4', kind: 'api', name: 'Essai de raccordement', permissions: ['figures.read'], node: null, processes: null, created_at: '2026-01-12T08:00:00Z', expires_at: '2026-04-12T08:00:00Z', revoked_at: '2026-02-01T09:00:00Z', used_at: '2026-01-31T00:00:00Z' }
      ];

export const gates = (state: State): Gate[] =>
  state === 'empty'
    ? []
    : [
        { id: 'd1', purpose: 'Accompagner la montée en compétence des nouveaux techniciens, avec leur tuteur', node: 'n4', node_label: 'Équipe Nord', dpia: '2026-08-20', council: '2026-09-04', information: '2026-09-14', from: '2026-10-01', to: '2027-03-31', opened_by: 'Hélène Garnier', opened_at: '2026-09-30T13:10:00Z', closed_by: null, closed_at: null, reason: '', open: true },
        { id: 'd2', purpose: 'Comprendre l’écart entre les deux équipes après la réorganisation', node: 'n3', node_label: 'Service Retraite', dpia: '2025-11-03', council: '2025-11-20', information: '2025-12-01', from: '2026-01-05', to: '2026-06-30', opened_by: 'Hélène Garnier', opened_at: '2026-01-04T09:00:00Z', closed_by: 'Yanis Leroux', closed_at: '2026-04-15T10:30:00Z', reason: 'Finalité atteinte, conclusions remises au comité', open: false }
      ];

const RULES: Retention['rules'] = [
  { id: 'individual', label: tx('Détail individuel (personne, tâche)', 'Individual detail (person, task)'), months: 3, due: 18420 },
  { id: 'weekly', label: tx('Totaux hebdomadaires par personne', 'Weekly totals per person'), months: 13, due: 0 },
  { id: 'looks', label: tx('Consultations de lignes individuelles', 'Looks at individual rows'), months: 36, due: 0 },
  { id: 'sessions', label: tx('Sessions fermées', 'Ended sessions'), months: 1, due: 212 }
];
export const retention = (state: State, done = false): Retention => ({
  rules: RULES.map((r) => (done || state === 'empty' ? { ...r, due: 0 } : r)),
  purges:
    state === 'empty'
      ? []
      : [
          ...(done ? [{ at: NOW, by: 'Yanis Leroux', what: 'individual', before: '2026-08-23', removed: 18420, proof: '7f3a9c15d2b84e60a1f7c3d95b2e8046f1d3a7c9e5b2084613fa7d9c0e5b8a24' }] : []),
          { at: '2026-10-01T02:00:04Z', by: 'programme', what: 'individual', before: '2026-07-01', removed: 16877, proof: '0be41c7a93d5f286b1e40d7c5a92f3e8d61b04c7a5f92e38d0b61c4f7a93e5d2' },
          { at: '2026-09-01T02:00:03Z', by: 'programme', what: 'weekly', before: '2025-08-01', removed: 942, proof: 'c2d9f0513be7a846d0c95f2e81b3a7469ed0c2f5b183a7e46d9c0f25b1e83a74' }
        ]
});

// — proof —

const ACTS: [string, string, string, string, string][] = [
  ['session.open', 'Connexion', 'Sign-in', 'account/a1', ''],
  ['import.commit', 'Import d’un fichier', 'Import of a file', 'import/118', 'export-2026-11-20.csv · 12 408 lignes'],
  ['individual.read', 'Lecture de lignes individuelles', 'Reading of individual rows', 'person/p3', 'ouverture d1 · 2026-W40..2026-W46'],
  ['role.grant', 'Rôle donné', 'Role granted', 'account/a1', 'team_manager · Équipe Sud · 16/11/2026 → 30/11/2026'],
  ['export.rows', 'Export de lignes', 'Export of rows', 'cases.xlsx', '2 318 lignes · process=css'],
  ['config.put', 'Configuration changée', 'Configuration changed', 'process/css', 'révision 14'],
  ['period.restate', 'Période rectifiée', 'Period restated', 'process/retraite', '2026-03 · rang 2'],
  ['session.refuse', 'Connexion refusée', 'Refused sign-in', 'account/a5', '3 échecs'],
  ['gate.open', 'Ouverture de données individuelles', 'Gate of individual data opened', 'gate/d1', 'Équipe Nord jusqu’au 31/03/2027'],
  ['registry.backup', 'Sauvegarde', 'Backup', 'backup/2026-11-22', '318 fichiers']
];
const HEX = '0123456789abcdef';
const hash = (n: number) => Array.from({ length: 64 }, (_, i) => HEX[(n * 7 + i * i * 13 + i * n) % 16]!).join('');

const TOTAL = 4812;
function entry(seq: number): AuditEntry {
  const act = ACTS[seq % ACTS.length]!;
  const at = new Date(Date.parse(NOW) - (TOTAL - seq) * 11 * 60_000).toISOString();
  return { seq, at, by: ['Camille Moreau', 'Étienne Lambert', 'Malo Perrin', 'programme', 'Solène Barbier'][seq % 5]!, action: act[0], label: tx(act[1], act[2]), object: act[3], details: act[4], hash: hash(seq) };
}

export function audit(state: State, q: URLSearchParams): AuditPage {
  if (state === 'empty') return { entries: [], next: null, total: 0 };
  const action = q.get('action') ?? '';
  const object = q.get('object') ?? '';
  const actor = q.get('actor') ?? '';
  const limit = Number(q.get('limit') ?? 50);
  const entries: AuditEntry[] = [];
  let seq = Number(q.get('before') ?? TOTAL + 1) - 1;
  for (; seq > 0 && entries.length < limit; seq--) {
    const e = entry(seq);
    if (e.action.startsWith(action) && (!object || e.object === object) && (!actor || e.by === actor)) entries.push(e);
  }
  return { entries, next: seq > 0 ? seq + 1 : null, total: TOTAL };
}

export const verdict = (state: State): AuditVerdict =>
  state === 'broken'
    ? { whole: false, entries: 4171, head: hash(4171), fault: 4172, words: tx('L’entrée 4 172 ne correspond pas à son empreinte : elle, ou une entrée avant elle, a été modifiée en dehors du programme.', 'Entry 4,172 does not match its hash: it, or an entry before it, was altered outside the program.') }
    : { whole: true, entries: state === 'empty' ? 0 : TOTAL, head: hash(TOTAL), fault: null, words: tx('Chaque entrée correspond à son empreinte et à celle d’avant.', 'Every entry matches its hash and the one before.') };

export const publications = (state: State): Publication[] =>
  state === 'empty'
    ? []
    : [
        { process: 'retraite', label: 'Retraite personnelle', period: { from: '2026-10-01', to: '2026-10-31' }, rank: 1, at: '2026-11-06T09:12:00Z', by: 'Malo Perrin', reason: null, snapshot: 39, config_revision: 14, differences: [] },
        { process: 'retraite', label: 'Retraite personnelle', period: { from: '2026-03-01', to: '2026-03-31' }, rank: 2, at: '2026-06-15T14:00:00Z', by: 'Malo Perrin', reason: 'Fichier de mars livré incomplet, repris le 12 juin', snapshot: 27, config_revision: 12, differences: [{ id: 'stock', earlier: 4218, later: 4231 }, { id: 'in_time_due', earlier: 0.8123, later: 0.8057 }, { id: 'lead_time_p50', earlier: 22, later: 22.5 }] },
        { process: 'retraite', label: 'Retraite personnelle', period: { from: '2026-03-01', to: '2026-03-31' }, rank: 1, at: '2026-04-07T08:30:00Z', by: 'Malo Perrin', reason: null, snapshot: 18, config_revision: 11, differences: [] },
        { process: 'css', label: 'Complémentaire santé', period: { from: '2026-10-01', to: '2026-10-31' }, rank: 1, at: '2026-11-06T09:20:00Z', by: 'Malo Perrin', reason: null, snapshot: 39, config_revision: 14, differences: [] }
      ];

export const replay = (process: string): Replay =>
  process === 'css'
    ? { same: false, figures: 41, differences: [{ id: 'overdue', earlier: 1110, later: 1112 }, { id: 'in_time_due', earlier: 0.63, later: 0.6297 }] }
    : { same: true, figures: 41, differences: [] };

// — health —

export function system(state: State): System {
  const failing = state === 'broken';
  return {
    state: failing ? 'failing' : state === 'empty' ? 'warning' : 'ok',
    checks: [
      { id: 'registry', label: tx('Base', 'Registry'), state: 'ok', words: tx('118 imports comptés, intégrité vérifiée ce matin.', '118 imports counted, integrity verified this morning.') },
      { id: 'lake', label: tx('Données', 'Data files'), state: 'ok', words: tx('318 fichiers, tous lisibles, tailles et empreintes conformes.', '318 files, all readable, sizes and hashes as recorded.') },
      { id: 'audit', label: tx('Journal', 'Audit log'), state: failing ? 'failing' : 'ok', words: failing ? tx('La chaîne est rompue au rang 4 172. Ouvrez le journal, notez l’empreinte, et restaurez la dernière sauvegarde saine à côté pour comparer.', 'The chain breaks at rank 4,172. Open the log, write the hash down, and restore the last sound backup beside it to compare.') : tx('4 812 entrées, chaîne entière.', '4,812 entries, the chain is whole.') },
      { id: 'backup', label: tx('Sauvegarde', 'Backup'), state: state === 'empty' ? 'warning' : 'ok', words: state === 'empty' ? tx('Aucune sauvegarde n’a encore été faite : lancez-en une, puis répétez une restauration.', 'No backup has been made yet: make one, then rehearse a restore.') : tx('La dernière date de cette nuit, 2 h 00.', 'The last one dates from last night, 02:00.') },
      { id: 'rehearsal', label: tx('Répétition de restauration', 'Rehearsal of a restore'), state: failing ? 'failing' : state === 'empty' ? 'unknown' : 'ok', words: failing ? tx('La sauvegarde du 22/11/2026 ne se restaure pas : ne comptez pas sur elle. Faites une sauvegarde, répétez, et vérifiez le disque.', 'The backup of 22/11/2026 cannot be restored: do not rely on it. Make a backup, rehearse, and check the disk.') : tx('La dernière a rendu chaque chiffre à l’identique.', 'The last one gave every figure back the same.') },
      { id: 'disk', label: tx('Disque', 'Disk'), state: state === 'stale' ? 'warning' : 'ok', words: tx('Il reste 212 Go.', '212 GB are free.') },
      { id: 'jobs', label: tx('Tâches', 'Jobs'), state: 'ok', words: tx('Aucune tâche en attente.', 'No job is waiting.') },
      { id: 'calendar', label: tx('Calendriers', 'Calendars'), state: state === 'huge' ? 'warning' : 'ok', words: tx('Jours fériés connus jusqu’à fin 2028, vacances scolaires jusqu’à juillet 2027.', 'Public holidays known to the end of 2028, school holidays to July 2027.') }
    ],
    version: '0.1.0',
    database: state === 'huge' ? 'postgresql 15.14' : 'sqlite 3.50.4',
    schema: 2,
    lake_bytes: 1_842_000_000,
    lake_files: 318,
    free_bytes: 212_000_000_000,
    started_at: '2026-11-20T05:00:00Z',
    backups:
      state === 'empty'
        ? []
        : Array.from({ length: 8 }, (_, i) => ({ name: `${addDays('2026-11-22', -i)}T020000Z`, at: `${addDays('2026-11-22', -i)}T01:00:00Z`, bytes: 1_861_000_000 - i * 11_000_000, files: 319 - i })),
    rehearsals:
      state === 'empty'
        ? []
        : [
            failing
              ? { at: '2026-11-23T03:00:00Z', backup: '2026-11-22T020000Z', backup_at: '2026-11-22T01:00:00Z', ok: false, seconds: 41.2, words: tx('Le fichier events/retraite/2026-10/0042.parquet ne correspond pas à son empreinte : la sauvegarde est abîmée.', 'The file events/retraite/2026-10/0042.parquet does not match its hash: the backup is damaged.') }
              : { at: '2026-11-23T03:00:00Z', backup: '2026-11-22T020000Z', backup_at: '2026-11-22T01:00:00Z', ok: true, seconds: 44.6, words: tx('318 fichiers, 4 812 entrées de journal et 41 chiffres revenus à l’identique.', '318 files, 4,812 log entries and 41 figures came back the same.') },
            { at: '2026-11-16T03:00:00Z', backup: '2026-11-15T020000Z', backup_at: '2026-11-15T01:00:00Z', ok: true, seconds: 43.9, words: tx('316 fichiers, 4 320 entrées de journal et 41 chiffres revenus à l’identique.', '316 files, 4,320 log entries and 41 figures came back the same.') }
          ]
  };
}

// — oneself —

export const weeks = (purpose: string | null): Weeks => ({
  formula: tx('Tâches terminées dans la semaine, comptées une fois chacune, par processus et par activité. Aucune durée, aucun rang, rien de plus fin que la semaine.', 'Tasks ended in the week, each counted once, by process and activity. No duration, no rank, nothing finer than the week.'),
  purpose,
  period: { from: '2026-10-05', to: '2026-11-22' },
  weeks: Array.from({ length: 7 }, (_, i) => [
    { week: `2026-W${41 + i}`, process: 'retraite', activity: 'Étude des droits', tasks: 31 + ((i * 5) % 9) },
    { week: `2026-W${41 + i}`, process: 'retraite', activity: 'Notification', tasks: 22 + ((i * 7) % 6) }
  ]).flat()
});

export function me(state: State, who: string): Me {
  const owner = who === 'owner';
  const s = session(who);
  return {
    account: owner ? null : { ...accounts('usual')[0]!, login: s.login, name: s.name, second_factor: s.second_factor },
    person: owner || state === 'empty' ? null : person('p3', who),
    weeks: owner || state === 'empty' ? null : weeks(null),
    looks:
      owner || state === 'empty'
        ? []
        : [
            { at: '2026-11-18T09:20:00Z', by: 'Hélène Garnier', what: tx('vos semaines du 05/10/2026 au 15/11/2026', 'your weeks from 05/10/2026 to 15/11/2026'), purpose: 'Accompagner la montée en compétence des nouveaux techniciens' },
            { at: '2026-10-21T14:02:00Z', by: 'Étienne Lambert', what: tx('votre fiche', 'your record'), purpose: null }
          ],
    retention: RULES,
    sessions: owner
      ? []
      : [
          { created_at: '2026-11-23T07:12:00Z', seen_at: NOW, current: true },
          { created_at: '2026-11-20T13:45:00Z', seen_at: '2026-11-20T17:31:00Z', current: false }
        ]
  };
}

export const secondFactor = (): SecondFactor => ({
  uri: 'otpauth://totp/Eclusier:camille.moreau?secret=JBSWY3DPEHPK3PXP&issuer=Eclusier',
  secret: 'JBSW Y3DP EHPK 3PXP',
  svg: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21"><rect width="21" height="21" fill="#fff"/>${Array.from({ length: 21 * 21 }, (_, i) => ((i * 7 + Math.floor(i / 21) * 5 + (i % 4)) % 3 === 0 ? `<rect x="${i % 21}" y="${Math.floor(i / 21)}" width="1" height="1"/>` : '')).join('')}</svg>`
});

const DECLARATION = `La **Caisse de démonstration** s’engage à rendre cet outil accessible, conformément à l’article 47 de la loi n° 2005-102 du 11 février 2005.

## État de conformité

Éclusier est partiellement conforme au référentiel général d’amélioration de l’accessibilité (RGAA), version 4.1.2.

## Contenus non accessibles

- Un audit humain complet des 106 critères reste à faire.
- Le plan de l’organisation, à l’écran étroit, se lit niveau par niveau.

## Retour et contact

Écrivez à [l’équipe d’administration](mailto:accessibilite@caisse.example) : une réponse vous est due sous une semaine.

| Voie de recours | Adresse |
|---|---|
| Défenseur des droits | [formulaire](https://formulaire.defenseurdesdroits.fr) |
`;
export const page = (who: string, version = 2): Page => ({
  name: 'accessibility',
  title: tx('Déclaration d’accessibilité', 'Accessibility statement'),
  text: DECLARATION,
  conformity: 'partial',
  editable: session(who).permissions.includes('system.write'),
  version
});
export const notices = (): Page[] =>
  [
    ['notice-personnel', 'Notice au personnel', 'Notice to staff', '# Notice au personnel\n\nCe que l’outil mesure, et ce qu’il ne mesurera jamais.\n\n## Ce qui est mesuré\n\n- des **stocks**, des flux et des délais, par équipe ;\n- jamais un temps d’inactivité, jamais un classement.\n\n## Vos droits\n\n1. voir ce que l’outil sait de vous ;\n2. voir qui l’a consulté ;\n3. saisir le délégué à la protection des données.'],
    ['registre', 'Fiche du registre des traitements', 'Entry of the processing register', '# Registre des traitements\n\n| Rubrique | Contenu |\n|---|---|\n| Finalité | piloter la production |\n| Base | mission d’intérêt public |\n| Durée | détail individuel 3 mois, totaux hebdomadaires 13 mois |'],
    ['ouverture', 'Notice sur l’ouverture de données individuelles', 'Notice on the gate of individual data', '# Ouverture de données individuelles\n\nUne ouverture dit **pourquoi**, **sur qui**, **jusqu’à quand**.']
  ].map(([name, fr, en, text]) => ({ name: name!, title: tx(fr!, en!), text: text!, conformity: null, editable: false, version: 1 }));
