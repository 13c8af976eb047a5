import { ApiError } from './api/client';

/**
 * What a screen loads: the last good answer stays on view while the next one is
 * on its way or has failed.
 */
export class Resource<T> {
  data = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  loading = $state(false);
  #abort: AbortController | null = null;

  async load(get: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.loading = true;
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
