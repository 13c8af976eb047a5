/** An address of this site, as asked by a link; never where a link from elsewhere would lead. */
export const sitePath = (asked: string | null): string => (asked !== null && /^\/(?![/\\])/.test(asked) ? asked : '/');
