import { ApiError } from './api/client';

/**
 * What a screen loads: the last good answer stays on view while the next one is
 * on its way or has failed.
 */
export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  /** Whether the person stopped the last load. */
  stopped = $state(false);
  #abort: AbortController | null = null;

  /** Stops what is on its way; the last good answer stays. */
  cancel(): void {
    if (!this.#abort) return;
    this.#abort.abort();
    this.#abort = null;
    this.loading = false;
    this.stopped = true;
  }

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
      this.error = e instanceof ApiError ? e : new ApiError(0, null);
      return null;
    } finally {
      if (this.#abort === abort) this.loading = false;
    }
  }
}
