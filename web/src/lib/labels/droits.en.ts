import type { droitsFr } from './droits.fr';

export const droitsEn: typeof droitsFr = {
  droits: {
    title: 'Rights',
    tabs: {
      comptes: 'Accounts',
      roles: 'Roles held',
      delegations: 'Delegations',
      jetons: 'Tokens',
      individuel: 'Individual data',
      conservation: 'Retention',
      matrice: 'Who may do what'
    }
  }
};
