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
  Cockpit,
  CasesPage,
  Config,
  ConfigPreview,
  ConfigRequest,
  ControlTotal,
  Flow,
  Import,
  ImportRequest,
  Job,
  LedgerRow,
  Preview,
  Problem,
  Status,
  TypedCounts
} from './types';

/** A refused request, with what to do; `status` 0 when nothing answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null
  ) {
    super(problem?.title ?? `HTTP ${status}`);
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
    throw new ApiError(response.status, p && typeof p === 'object' && p.text ? (p as Problem) : null);
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

export const api = {
  status: (signal?: AbortSignal): Promise<Status> => take(client.GET('/api/v1/status', { signal })),
  cockpit: (filter: Filter, signal?: AbortSignal): Promise<Cockpit> =>
    take(client.GET('/api/v1/cockpit', { params: { query: filter }, signal })),
  flow: (filter: Filter, signal?: AbortSignal): Promise<Flow> =>
    take(client.GET('/api/v1/flow', { params: { query: filter }, signal })),
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
    take(client.PUT('/api/v1/processes/{process}/config', { params: { path: { process } }, body }))
};

/** Addresses that the browser opens by itself (downloads, the stream of changes). */
export const url = {
  export: (what: 'stocks' | 'indicators' | 'ledger' | 'cases', format: 'xlsx' | 'csv', q: Record<string, string | undefined>) =>
    `/api/v1/exports/${what}.${format}${query(q)}`,
  quarantine: (id: number) => `/api/v1/imports/${id}/quarantine`,
  template: (what: 'counts' | 'events' | 'staff', lang: string) => `/api/v1/templates/${what}?lang=${lang}`,
  events: '/api/v1/events'
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
