import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
  kit: {
    // One page answers every address: the program serves index.html for any unknown path.
    adapter: adapter({ pages: 'build', assets: 'build', fallback: 'index.html', precompress: false }),
    paths: { relative: false },
    output: { preloadStrategy: 'modulepreload' },
    version: { pollInterval: 0 },
    // The invented answers are checked against the wire types too.
    typescript: { config: (config) => ({ ...config, include: [...config.include, '../e2e/**/*.ts'] }) }
  }
};
