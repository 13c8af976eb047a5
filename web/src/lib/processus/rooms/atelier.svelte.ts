import { ApiError, rooms } from '../../api/client';
import { conflictLines, type Field, type Line } from '../../conflict';
import { i18n } from '../../i18n.svelte';
import { live } from '../../live.svelte';
import type { WorkshopBody } from '../types-rooms';
import { blank, equal, mergeWorkshop } from './workshop';

/** What the workshop of a process wrote: read once, changed on screen, saved whole with its version. */
export class Atelier {
  body = $state.raw<WorkshopBody>(blank());
  #seen = $state.raw<WorkshopBody>(blank());
  #now: { content: WorkshopBody; version: number; at?: string | null; by?: string | null } | null = null;
  version = $state(0);
  at = $state<string | null>(null);
  by = $state<string | null>(null);
  ready = $state(false);
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** Somebody saved meanwhile: what moved, field by field. */
  lines = $state.raw<Line[] | null>(null);
  dirty = $derived(!equal(this.body, this.#seen));
  readonly #process: string;

  constructor(process: string) {
    this.#process = process;
  }

  async load(): Promise<void> {
    // What is being typed is never thrown away by reading again.
    if (this.ready && (this.dirty || this.lines)) return;
    try {
      const got = await rooms.workshop(this.#process);
      if (!this.dirty) this.#take(got);
    } catch (e) {
      this.error = ApiError.of(e);
    }
  }

  #take(w: { content: WorkshopBody; version: number; at?: string | null; by?: string | null }) {
    this.body = { ...blank(), ...w.content };
    this.#seen = this.body;
    this.version = w.version;
    this.at = w.at ?? null;
    this.by = w.by ?? null;
    this.ready = true;
    this.error = null;
    this.lines = null;
    this.#now = null;
  }

  change(part: Partial<WorkshopBody>): void {
    this.body = { ...this.body, ...part };
  }

  async save(): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      this.#take(await rooms.saveWorkshop(this.#process, this.body, this.version));
      live.say(i18n.t.rooms.flow.saved);
      return true;
    } catch (e) {
      const error = ApiError.of(e);
      if (error.kind === 'stale' || error.status === 409) await this.#compare(error);
      else this.error = error;
      return false;
    } finally {
      this.busy = false;
    }
  }

  async #compare(refused: ApiError): Promise<void> {
    try {
      const now = await rooms.workshop(this.#process);
      this.#now = { ...now, content: { ...blank(), ...now.content } };
      this.lines = conflictLines(this.#seen, this.#now.content, this.body, this.#fields());
    } catch {
      this.error = refused;
    }
  }

  #fields(): Field<WorkshopBody>[] {
    const t = i18n.t.rooms;
    return [
      { key: 'effect', label: t.losses.effect },
      { key: 'loss', label: t.losses.fromLoss },
      { key: 'causes', label: t.losses.tree, show: (v) => (v as WorkshopBody['causes']).map((c) => `${c.text}${c.votes ? ` (${t.losses.votes(c.votes, i18n.f.num(c.votes))})` : ''}${c.facts.length ? ` ◆${c.facts.length}` : ''}`).join(' · ') },
      { key: 'steps', label: t.flow.steps, show: (v) => (v as string[]).join(' → ') },
      { key: 'targets', label: t.flow.target, show: (v) => (v as WorkshopBody['targets']).map((x) => `${x.activity}${i18n.colon}${[x.wait_min, x.touch_min, x.first_pass_yield].map((n) => (n == null ? '–' : i18n.f.num(n, 1))).join(' / ')}${x.adds_value ? ' ✓' : ''}`).join(' · ') },
      { key: 'note', label: t.flow.notePage }
    ];
  }

  /** What I typed stays, and what the other changed elsewhere too. */
  async keep(): Promise<void> {
    if (!this.#now) return;
    this.body = mergeWorkshop(this.#seen, this.#now.content, this.body);
    this.#seen = this.#now.content;
    this.version = this.#now.version;
    this.lines = null;
    await this.save();
  }

  takeTheirs(): void {
    if (this.#now) this.#take(this.#now);
  }
}

const all = new Map<string, Atelier>();

/** The workshop of a process: the same on every part of the screen, so that going from one to the other loses nothing. */
export function atelierOf(process: string): Atelier {
  let a = all.get(process);
  if (!a) {
    a = new Atelier(process);
    all.set(process, a);
  }
  return a;
}
