import { describe, expect, it } from 'vitest';
import { PASSWORD_MIN, passwordFault } from './rules';

describe('a new password', () => {
  it('is counted in characters', () => {
    const astral = '𝄞'.repeat(PASSWORD_MIN - 1);
    expect(astral.length).toBeGreaterThan(PASSWORD_MIN);
    expect(passwordFault(astral, astral)).toBe('short');
  });
  it('is typed the same twice, spaces included', () => {
    expect(passwordFault('quatre mots bien longs', 'quatre mots bien longs ')).toBe('differs');
    expect(passwordFault('quatre mots bien longs', 'quatre mots bien longs')).toBeNull();
  });
});
