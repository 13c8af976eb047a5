// Serves a body with an account for each role until it is stopped: `ECLUSIER_BIN=… node e2e/serve-body.mjs`.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./body.ts', import.meta.url)));
const { stop, ...house } = await module.house(process.env.ECLUSIER_BIN ?? 'eclusier');
console.log(JSON.stringify({ ...house, password: module.PASSWORD, logins: module.HOLDERS.map((h) => h.login) }, null, 2));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stop();
    process.exit(0);
  });
}
