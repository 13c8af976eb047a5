import { expect, it } from 'vitest';
import { tokenIn, wallAddress } from './wall';

it('reads the token after the # only, and writes what it reads', () => {
  expect(tokenIn('#jeton=ecl_wall_0123456789abcdef')).toBe('ecl_wall_0123456789abcdef');
  expect(tokenIn('?jeton=ecl_wall_0123456789abcdef')).toBeNull();
  expect(tokenIn('#jeton=court')).toBeNull();
  expect(tokenIn(new URL(wallAddress('https://eclusier.example', 'ecl_wall_0123456789abcdef')).hash)).toBe('ecl_wall_0123456789abcdef');
});
