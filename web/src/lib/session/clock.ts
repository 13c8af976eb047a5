/** When to warn of the end of a session, and in which words. */
import type { Session } from '$lib/api/types';

/** The warning comes two minutes before. */
export const WARN_MS = 120_000;

export interface End {
  /** Instant of the end, in milliseconds of the browser's clock. */
  at: number;
  /** The same as the program wrote it, by which an end is recognised. */
  instant: string;
  /** Whether it can be put off: an idle end can, the longest duration cannot. */
  extendable: boolean;
}

/** The nearer of the two ends, read on the browser's clock; `null` when the session has none. */
export function endOf(session: Pick<Session, 'expires_at' | 'ends_at'> | null, ahead: number): End | null {
  const read = (at: string | null | undefined) => {
    const ms = Date.parse(at ?? '');
    return Number.isFinite(ms) ? ms - ahead : null;
  };
  const idle = read(session?.expires_at);
  const last = read(session?.ends_at);
  if (idle === null && last === null) return null;
  if (last !== null && (idle === null || last <= idle)) return { at: last, instant: session?.ends_at ?? '', extendable: false };
  return { at: idle!, instant: session?.expires_at ?? '', extendable: true };
}

/** What is left, as whole minutes above one minute and whole seconds below. */
export function left(ms: number): { minutes: number } | { seconds: number } {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return seconds > 60 ? { minutes: Math.ceil(seconds / 60) } : { seconds };
}

/** Moments at which what is left is read out: two minutes, one minute, thirty and ten seconds. */
export const SAID = [120, 60, 30, 10] as const;
