/** One stream of changes from the program, shared by everything on the page. */
export interface Change {
  /** `process` (data or rules changed), `job` (a job moved) or `lagged` (some were missed). */
  type: string;
  process?: string;
  id?: number;
}

type Listener = (change: Change) => void;
const listeners = new Set<Listener>();
let source: EventSource | null = null;

/** Opens the stream; a lost connection is taken up again by the browser. */
export function listen(address: string): void {
  if (source || typeof EventSource === 'undefined') return;
  source = new EventSource(address);
  source.onmessage = (e: MessageEvent<string>) => {
    const change = readChange(e.data);
    if (change) for (const l of [...listeners]) l(change);
  };
  source.onerror = () => {
    if (source?.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(() => listen(address), 10_000);
    }
  };
}

export function readChange(text: string): Change | null {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === 'object' && 'type' in value ? (value as Change) : null;
  } catch {
    return null;
  }
}

/** Calls back on each change; returns the function that stops it. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
