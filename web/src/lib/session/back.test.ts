import { expect, it } from 'vitest';
import { sitePath } from './back';

it.each([
  ['/flux?process=retraite', '/flux?process=retraite'],
  ['/', '/'],
  [null, '/'],
  ['', '/'],
  ['//ailleurs.example', '/'],
  ['/\\ailleurs.example', '/'],
  ['https://ailleurs.example', '/'],
  ['javascript:alert(1)', '/']
])('%s leads to %s', (asked, led) => expect(sitePath(asked)).toBe(led));
