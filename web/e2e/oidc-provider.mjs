/**
 * A real identity provider for tests, on a free port of this machine.
 *
 * Prints `{"issuer": …}` once it listens and ends when its standard input closes, so that it
 * never outlives the test that started it. `/_test` changes what it knows and how it behaves:
 *
 * - `accounts`: claims by login, added to those known;
 * - `token`: how the next identity tokens are spoilt: `claims` to replace, `key` to sign with
 *   (`other` passes for the usual one, `unknown` is never published, `next` is from then on), `alg` (`none`, `HS256`);
 * - `down`: whether every other address answers 503;
 * - `reset`: back to the beginning. The answer counts the requests by path.
 *
 * Arguments: `--shape keycloak` (labels in the token) or `proconnect` (labels in a signed
 * user information), `--back URL` (where browsers are sent back, repeatable), `--end URL`.
 */
import { createServer } from 'node:http';
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { parseArgs } from 'node:util';

// The library says on the console what is fit for a test only.
for (const name of ['info', 'warn']) console[name] = () => undefined;
const { default: Provider } = await import('oidc-provider');

const { values: given } = parseArgs({
  options: {
    shape: { type: 'string', default: 'keycloak' },
    back: { type: 'string', multiple: true, default: [] },
    end: { type: 'string', multiple: true, default: [] },
    secret: { type: 'string', default: 'a secret of tests only' }
  }
});
const proconnect = given.shape === 'proconnect';

const pair = (kid) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { kid, use: 'sig', alg: 'RS256' };
  return {
    kid,
    privateKey,
    secret: { ...privateKey.export({ format: 'jwk' }), ...jwk },
    open: { ...publicKey.export({ format: 'jwk' }), ...jwk }
  };
};
// `other` takes the name of the key that is published.
const keys = { usual: pair('usual'), other: pair('usual'), unknown: pair('unknown'), next: pair('next') };

const people = {
  'claire.martin': {
    given_name: 'Claire',
    family_name: 'Martin',
    usual_name: 'Martin-Duval',
    email: 'claire.martin@caf.example',
    preferred_username: 'claire.martin',
    uid: '1021',
    siret: '18750003000013'
  },
  'samir.benali': {
    given_name: 'Samir',
    family_name: 'Benali',
    usual_name: 'Benali',
    email: 'samir.benali@caf.example',
    preferred_username: 'samir.benali',
    uid: '1022',
    siret: '18750003000013'
  }
};
const start = () => ({ accounts: structuredClone(people), token: null, next: false, down: false });
let state = start();
const asked = {};

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** The token the provider made, spoilt as asked. */
function spoilt(token, { claims = {}, key = 'usual', alg = 'RS256' }) {
  const payload = { ...JSON.parse(Buffer.from(token.split('.')[1], 'base64url')), ...claims };
  for (const [name, value] of Object.entries(claims)) if (value === null) delete payload[name];
  const { kid, privateKey } = keys[key];
  const text = `${b64({ alg, kid, typ: 'JWT' })}.${b64(payload)}`;
  if (alg === 'none') return `${text}.`;
  if (alg === 'HS256') return `${text}.${createHmac('sha256', given.secret).update(text).digest('base64url')}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
}

const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'eclusier',
      client_secret: given.secret,
      redirect_uris: given.back,
      post_logout_redirect_uris: given.end,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      ...(proconnect && { userinfo_signed_response_alg: 'RS256' })
    }
  ],
  claims: proconnect
    ? { openid: ['sub'], given_name: ['given_name'], usual_name: ['usual_name'], email: ['email'], uid: ['uid'], siret: ['siret'] }
    : { openid: ['sub'], profile: ['given_name', 'family_name', 'preferred_username'], email: ['email'] },
  // One kind of provider tells the labels in the token, the other keeps them for the asking.
  conformIdTokenClaims: proconnect,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true }, jwtUserinfo: { enabled: true } },
  findAccount: (_, id) => state.accounts[id] && { accountId: id, claims: () => ({ sub: id, ...state.accounts[id] }) },
  jwks: { keys: [keys.usual.secret] },
  cookies: { keys: ['tests only'] },
  ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 }
});
provider.use(async (ctx, next) => {
  await next();
  if (ctx.path === '/token' && ctx.body?.id_token && state.token) ctx.body.id_token = spoilt(ctx.body.id_token, state.token);
  if (ctx.path === '/jwks' && state.next) ctx.body = { keys: [...ctx.body.keys, keys.next.open] };
});
const answer = provider.callback();

async function told(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text || '{}');
}

server.on('request', async (request, response) => {
  const path = request.url.split('?')[0];
  if (path === '/_test') {
    const wanted = await told(request);
    if (wanted.reset) state = start();
    Object.assign(state.accounts, wanted.accounts);
    if ('token' in wanted) state.token = wanted.token;
    if (wanted.token?.key === 'next') state.next = true;
    if ('down' in wanted) state.down = wanted.down;
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(asked));
  }
  asked[path] = (asked[path] ?? 0) + 1;
  if (state.down) {
    response.statusCode = 503;
    return response.end('<html>maintenance: call 0 800 000 000</html>');
  }
  return answer(request, response);
});

process.stdin.resume().on('end', () => process.exit(0));
process.stdout.write(`${JSON.stringify({ issuer })}\n`);
