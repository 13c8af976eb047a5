/**
 * The token of a wall screen. Its address carries it after the `#`, which never
 * leaves the browser; it is then kept for the tab and taken out of the address.
 */
const KEY = 'eclusier.wall';
const IN_ADDRESS = /[#&]jeton=([\w.~-]{8,512})/;

export const tokenIn = (hash: string): string | null => IN_ADDRESS.exec(hash)?.[1] ?? null;

/** Address that opens the wall screen with its token. */
export const wallAddress = (origin: string, secret: string): string => `${origin}/mur#jeton=${secret}`;

export function wallToken(): string | null {
  if (typeof location === 'undefined') return null;
  const given = tokenIn(location.hash);
  try {
    if (given) {
      sessionStorage.setItem(KEY, given);
      history.replaceState(history.state, '', location.pathname + location.search);
    }
    return given ?? sessionStorage.getItem(KEY);
  } catch {
    // Without storage the token stays in the address.
    return given;
  }
}

/** Forgets it: the screen goes back to whoever signs in. */
export function forgetWall(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    /* nothing was kept */
  }
}
