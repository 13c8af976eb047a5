import { api, ApiError, clockAhead, onUnauthenticated } from '../api/client';
import type { Session } from '../api/types';
import { endOf, WARN_MS, type End } from './clock';

/**
 * Who the browser is for the program. Once somebody is in, the page stays mounted
 * whatever happens: an ended session covers it, and what was typed under the cover
 * is found again by the same person.
 */
class SessionState {
  data = $state.raw<Session | null>(null);
  error = $state.raw<ApiError | null>(null);
  /** Whether screens may be shown; stays so under the cover. */
  inside = $state(false);
  /** Whether the page is covered by the sign-in. */
  covered = $state(false);
  /** End to warn of, when it is near. */
  ending = $state.raw<End | null>(null);
  #known: { login: string; name: string } | null = null;
  #waiting: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    onUnauthenticated(() => this.#again());
    if (typeof document !== 'undefined') {
      // A machine that slept wakes up on a session that may be over.
      document.addEventListener('visibilitychange', () => {
        // So does a page whose person signs in again in another tab.
        if (document.visibilityState !== 'visible' || !this.inside) return;
        if (this.covered || endOf(this.data, clockAhead)) void this.load();
      });
    }
  }

  /** Who the cover asks for. */
  get known(): string {
    return this.#known?.name || this.#known?.login || '';
  }

  get knownLogin(): string {
    return this.#known?.login ?? '';
  }

  can(permission: string): boolean {
    return this.data?.permissions.includes(permission) ?? false;
  }

  canAny(permissions: readonly string[]): boolean {
    return permissions.length === 0 || permissions.some((p) => this.can(p));
  }

  async load(): Promise<void> {
    try {
      this.take(await api.session());
    } catch (e) {
      this.error = ApiError.of(e);
      // Nobody can tell yet: asked again a little later, without covering the page.
      if (this.inside) this.#plan(15_000);
    }
  }

  /** Takes what the program says of the session. */
  take(now: Session): void {
    this.error = null;
    const enters = now.state === 'owner' || (now.state === 'signed_in' && !now.must_change);
    if (enters && this.#known !== null && this.#known.login !== now.login) {
      // Another person: nothing of the page may stay.
      location.reload();
      return;
    }
    if (!enters && this.inside) {
      this.data = { ...now, permissions: this.data?.permissions ?? [], roles: this.data?.roles ?? [] };
      this.ending = null;
      clearTimeout(this.#timer);
      this.covered = true;
      return;
    }
    this.data = now;
    if (!enters) return;
    this.#known = { login: now.login, name: now.name };
    this.inside = true;
    this.covered = false;
    for (const go of this.#waiting.splice(0)) go();
    this.#watch();
  }

  /** The owner of the machine becomes the first account: the same person, under a name. */
  begin(now: Session): void {
    this.#known = null;
    this.take(now);
  }

  async extend(): Promise<void> {
    try {
      this.take(await api.extend());
    } catch (e) {
      if (ApiError.of(e).status === 0) this.#plan(5_000);
      else await this.load();
    }
  }

  async signOut(): Promise<void> {
    // Whoever comes next on a shared machine must not find the provider still signed in.
    const end = await api.providerEnd().catch(() => null);
    try {
      await api.signOut();
    } finally {
      // The whole page goes: nothing read stays in its memory.
      location.assign(end?.address || '/connexion?sorti=1');
    }
  }

  #again(): Promise<void> {
    if (!this.inside) return Promise.resolve();
    this.covered = true;
    this.ending = null;
    if (this.data?.state === 'signed_in') this.data = { ...this.data, state: 'signed_out' };
    return new Promise((go) => this.#waiting.push(go));
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    // Longer waits than a timer can hold are taken in several goes.
    this.#timer = setTimeout(() => void this.load(), Math.min(Math.max(ms, 1_000), 2_000_000_000));
  }

  /**
   * Another tab, or any request, may have put the end off: the program is asked
   * again before the warning is shown, and before the page is covered.
   */
  #watch(): void {
    const end = endOf(this.data, clockAhead);
    clearTimeout(this.#timer);
    if (!end) {
      this.ending = null;
      return;
    }
    const ms = end.at - Date.now();
    this.ending = ms <= WARN_MS + 500 ? end : null;
    this.#plan(ms <= WARN_MS + 500 ? ms + 300 : ms - WARN_MS);
  }
}

export const session = new SessionState();
