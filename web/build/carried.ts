// What the binary carries beside vite's own output: brotli and gzip siblings of each text, and the list of files that the
// service worker keeps for times without a network.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(html|js|css|svg|json|webmanifest|txt)$/;

/** Files below `folder`, as paths relative to it, in an order that does not change. */
function files(folder: string, below = folder): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? files(path, below) : [relative(below, path)];
    })
    .sort();
}

export function carried(): Plugin {
  let folder = 'dist';
  return {
    name: 'carried',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    // After the last file is written, and only where all were.
    writeBundle() {
      // Vite's own manifest is for our size script, not for browsers.
      renameSync(join(folder, 'manifest.json'), join(folder, '..', 'node_modules', '.console-manifest.json'));
      const kept = files(folder).filter((path) => !/\.(br|gz)$/.test(path) && path !== 'sw.js');
      const digest = createHash('sha256');
      for (const path of kept) digest.update(path).update(readFileSync(join(folder, path)));
      const version = digest.digest('hex').slice(0, 16);
      const shell = kept.map((path) => (path === 'index.html' ? '/' : `/${path}`));
      const worker = readFileSync(join(folder, 'sw.js'), 'utf8')
        .replace('__VERSION__', version)
        .replace("['__SHELL__']", JSON.stringify(shell));
      writeFileSync(join(folder, 'sw.js'), worker);
      for (const path of files(folder)) {
        if (!TEXT.test(path)) continue;
        const whole = join(folder, path);
        const bytes = readFileSync(whole);
        if (bytes.length < 1024) continue;
        const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
        writeFileSync(`${whole}.br`, brotliCompressSync(bytes, brotli));
        writeFileSync(`${whole}.gz`, gzipSync(bytes, { level: 9 }));
      }
      rmSync(join(folder, '.vite'), { recursive: true, force: true });
    },
  };
}
