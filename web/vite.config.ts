import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { carried } from './build/carried.ts';

// While one works on the pages (`npm run dev`), everything that is not a page comes from a running server.
const server = process.env['APLOMB_SERVER'] ?? 'http://127.0.0.1:8080';
const served = ['/api', '/health', '/livez', '/readyz', '/metrics', '/docs', '/sign-in', '/set-up', '/invite', '/reset', '/pages/'];

export default defineConfig({
  plugins: [svelte(), carried()],
  resolve: {
    alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)) },
    // The tests mount components as a browser does.
    ...(process.env['VITEST'] ? { conditions: ['browser'] } : {}),
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
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
