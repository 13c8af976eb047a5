// Serves the built pages with the invented answers: `node e2e/serve.mjs`, FIXTURE=usual|empty|huge|stale|error|counts|notarget.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./mock.ts', import.meta.url)));
const { url } = await module.start(fileURLToPath(new URL('../build', import.meta.url)), Number(process.env.PORT ?? 4173));
console.log(url);
