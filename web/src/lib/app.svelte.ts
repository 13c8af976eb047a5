import { api, url } from './api/client';
import type { Process, Status } from './api/types';
import { Resource } from './resource.svelte';

/** What the shell knows, and the signal that data changed. */
class AppState {
  status = new Resource<Status>();
  /** Grows each time data changed on the server; screens reload on it. */
  version = $state(0);
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  get processes(): Process[] {
    return this.status.data?.processes ?? [];
  }

  label(id: string | undefined): string {
    return this.processes.find((p) => p.id === id)?.label || id || '';
  }

  async start(): Promise<void> {
    await this.status.load((s) => api.status(s));
    this.#listen();
  }

  /** Data changed: everything on view is read again. */
  async changed(): Promise<void> {
    await this.status.load((s) => api.status(s));
    this.version += 1;
  }

  #listen() {
    if (this.#source || typeof EventSource === 'undefined') return;
    const source = new EventSource(url.events);
    this.#source = source;
    const soon = () => {
      // Several imports in a row make one reload.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.changed(), 400);
    };
    const read = (e: Event) => {
      // A job that moves changes no figure; anything else may.
      const data = (e as MessageEvent<string>).data ?? '';
      if (/"job"/i.test(data) && !/"process"/i.test(data)) return;
      soon();
    };
    for (const name of ['message', 'changed', 'change', 'process']) source.addEventListener(name, read);
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) this.#source = null;
    };
  }
}

export const app = new AppState();
