import type { sessionFr } from './session.fr';

const s = (n: number) => (Math.abs(n) === 1 ? '' : 's');

export const sessionEn: typeof sessionFr = {
  session: {
    title: 'Sign in',
    lead: 'Éclusier shows production figures: each person sees what their role opens.',
    login: 'Login',
    password: 'Password',
    show: 'Show',
    hide: 'Hide',
    showWhat: 'Show the password',
    caps: 'Caps lock is on.',
    go: 'Sign in',
    going: 'Checking…',
    or: 'or',
    with: (name: string) => `Continue with ${name}`,
    forgotten: 'Forgotten password: whoever keeps the accounts gives a new one.',
    refused: 'Wrong login or password.',
    refusedCode: 'That code is wrong, or was used already.',
    locked: (minutes: number, n: string) => `Too many attempts. Try again in ${n} minute${s(minutes)}.`,
    lockedSoon: (seconds: number, n: string) => `Too many attempts. Try again in ${n} second${s(seconds)}.`,
    lockedOver: 'You can try again.',
    welcome: (name: string) => `Signed in: ${name}.`,
    second: 'Second factor',
    secondLead: 'Type the six digits of your authenticator, or a recovery code.',
    code: 'Code',
    check: 'Check',
    otherAccount: 'Use another account',
    signedOut: 'You are signed out.',
    unreachable: 'The program does not answer.'
  },

  setup: {
    title: 'First account',
    leadOwner: 'Today anybody at this machine sees everything: there is no account. Making the first one changes that.',
    leadSetup: 'This program can be reached from the network and has no account yet. Nothing is shown until the first one exists.',
    changes: 'What changes',
    list: [
      'Signing in becomes necessary, on this machine too.',
      'This first account looks after accounts and rights; it sees figures only if you ask for it below.',
      'Each person will see only the teams and processes their rights open, and every change enters the log.',
      'This page works once.'
    ],
    code: 'Code shown at start',
    codeHelp: 'The program writes it to its terminal or log as it starts.',
    name: 'Name shown',
    login: 'Login',
    loginHelp: 'for example first.last',
    password: 'Password',
    passwordHelp: 'At least twelve characters; a few words in a row do very well.',
    again: 'Password, a second time',
    steers: 'This account also steers production',
    steersHelp: 'It also receives the roles “head of production” and “statistician”.',
    go: 'Make the account and sign in',
    done: 'Account made.',
    exists: 'An account exists already: whoever keeps the accounts makes others in Rights.',
    short: (min: number) => `At least ${min} characters are needed.`,
    differs: 'The two entries differ.'
  },

  change: {
    forced: 'Choose your password',
    forcedLead: 'The password you were given works once. Choose your own before going on.',
    title: 'Password',
    current: 'Present password',
    received: 'Password you were given',
    next: 'New password',
    again: 'New password, a second time',
    go: 'Change the password',
    done: 'Password changed. Your other sessions are closed.',
    provider: (name: string) => `Your password is changed at ${name}: there is none here.`,
    owner: 'No account exists yet: there is no password to change.'
  },

  expiry: {
    warnTitle: 'Your session is about to end',
    warn: (left: string) => `If you do nothing it ends in ${left}. Nothing you have typed will be lost.`,
    warnEnd: (left: string) => `It reaches its longest duration in ${left}. You will sign in again in place, losing nothing you have typed.`,
    stay: 'Stay signed in',
    stayed: 'Session extended.',
    understood: 'Understood',
    out: 'Sign out',
    coverTitle: 'Session ended',
    cover: (name: string) => `Sign in again as ${name} to go on where you were: what you typed is intact.`,
    coverOther: 'With another account the page is loaded anew and what you typed is lost.',
    soon: (left: string) => `Your session ends in ${left}.`,
    minutes: (n: number) => `${n} minute${s(n)}`,
    seconds: (n: number) => `${n} second${s(n)}`
  },

  account: {
    menu: (name: string) => `Account: ${name}`,
    owner: 'This machine',
    ownerWhy: 'No account exists: everything is open from this machine.',
    create: 'Make the first account',
    me: 'What the tool knows of me',
    password: 'Password',
    second: 'Second factor',
    secondOn: 'on',
    secondOff: 'absent',
    out: 'Sign out',
    roles: 'Roles',
    noRole: 'no role: ask whoever keeps the rights for one'
  },

  forbidden: {
    title: 'Your roles do not open this screen',
    needs: (what: string) => `It takes the right to: ${what}.`,
    or: ' or ',
    holders: 'Roles that allow it',
    ask: 'Ask whoever keeps accounts and rights in your body (technical administrator). They can give you a role, or somebody can lend you theirs while away.',
    back: 'Go to what is open to you',
    nothing: 'No screen is open to you yet'
  },

  permissions: {
    'figures.read': 'read stocks, flows, ages and delays',
    'cases.read': 'read lists of cases',
    'log.read': 'read the pseudonymised detail',
    'data.read': 'read the history of imports',
    'data.write': 'import and undo files',
    'counts.write': 'type counts',
    'config.read': 'read the dated configuration',
    'config.write': 'change the dated configuration',
    'exports.write': 'take the rows of a screen away in a file',
    'periods.write': 'publish and restate periods',
    'organisation.read': 'read the organisation',
    'organisation.write': 'change the organisation',
    'people.read': 'read people, contracts, skills and presence',
    'people.write': 'change people',
    'absences.cause': 'know the cause of absences',
    'individual.read': 'read the weekly figures of a person, through an open gate',
    'accounts.read': 'read accounts and tokens',
    'accounts.write': 'change accounts and tokens',
    'rights.read': 'read who holds which role',
    'rights.write': 'grant and withdraw roles',
    'delegation.write': 'lend one’s own roles to a stand-in',
    'gates.read': 'read the gates of individual data',
    'gates.write': 'open and close gates of individual data',
    'retention.write': 'purge what is past its retention',
    'audit.read': 'read the log',
    'system.read': 'read the state of the program',
    'system.write': 'set the program up and back it up',
    'method.read': 'read definitions, formulas and notices',
    'wall.read': 'read the totals of the wall screen'
  }
};
