import { ApiError } from '../../api/client';

/** What a room asks of the program: the last answer stays on view, and the one under way can be stopped. */
export class Asked<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  /** The person stopped it. */
  stopped = $state(false);
  #abort: AbortController | null = null;

  async load(get: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
    this.stopped = false;
    try {
      const data = await get(abort.signal);
      if (this.#abort !== abort) return null;
      this.data = data;
      this.error = null;
      return data;
    } catch (e) {
      if (this.#abort !== abort || (e instanceof DOMException && e.name === 'AbortError')) return null;
      this.error = ApiError.of(e);
      return null;
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }

  /** Stops what is under way; the program is told by the request that closes. */
  stop(): void {
    if (!this.loading) return;
    this.#abort?.abort();
    this.#abort = null;
    this.loading = false;
    this.stopped = true;
  }

  forget(): void {
    this.stop();
    this.data = null;
    this.error = null;
    this.stopped = false;
  }
}
