import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { carried } from './build/carried.ts';

// While one works on the pages (`npm run dev`), everything that is not a page comes from a running server.
const server = process.env['APLOMB_SERVER'] ?? 'http://127.0.0.1:8080';
const served = ['/api', '/health', '/livez', '/readyz', '/metrics', '/docs', '/sign-in', '/set-up', '/invite', '/reset', '/pages/'];

/** Nothing is fetched beforehand, so the helper that would do it need not be there: it is a thirtieth of the shell. */
const unhelped: Plugin = {
  name: 'unhelped',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null),
};

export default defineConfig({
  plugins: [svelte(), unhelped, carried()],
  resolve: {
    alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) },
    // The tests mount components as a browser does.
    ...(process.env['VITEST'] ? { conditions: ['browser'] } : {}),
  },
  build: {
    target: 'es2022',
    // One style sheet, and no list of what to fetch beforehand.
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // One file of what every page needs: ten small ones compress worse.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: 'shell', test: /src\/lib\/(commands|house|session|route|notices|words|role|language|theme|marks|minute|ui\/Mark|api\/(trail|send|problem))\./ }],
        },
      },
    },
    // The size script reads it: which chunk is loaded when.
    manifest: 'manifest.json',
  },
  server: {
    // A fault in one page is seen in the terminal, not over every page.
    hmr: { overlay: false },
    proxy: Object.fromEntries(served.map((path) => [path, { target: server, changeOrigin: false }])),
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
});
