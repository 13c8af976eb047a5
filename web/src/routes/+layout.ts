// A single page fed by the program's API: nothing is rendered beforehand.
export const ssr = false;
export const prerender = false;
export const trailingSlash = 'never';
