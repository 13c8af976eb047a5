/** What a drawing shows of each node and link, and where one looks at it from. */
import type { Box } from './layout';

export interface Look {
  /** What is written under the name, or on the link. */
  text: string;
  /** Ink, 0 to 4. */
  level: number;
  /** Width of a link. */
  width?: number;
  /** Kind of difference, when two maps are compared; or whether cases leave the model there. */
  kind?: 'here' | 'there' | 'more' | 'less' | 'same' | 'gap' | 'fits';
  /** What is read out. */
  name: string;
}

export type Chosen = { kind: 'node' | 'link'; id: number };
export const same = (a: Chosen | null, b: Chosen | null): boolean => a?.kind === b?.kind && a?.id === b?.id;

/** Scale and place of the drawing in its frame. */
export interface Eye {
  k: number;
  x: number;
  y: number;
}
export const MIN_K = 0.06;
export const MAX_K = 3;

/** The whole drawing in the frame, never larger than life. */
export function whole(frame: { w: number; h: number }, drawing: { width: number; height: number }): Eye {
  if (!(drawing.width > 0) || !(drawing.height > 0) || !(frame.w > 0) || !(frame.h > 0)) return { k: 1, x: 0, y: 0 };
  const k = Math.min(1.1, Math.max(MIN_K, Math.min(frame.w / drawing.width, frame.h / drawing.height)));
  return { k, x: (frame.w - drawing.width * k) / 2, y: (frame.h - drawing.height * k) / 2 };
}

/** What the buttons over the drawing need at its top. */
const TOP = 48;

/** The first look: whole when it can be read, else readable from its beginning. */
export function first(frame: { w: number; h: number }, drawing: { width: number; height: number }, start: Box | undefined, least = 0.62): Eye {
  const all = whole(frame, drawing);
  if (all.k >= least || !start) return all;
  const k = least;
  const fitsW = drawing.width * k <= frame.w;
  const fitsH = drawing.height * k <= frame.h;
  return {
    k,
    x: fitsW ? (frame.w - drawing.width * k) / 2 : Math.min(12, Math.max(frame.w - drawing.width * k - 12, frame.w / 2 - (start.x + start.w / 2) * k)),
    y: fitsH ? (frame.h - drawing.height * k) / 2 : Math.min(TOP, Math.max(frame.h - drawing.height * k - 12, TOP - start.y * k))
  };
}

/** Closer or farther, around a point of the frame. */
export function zoom(eye: Eye, factor: number, at: { x: number; y: number }): Eye {
  const k = Math.min(MAX_K, Math.max(MIN_K, eye.k * factor));
  const f = k / eye.k;
  return { k, x: at.x - (at.x - eye.x) * f, y: at.y - (at.y - eye.y) * f };
}

/** Moves as little as needed for a box to be in the frame. */
export function reveal(eye: Eye, frame: { w: number; h: number }, box: Box, margin = 24): Eye {
  const left = box.x * eye.k + eye.x;
  const top = box.y * eye.k + eye.y;
  const right = left + box.w * eye.k;
  const bottom = top + box.h * eye.k;
  const dx = left < margin ? margin - left : right > frame.w - margin ? frame.w - margin - right : 0;
  const dy = top < margin ? margin - top : bottom > frame.h - margin ? frame.h - margin - bottom : 0;
  return dx === 0 && dy === 0 ? eye : { ...eye, x: eye.x + dx, y: eye.y + dy };
}
