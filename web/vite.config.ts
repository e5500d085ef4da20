// How the chat page is built and served while it is worked on. The built page lies in dist/web, from where a root serves
// it; the page then talks to the root that it came from, and here to one on this machine.

import { defineConfig } from 'vite';

const ROOT = 'http://127.0.0.1:9990';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // Inlined files would be data: URLs, which the page's content policy forbids for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/v1': ROOT, '/health': ROOT, '/share': ROOT } },
});
