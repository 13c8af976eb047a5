/** What can be told of a new password before it is sent; the program has the last word. */
export const PASSWORD_MIN = 12;

export type Fault = 'short' | 'differs' | null;

/** Length is counted in characters as people see them, not in code units. */
export function passwordFault(next: string, again: string): Fault {
  if ([...next].length < PASSWORD_MIN) return 'short';
  return next === again ? null : 'differs';
}
