import { expect, it } from 'vitest';
import { initials } from './initials';

it.each([
  ['Camille Moreau', 'CM'],
  ['jean-paul de la Tour', 'JT'],
  ['admin', 'A'],
  ['élise.durand@caisse.example', 'ÉE'],
  ['  ', '?']
])('%s is told by %s', (name, told) => expect(initials(name)).toBe(told));
