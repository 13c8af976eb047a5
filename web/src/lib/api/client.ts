/**
 * The only place that knows the addresses of the API. The client is typed by the
 * OpenAPI description; an answer that is not a success becomes an [`ApiError`].
 */
import createClient from 'openapi-fetch';
import { onChange } from '../events';
import type { Filter } from '../filters';
import { query } from '../filters';
import type { paths } from './schema';
import type {
  Account,
  AccountChange,
  AuditPage,
  AuditVerdict,
  Cockpit,
  CasesPage,
  Config,
  ConfigPreview,
  ConfigRequest,
  ConfigSheet,
  ControlTotal,
  FactBody,
  Flow,
  Foresight,
  ForesightQuery,
  Gate,
  GateBody,
  Grant,
  GrantBody,
  GrantEnd,
  Import,
  ImportRequest,
  Job,
  LedgerRow,
  Me,
  NewAccount,
  NewAccountBody,
  NewToken,
  NodeBody,
  Organisation,
  OrgNode,
  Page,
  PageBody,
  PeoplePage,
  PersonBody,
  PersonDetail,
  Preview,
  Problem,
  Publication,
  PublicationBody,
  Replay,
  Retention,
  Rights,
  SecondFactor,
  Session,
  SetupBody,
  StaffImport,
  StaffQuery,
  Status,
  System,
  Token,
  TokenBody,
  TypedCounts,
  Weeks
} from './types';
import type * as R from '../processus/types-rooms';

/** A refused request, with what to do; `status` 0 when nothing answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    /** Seconds to wait before asking again, when the program says so. */
    readonly retryAfter: number | null = null
  ) {
    super(problem?.title ?? `HTTP ${status}`);
  }

  /** Last part of the kind: `stale`, `forbidden`, `credentials`… */
  get kind(): string {
    return this.problem?.type?.split(':').at(-1) ?? '';
  }

  /** What a `catch` holds, as an error of the API. */
  static of(e: unknown): ApiError {
    return e instanceof ApiError ? e : new ApiError(0, null);
  }
}

const client = createClient<paths>({ baseUrl: '' });

/** Waits for an answer and gives its data, or throws an [`ApiError`]. */
async function take<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>
): Promise<T> {
  let got;
  try {
    got = await answer;
  } catch (e) {
    if (e instanceof DOMException && e.name === 'AbortError') throw e;
    throw new ApiError(0, null);
  }
  const { data, error, response } = got;
  if (!response.ok) {
    const p = error as Partial<Problem> | undefined;
    const wait = Number(response.headers.get('retry-after') ?? NaN);
    throw new ApiError(
      response.status,
      p && typeof p === 'object' && p.text ? (p as Problem) : null,
      Number.isFinite(wait) ? wait : null
    );
  }
  return data as T;
}

// The answers say words in both languages; the few that say one follow the screen.
client.use({
  onRequest({ request }) {
    if (typeof document !== 'undefined') request.headers.set('Accept-Language', document.documentElement.lang || 'fr');
    return request;
  }
});

/**
 * When the program no longer knows who asks, the page is covered by the sign-in
 * and the request waits: it was not carried out, so it is sent again as it was.
 */
let signInAgain: (() => Promise<void>) | null = null;
export const onUnauthenticated = (ask: () => Promise<void>): void => {
  signInAgain = ask;
};
const copies = new WeakMap<Request, Request>();
client.use({
  onRequest({ request }) {
    if (request.body) copies.set(request, request.clone());
    return request;
  },
  async onResponse({ request, response, schemaPath }) {
    if (response.status !== 401 || !signInAgain || request.headers.has('authorization')) return response;
    // What signs in is not asked to wait for the sign-in.
    if (schemaPath.startsWith('/api/v1/session')) return response;
    const told = (await response
      .clone()
      .json()
      .catch(() => null)) as Partial<Problem> | null;
    if (!told?.type?.endsWith(':unauthenticated')) return response;
    await signInAgain();
    return fetch(copies.get(request) ?? new Request(request));
  }
});

/** How far the clock of the program is ahead of that of the browser, in milliseconds. */
export let clockAhead = 0;
client.use({
  onResponse({ response, schemaPath }) {
    const date = Date.parse(response.headers.get('date') ?? '');
    if (schemaPath.startsWith('/api/v1/session') && Number.isFinite(date)) clockAhead = date - Date.now();
    return response;
  }
});

/** The answers about a log share one shape of address: their types are named by who asks. */
const mined = client.GET as unknown as <T>(
  path: string,
  init: { params: { path: { process: string }; query: Record<string, string> }; signal?: AbortSignal }
) => Promise<{ data?: T; error?: unknown; response: Response }>;

export const api = {
  status: (signal?: AbortSignal, token?: string | null): Promise<Status> =>
    take(client.GET('/api/v1/status', { headers: token ? { authorization: `Bearer ${token}` } : {}, signal })),
  cockpit: (filter: Filter, signal?: AbortSignal): Promise<Cockpit> =>
    take(client.GET('/api/v1/cockpit', { params: { query: filter }, signal })),
  flow: (filter: Filter, signal?: AbortSignal): Promise<Flow> =>
    take(client.GET('/api/v1/flow', { params: { query: filter }, signal })),
  foresight: (q: ForesightQuery, signal?: AbortSignal): Promise<Foresight> =>
    take(client.GET('/api/v1/foresight', { params: { query: q }, signal })),
  ledger: (filter: Filter, signal?: AbortSignal): Promise<LedgerRow[]> =>
    take(client.GET('/api/v1/ledger', { params: { query: filter }, signal })),
  cases: (q: Record<string, string>, signal?: AbortSignal): Promise<CasesPage> =>
    take(client.GET('/api/v1/cases', { params: { query: q }, signal })),

  upload: (file: Blob, name: string): Promise<Preview> => {
    const form = new FormData();
    form.append('file', file, name);
    return take(
      client.POST('/api/v1/uploads', { body: { file: '' }, bodySerializer: () => form })
    );
  },
  inspect: (upload: string, body: { kind?: string; mapping?: string }): Promise<Preview> =>
    take(client.POST('/api/v1/uploads/{upload}/inspect', { params: { path: { upload } }, body })),
  import: (upload: string, body: ImportRequest): Promise<Job> =>
    take(client.POST('/api/v1/uploads/{upload}/import', { params: { path: { upload } }, body })),
  forget: (upload: string): Promise<void> =>
    take(client.DELETE('/api/v1/uploads/{upload}', { params: { path: { upload } } })),
  job: (id: string): Promise<Job> =>
    take(client.GET('/api/v1/jobs/{id}', { params: { path: { id: Number(id) } } })),
  cancelJob: (id: string): Promise<Job> =>
    take(client.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id: Number(id) } } })),
  imports: (process?: string, signal?: AbortSignal): Promise<Import[]> =>
    take(client.GET('/api/v1/imports', { params: { query: { process } }, signal })),
  undo: (id: number, reason: string): Promise<Job> =>
    take(client.POST('/api/v1/imports/{id}/undo', { params: { path: { id } }, body: { reason } })),
  saveCounts: (row: TypedCounts): Promise<Import> => take(client.POST('/api/v1/counts', { body: row })),
  controlTotals: (signal?: AbortSignal): Promise<ControlTotal[]> =>
    take(client.GET('/api/v1/control-totals', { signal })),
  saveControlTotal: (body: ControlTotal): Promise<ControlTotal[]> =>
    take(client.PUT('/api/v1/control-totals', { body })),
  config: (process: string, signal?: AbortSignal): Promise<Config> =>
    take(client.GET('/api/v1/processes/{process}/config', { params: { path: { process } }, signal })),
  previewConfig: (process: string, body: ConfigRequest): Promise<ConfigPreview> =>
    take(client.POST('/api/v1/processes/{process}/config/preview', { params: { path: { process } }, body })),
  saveConfig: (process: string, body: ConfigRequest): Promise<Config> =>
    take(client.PUT('/api/v1/processes/{process}/config', { params: { path: { process } }, body })),
  /** Reads a spreadsheet over the rules in force; nothing is stored. */
  readConfigSheet: (process: string, file: Blob, name: string): Promise<ConfigSheet> => {
    const form = new FormData();
    form.append('file', file, name);
    return take(
      client.POST('/api/v1/processes/{process}/config/sheet', {
        params: { path: { process } },
        body: { file: '' },
        bodySerializer: () => form
      })
    );
  },

  session: (): Promise<Session> => take(client.GET('/api/v1/session')),
  signIn: (login: string, password: string): Promise<Session> =>
    take(client.POST('/api/v1/session', { body: { login, password } })),
  signInCode: (code: string): Promise<Session> => take(client.POST('/api/v1/session/second', { body: { code } })),
  extend: (): Promise<Session> => take(client.POST('/api/v1/session/extend')),
  /** Where the provider of this session ends its own; asked before signing out. */
  providerEnd: (): Promise<{ address?: string | null }> => take(client.GET('/api/v1/oidc/end')),
  signOut: (): Promise<void> => take(client.DELETE('/api/v1/session')),
  setup: (body: SetupBody): Promise<Session> => take(client.POST('/api/v1/setup', { body })),

  me: (signal?: AbortSignal): Promise<Me> => take(client.GET('/api/v1/me', { signal })),
  password: (current: string, next: string): Promise<void> =>
    take(client.PUT('/api/v1/me/password', { body: { current, new: next } })),
  startSecondFactor: (): Promise<SecondFactor> => take(client.POST('/api/v1/me/second-factor')),
  confirmSecondFactor: (code: string): Promise<{ codes: string[] }> =>
    take(client.PUT('/api/v1/me/second-factor', { body: { code } })),
  dropSecondFactor: (code: string): Promise<void> =>
    take(client.DELETE('/api/v1/me/second-factor', { body: { code } })),
  endOtherSessions: (): Promise<void> => take(client.DELETE('/api/v1/me/sessions')),

  accounts: (signal?: AbortSignal): Promise<Account[]> => take(client.GET('/api/v1/accounts', { signal })),
  addAccount: (body: NewAccountBody): Promise<NewAccount> => take(client.POST('/api/v1/accounts', { body })),
  changeAccount: (id: string, body: AccountChange): Promise<Account> =>
    take(client.PUT('/api/v1/accounts/{id}', { params: { path: { id } }, body })),
  newPassword: (id: string): Promise<NewAccount> =>
    take(client.POST('/api/v1/accounts/{id}/password', { params: { path: { id } } })),
  tokens: (signal?: AbortSignal): Promise<Token[]> => take(client.GET('/api/v1/tokens', { signal })),
  addToken: (body: TokenBody): Promise<NewToken> => take(client.POST('/api/v1/tokens', { body })),
  revokeToken: (id: string): Promise<void> =>
    take(client.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),

  rights: (signal?: AbortSignal): Promise<Rights> => take(client.GET('/api/v1/rights', { signal })),
  grant: (body: GrantBody): Promise<Grant> => take(client.POST('/api/v1/grants', { body })),
  endGrant: (id: string, body: GrantEnd): Promise<Grant> =>
    take(client.PUT('/api/v1/grants/{id}', { params: { path: { id } }, body })),
  delegations: (signal?: AbortSignal): Promise<Grant[]> => take(client.GET('/api/v1/delegations', { signal })),
  delegate: (body: GrantBody): Promise<Grant> => take(client.POST('/api/v1/delegations', { body })),

  gates: (signal?: AbortSignal): Promise<Gate[]> => take(client.GET('/api/v1/gates', { signal })),
  openGate: (body: GateBody): Promise<Gate> => take(client.POST('/api/v1/gates', { body })),
  closeGate: (id: string, reason: string): Promise<Gate> =>
    take(client.POST('/api/v1/gates/{id}/closing', { params: { path: { id } }, body: { reason } })),
  retention: (signal?: AbortSignal): Promise<Retention> => take(client.GET('/api/v1/retention', { signal })),
  purge: (): Promise<Retention> => take(client.POST('/api/v1/retention/purge')),

  audit: (
    q: { before?: number; limit?: number; action?: string; object?: string; actor?: string },
    signal?: AbortSignal
  ): Promise<AuditPage> => take(client.GET('/api/v1/audit', { params: { query: q }, signal })),
  auditVerdict: (signal?: AbortSignal): Promise<AuditVerdict> => take(client.GET('/api/v1/audit/verdict', { signal })),
  publications: (process?: string, signal?: AbortSignal): Promise<Publication[]> =>
    take(client.GET('/api/v1/publications', { params: { query: { process } }, signal })),
  publish: (body: PublicationBody): Promise<Publication[]> => take(client.POST('/api/v1/publications', { body })),
  restate: (body: PublicationBody): Promise<Publication[]> =>
    take(client.POST('/api/v1/publications/restatements', { body })),
  replay: (q: { process: string; from: string; to: string; rank?: number }): Promise<Replay> =>
    take(client.GET('/api/v1/publications/replay', { params: { query: q } })),

  system: (signal?: AbortSignal): Promise<System> => take(client.GET('/api/v1/system', { signal })),
  backUp: (): Promise<Job> => take(client.POST('/api/v1/system/backups')),
  rehearse: (): Promise<Job> => take(client.POST('/api/v1/system/rehearsals')),

  organisation: (day?: string, signal?: AbortSignal): Promise<Organisation> =>
    take(client.GET('/api/v1/organisation', { params: { query: { day } }, signal })),
  addNode: (body: NodeBody): Promise<OrgNode> => take(client.POST('/api/v1/organisation/nodes', { body })),
  changeNode: (id: string, body: NodeBody): Promise<OrgNode> =>
    take(client.PUT('/api/v1/organisation/nodes/{id}', { params: { path: { id } }, body })),
  people: (
    q: { node?: string; day?: string; search?: string; all?: boolean; offset?: number; limit?: number },
    signal?: AbortSignal
  ): Promise<PeoplePage> => take(client.GET('/api/v1/people', { params: { query: q }, signal })),
  person: (id: string, signal?: AbortSignal): Promise<PersonDetail> =>
    take(client.GET('/api/v1/people/{id}', { params: { path: { id } }, signal })),
  addPerson: (body: PersonBody): Promise<PersonDetail> => take(client.POST('/api/v1/people', { body })),
  changePerson: (id: string, body: PersonBody): Promise<PersonDetail> =>
    take(client.PUT('/api/v1/people/{id}', { params: { path: { id } }, body })),
  addFact: (id: string, body: FactBody): Promise<PersonDetail> =>
    take(client.POST('/api/v1/people/{id}/facts', { params: { path: { id } }, body })),
  changeFact: (id: string, fact: number, body: FactBody): Promise<PersonDetail> =>
    take(client.PUT('/api/v1/people/{id}/facts/{fact}', { params: { path: { id, fact } }, body })),
  dropFact: (id: string, fact: number, version: number): Promise<PersonDetail> =>
    take(client.DELETE('/api/v1/people/{id}/facts/{fact}', { params: { path: { id, fact }, query: { version } } })),
  weeks: (id: string, from: string, to: string, signal?: AbortSignal): Promise<Weeks> =>
    take(client.GET('/api/v1/people/{id}/weeks', { params: { path: { id }, query: { from, to } }, signal })),
  importStaff: (file: Blob, name: string, query: StaffQuery): Promise<StaffImport> => {
    const form = new FormData();
    form.append('file', file, name);
    return take(
      client.POST('/api/v1/organisation/imports', {
        params: { query },
        body: { file: '' },
        bodySerializer: () => form
      })
    );
  },

  /** Answers about the log of a process: `map`, `variants`, `cases/{case}/timeline`… */
  mining: <T>(process: string, what: string, q: Record<string, string>, signal?: AbortSignal): Promise<T> =>
    take(mined<T>(`/api/v1/processes/{process}/${what}`, { params: { path: { process }, query: q }, signal })),

  page: (name: string, signal?: AbortSignal): Promise<Page> =>
    take(client.GET('/api/v1/pages/{name}', { params: { path: { name } }, signal })),
  savePage: (name: string, body: PageBody): Promise<Page> =>
    take(client.PUT('/api/v1/pages/{name}', { params: { path: { name } }, body })),
  notices: (signal?: AbortSignal): Promise<Page[]> => take(client.GET('/api/v1/notices', { signal })),

  /** The wall screen; a token of its own goes in a header, never in an address. */
  wall: (token: string | null, process: string | undefined, signal?: AbortSignal): Promise<Cockpit> =>
    take(
      client.GET('/api/v1/wall', {
        params: { query: { process } },
        headers: token ? { authorization: `Bearer ${token}` } : {},
        signal
      })
    )
};

/** The rooms of a process: `q` is the filter of the bar and of the cases. */
type Query = Record<string, string>;
type Loose = (path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const loose = client as unknown as Record<'GET' | 'POST' | 'PUT' | 'DELETE', Loose>;
const inProcess = (process: string, what: string) => `/api/v1/processes/${encodeURIComponent(process)}/${what}`;
const read = <T>(process: string, what: string, q: Query, signal?: AbortSignal): Promise<T> =>
  take<T>(loose.GET(inProcess(process, what), { params: { query: q }, signal }) as Promise<{ data?: T; response: Response }>);
const send = <T>(method: 'POST' | 'PUT' | 'DELETE', process: string, what: string, body?: unknown): Promise<T> =>
  take<T>(loose[method](inProcess(process, what), { body }) as Promise<{ data?: T; response: Response }>);

export const rooms = {
  waits: (p: string, q: Query, s?: AbortSignal) => read<R.Waits>(p, 'waits', q, s),
  rework: (p: string, q: Query, s?: AbortSignal) => read<R.Rework>(p, 'rework', q, s),
  handovers: (p: string, by: 'unit' | 'resource', q: Query, s?: AbortSignal) => read<R.Handovers>(p, 'handovers', { ...q, by }, s),
  unitTimes: (p: string, q: Query, s?: AbortSignal) => read<R.UnitTimes>(p, 'unit-times', q, s),
  costs: (p: string, q: Query, s?: AbortSignal) => read<R.Costs>(p, 'costs', q, s),
  losses: (p: string, q: Query, s?: AbortSignal) => read<R.Losses>(p, 'losses', { ...q, top: '50' }, s),
  lateness: (p: string, q: Query, s?: AbortSignal) => read<R.Lateness>(p, 'lateness', q, s),
  discover: (p: string, noise: number, q: Query, s?: AbortSignal) => read<R.Discovery>(p, 'discover', { ...q, noise: String(noise) }, s),
  models: (p: string, s?: AbortSignal) => read<R.Model[]>(p, 'models', {}, s),
  model: (p: string, id: number, s?: AbortSignal) => read<R.Model>(p, `models/${id}`, {}, s),
  keepModel: (p: string, body: R.ModelBody) => send<R.Model>('POST', p, 'models', body),
  dropModel: (p: string, id: number) => send<void>('DELETE', p, `models/${id}`),
  /** Against a reference model, or against the one discovered with a threshold. */
  conformance: (p: string, against: { model: number } | { noise: number }, method: string, q: Query, s?: AbortSignal) =>
    read<R.Conformance>(p, 'conformance', { ...q, ...('model' in against ? { model: String(against.model) } : { noise: String(against.noise) }), method }, s),
  stream: (p: string, q: Query, s?: AbortSignal) => read<R.Stream>(p, 'value-stream', q, s),
  workshop: (p: string, s?: AbortSignal) => read<R.Workshop>(p, 'workshop', {}, s),
  saveWorkshop: (p: string, content: R.WorkshopBody, version: number) => send<R.Workshop>('PUT', p, 'workshop', { content, version }),
  suitability: (s?: AbortSignal): Promise<R.Suitability[]> =>
    take(loose.GET('/api/v1/suitability', { signal: s }) as Promise<{ data?: R.Suitability[]; response: Response }>)
};

/** Addresses that the browser opens by itself (downloads, the stream of changes). */
export const url = {
  stream: (process: string, file: 'pdf' | 'svg', q: Record<string, string>) => `${inProcess(process, `pages/value-stream.${file}`)}${query(q)}`,
  export: (what: 'stocks' | 'indicators' | 'ledger' | 'cases', format: 'xlsx' | 'csv', q: Record<string, string | undefined>) =>
    `/api/v1/exports/${what}.${format}${query(q)}`,
  quarantine: (id: number) => `/api/v1/imports/${id}/quarantine`,
  template: (what: 'counts' | 'events' | 'staff' | 'absences', lang: string) => `/api/v1/templates/${what}?lang=${lang}`,
  config: (process: string, format: 'xlsx' | 'csv', lang: string) =>
    `/api/v1/processes/${encodeURIComponent(process)}/config/files/config.${format}${query({ lang })}`,
  events: '/api/v1/events',
  provider: (id: string, back: string) => `/api/v1/oidc/${encodeURIComponent(id)}/start${query({ retour: back })}`,
  staff: (file: 'staff.xlsx' | 'staff.csv' | 'absences.ics', day?: string) =>
    `/api/v1/organisation/exports/${file}${query({ day })}`
};

const OVER = new Set(['done', 'failed', 'cancelled', 'interrupted']);
export const jobOver = (job: Job): boolean => OVER.has(job.status);

/**
 * Follows a job until it ends: asked again on each change announced, and every
 * half second in case the announcements are not to be had. Returns the function
 * that stops following.
 */
export function watchJob(id: string, seen: (job: Job) => void, lost: (e: ApiError) => void): () => void {
  let stopped = false;
  let asking = false;
  let failures = 0;
  const stop = () => {
    stopped = true;
    clearInterval(timer);
    quiet();
  };
  const ask = async () => {
    if (asking || stopped) return;
    asking = true;
    try {
      const job = await api.job(id);
      failures = 0;
      if (!stopped) {
        if (jobOver(job)) stop();
        seen(job);
      }
    } catch (e) {
      failures += 1;
      if (!stopped && (failures > 6 || (e instanceof ApiError && e.status === 404))) {
        stop();
        lost(e instanceof ApiError ? e : new ApiError(0, null));
      }
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void ask(), 500);
  const quiet = onChange((c) => {
    if (c.type === 'job' && String(c.id) === id) void ask();
  });
  void ask();
  return stop;
}
