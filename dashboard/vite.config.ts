import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const api = process.env['LAUREL_DASHBOARD'] ?? 'http://127.0.0.1:7777';

// biome-ignore lint/style/noDefaultExport: vite reads the default export
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // The strict content policy allows no inline data, and files on this machine cost nothing to fetch.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  // `npx vite dashboard` while working on the pages: they come from Vite, their data from `laurel dashboard`.
  server: { proxy: { '/api': api, '/subscriptions': api } },
});
