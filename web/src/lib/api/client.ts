/**
 * The only place that knows the addresses of the API. The client is typed by the
 * OpenAPI description; an answer that is not a success becomes an [`ApiError`].
 */
import createClient from 'openapi-fetch';
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
  ImportReport,
  ImportRequest,
  Job,
  Mapping,
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

export const api = {
  status: (signal?: AbortSignal): Promise<Status> => take(client.GET('/api/status', { signal })),
  cockpit: (filter: Filter, signal?: AbortSignal): Promise<Cockpit> =>
    take(client.GET('/api/cockpit', { params: { query: filter }, signal })),
  flow: (filter: Filter, signal?: AbortSignal): Promise<Flow> =>
    take(client.GET('/api/flow', { params: { query: filter }, signal })),
  cases: (q: Record<string, string>, signal?: AbortSignal): Promise<CasesPage> =>
    take(client.GET('/api/cases', { params: { query: q }, signal })),

  upload: (file: Blob, name: string, process?: string): Promise<Preview> =>
    take(
      client.POST('/api/uploads', {
        params: { query: { name, process } },
        body: file as unknown as string,
        bodySerializer: (b: unknown) => b as BodyInit,
        headers: { 'Content-Type': 'application/octet-stream' }
      })
    ),
  preview: (upload: string, body: ImportRequest): Promise<Preview> =>
    take(client.POST('/api/uploads/{upload}/preview', { params: { path: { upload } }, body })),
  import: (upload: string, body: ImportRequest): Promise<Job> =>
    take(client.POST('/api/uploads/{upload}/import', { params: { path: { upload } }, body })),
  jobs: (): Promise<Job[]> => take(client.GET('/api/jobs')),
  job: (id: string): Promise<Job> => take(client.GET('/api/jobs/{id}', { params: { path: { id } } })),
  cancelJob: (id: string): Promise<Job> =>
    take(client.POST('/api/jobs/{id}/cancel', { params: { path: { id } } })),
  demo: (): Promise<Job> => take(client.POST('/api/demo')),
  imports: (process?: string, signal?: AbortSignal): Promise<Import[]> =>
    take(client.GET('/api/imports', { params: { query: { process } }, signal })),
  undo: (id: number): Promise<Job> =>
    take(client.POST('/api/imports/{id}/undo', { params: { path: { id } } })),
  mappings: (): Promise<Mapping[]> => take(client.GET('/api/mappings')),
  counts: (day: string, signal?: AbortSignal): Promise<TypedCounts[]> =>
    take(client.GET('/api/counts', { params: { query: { day } }, signal })),
  saveCounts: (rows: TypedCounts[]): Promise<ImportReport> =>
    take(client.POST('/api/counts', { body: rows })),
  controlTotals: (signal?: AbortSignal): Promise<ControlTotal[]> =>
    take(client.GET('/api/control-totals', { signal })),
  saveControlTotal: (body: ControlTotal): Promise<ControlTotal> =>
    take(client.POST('/api/control-totals', { body })),
  config: (process: string, signal?: AbortSignal): Promise<Config> =>
    take(client.GET('/api/config/{process}', { params: { path: { process } }, signal })),
  previewConfig: (process: string, body: ConfigRequest): Promise<ConfigPreview> =>
    take(client.POST('/api/config/{process}/preview', { params: { path: { process } }, body })),
  saveConfig: (process: string, body: ConfigRequest): Promise<Config> =>
    take(client.PUT('/api/config/{process}', { params: { path: { process } }, body }))
};

/** Addresses that the browser opens by itself (downloads). */
export const url = {
  export: (what: 'stocks' | 'ledger' | 'cases', format: 'xlsx' | 'csv', q: Record<string, string | undefined>) =>
    `/api/export/${what}.${format}${query(q)}`,
  quarantine: (id: number) => `/api/imports/${id}/quarantine`,
  template: (what: 'counts' | 'events' | 'staff', lang: string) =>
    `/api/templates/${what}.xlsx?lang=${lang}`,
  events: '/api/events',
  jobEvents: (id: string) => `/api/jobs/${encodeURIComponent(id)}/events`
};

const OVER = new Set(['done', 'failed', 'cancelled', 'interrupted']);
export const jobOver = (job: Job): boolean => OVER.has(job.status);

/**
 * Follows a job until it ends: server-sent events first, polling when they are
 * not to be had. Returns the function that stops following.
 */
export function watchJob(id: string, seen: (job: Job) => void, lost: (e: ApiError) => void): () => void {
  let stopped = false;
  let source: EventSource | null = null;
  let failures = 0;
  const stop = () => {
    stopped = true;
    source?.close();
  };
  const see = (job: Job) => {
    if (stopped) return;
    if (jobOver(job)) stop();
    seen(job);
  };
  const poll = async () => {
    while (!stopped) {
      try {
        see(await api.job(id));
        failures = 0;
      } catch (e) {
        failures += 1;
        if (failures > 5 && !stopped) {
          stop();
          lost(e instanceof ApiError ? e : new ApiError(0, null));
        }
      }
      await new Promise((r) => setTimeout(r, 600));
    }
  };
  try {
    source = new EventSource(url.jobEvents(id));
    const read = (e: Event) => {
      try {
        see(JSON.parse((e as MessageEvent<string>).data) as Job);
      } catch {
        /* a comment or a half message: the next one follows */
      }
    };
    source.onmessage = read;
    source.addEventListener('job', read);
    source.addEventListener('progress', read);
    source.onerror = () => {
      source?.close();
      if (!stopped) void poll();
    };
  } catch {
    void poll();
  }
  return stop;
}
