/** One or two letters that stand for a name: first and last word. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s.@_-]+/u).filter((w) => /\p{L}|\p{N}/u.test(w));
  const first = words[0];
  if (first === undefined) return '?';
  const last = words.length > 1 ? words[words.length - 1]! : '';
  return ([...first][0]! + ([...last][0] ?? '')).toUpperCase();
}
