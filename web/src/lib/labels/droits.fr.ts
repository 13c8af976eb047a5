/** Words of the screen of rights. */
export const droitsFr = {
  droits: {
    title: 'Droits',
    tabs: {
      comptes: 'Comptes',
      roles: 'Rôles donnés',
      delegations: 'Délégations',
      jetons: 'Jetons',
      individuel: 'Données individuelles',
      conservation: 'Conservation',
      matrice: 'Qui peut quoi'
    } as Record<string, string>
  }
};
