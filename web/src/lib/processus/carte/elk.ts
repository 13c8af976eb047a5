/** The layered layout, in its own worker; its file is shipped as it was published. */
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { Graph, Shown } from './graph';
import { fromElk, plain, toElk, tooLarge, type Direction, type ElkGraph, type Placed } from './layout';

/** After so long a drawing is laid out plainly. */
const PATIENCE_MS = 6_000;

interface Answer {
  id: number;
  data?: ElkGraph;
  error?: unknown;
}

let worker: Worker | null = null;
let next = 1;
const waiting = new Map<number, (answer: ElkGraph | null) => void>();

function start(): Worker {
  if (worker) return worker;
  worker = new Worker(workerUrl);
  worker.onmessage = (e: MessageEvent<Answer>) => {
    waiting.get(e.data.id)?.(e.data.error ? null : (e.data.data ?? null));
    waiting.delete(e.data.id);
  };
  worker.onerror = () => stop();
  worker.postMessage({ id: 0, cmd: 'register', algorithms: ['layered'] });
  return worker;
}

/** Ends the worker and whatever it was busy with. */
export function stop(): void {
  worker?.terminate();
  worker = null;
  for (const answer of waiting.values()) answer(null);
  waiting.clear();
}

function ask(graph: ElkGraph): Promise<ElkGraph | null> {
  return new Promise((done) => {
    let w: Worker;
    try {
      w = start();
    } catch {
      done(null);
      return;
    }
    const id = next++;
    const timer = setTimeout(stop, PATIENCE_MS);
    waiting.set(id, (answer) => {
      clearTimeout(timer);
      done(answer);
    });
    w.postMessage({ id, cmd: 'layout', graph, layoutOptions: {}, options: {} });
  });
}

/** Layouts of one data set: each is computed once. */
export class Layouts {
  #known = new Map<string, Placed>();
  #busy = false;
  #wanted: { run: () => Promise<void>; drop: () => void } | null = null;

  /** The layout already computed, if any. */
  known(s: Shown, direction: Direction): Placed | undefined {
    return this.#known.get(s.key + direction);
  }

  /** The layout of what is shown; while one is computed, only the last one asked for waits. */
  get(g: Graph, s: Shown, main: readonly number[], direction: Direction): Promise<Placed | null> {
    const known = this.known(s, direction);
    if (known) return Promise.resolve(known);
    if (tooLarge(s)) return Promise.resolve(this.#keep(s, direction, plain(g, s)));
    return new Promise((done) => {
      this.#wanted?.drop();
      const run = async () => {
        const out = await ask(toElk(g, s, main, direction));
        done(this.#keep(s, direction, out ? fromElk(out, s.key) : plain(g, s)));
      };
      this.#wanted = { run, drop: () => done(null) };
      void this.#next();
    });
  }

  #keep(s: Shown, direction: Direction, placed: Placed): Placed {
    // A drawing of a few dozen nodes weighs little; two hundred of them are enough for one sitting.
    if (this.#known.size > 200) this.#known.clear();
    this.#known.set(s.key + direction, placed);
    return placed;
  }

  async #next(): Promise<void> {
    if (this.#busy || !this.#wanted) return;
    this.#busy = true;
    const { run } = this.#wanted;
    this.#wanted = null;
    await run();
    this.#busy = false;
    void this.#next();
  }
}
