import { api, url } from './api/client';
import type { Process, Status } from './api/types';
import { listen, onChange } from './events';
import { i18n } from './i18n.svelte';
import { Resource } from './resource.svelte';

/** What the shell knows, and the signal that data changed. */
class AppState {
  status = new Resource<Status>();
  /** State of conformity of the declaration of accessibility, for the foot of every page. */
  conformity = $state('partial');
  #started = false;
  /** Grows each time data changed on the server; screens reload on it. */
  version = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  get processes(): Process[] {
    return this.status.data?.processes ?? [];
  }

  label(id: string | undefined): string {
    return this.processes.find((p) => p.id === id)?.label || id || '';
  }

  async #tell(): Promise<void> {
    const status = await this.status.load((s) => api.status(s));
    if (status && 'zone' in status && typeof status.zone === 'string') i18n.zone = status.zone;
  }

  /** Reads what the shell shows, once somebody is in. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#tell();
    this.#listen();
  }

  /** The foot of every page names the state of the declaration; open to all, and never in the way. */
  async declare(): Promise<void> {
    try {
      this.conformity = (await api.page('accessibility')).conformity ?? 'partial';
    } catch {
      /* the words of the template stand */
    }
  }

  /** Data changed: everything on view is read again. */
  async changed(): Promise<void> {
    await this.#tell();
    this.version += 1;
  }

  #listen() {
    listen(url.events);
    onChange((change) => {
      // A job that moves changes no figure.
      if (change.type === 'job') return;
      // Several imports in a row make one reload.
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.changed(), 400);
    });
  }
}

export const app = new AppState();
