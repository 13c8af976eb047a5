import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { sveltekit } from '@sveltejs/kit/vite';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Moves the start script out of index.html, so that the page runs under
 * `script-src 'self'` without any hash or nonce.
 */
function noInlineScript(): Plugin {
  return {
    name: 'no-inline-script',
    apply: 'build',
    enforce: 'post',
    closeBundle: {
      sequential: true,
      order: 'post',
      handler() {
        const page = new URL('./build/index.html', import.meta.url);
        if (!existsSync(page)) return;
        const html = readFileSync(page, 'utf8');
        const next = html.replace(/<script>([\s\S]*?)<\/script>/g, (_, code: string) => {
          const hash = createHash('sha256').update(code).digest('hex').slice(0, 10);
          const name = `_app/immutable/boot.${hash}.js`;
          writeFileSync(new URL(`./build/${name}`, import.meta.url), code);
          return `<script src="/${name}"></script>`;
        });
        writeFileSync(page, next);
      }
    }
  };
}

export default defineConfig({
  plugins: [sveltekit(), noInlineScript()],
  build: { target: 'es2022', chunkSizeWarningLimit: 900 },
  server: { proxy: { '/api': process.env['API_URL'] ?? 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' }
});
