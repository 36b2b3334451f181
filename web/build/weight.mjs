// What a reader waits for, in gzip kilobytes: the shell (what every page loads first) and each page's own code. Ends 1 beyond the
// limits of the console's specification. `node build/weight.mjs` after a build.
import { readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const MOST_SHELL = 30_000;
const MOST_PAGE = 60_000;
// These come only when something is opened on a page, so they are not what a reader waits for; they are still listed.
const manifest = JSON.parse(readFileSync('node_modules/.console-manifest.json', 'utf8'));
const sizes = new Map();

function size(file) {
  if (!sizes.has(file)) {
    const bytes = statSync(`dist/${file}.gz`, { throwIfNoEntry: false })?.size ?? gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length;
    sizes.set(file, bytes);
  }
  return sizes.get(file);
}

/** The scripts that a chunk loads with itself. */
function closure(key, found = new Set()) {
  const chunk = manifest[key];
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const one of chunk.imports ?? []) closure(one, found);
  return found;
}

const sum = (files) => [...files].filter((file) => file.endsWith('.js')).reduce((all, file) => all + size(file), 0);
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const shell = closure(entry);
// The words of one language come with the shell; the longer of the two counts.
const words = Math.max(...['en', 'fr'].map((code) => sum([manifest[`src/messages/${code}.json`].file])));
let isOver = false;
const line = (name, bytes, most) => {
  const over = bytes > most;
  isOver ||= over;
  console.log(`${name.padEnd(28)} ${(bytes / 1000).toFixed(1).padStart(6)} kB of ${most / 1000}${over ? '  TOO MUCH' : ''}`);
};

line('shell', sum(shell) + words, MOST_SHELL);
for (const key of Object.keys(manifest).sort()) {
  if (!/^src\/pages\/.*\.svelte$/.test(key) || !manifest[key].isDynamicEntry) continue;
  const folder = key.replace(/\/[^/]*$/, '');
  const own = [...closure(key)].filter((file) => !shell.has(file));
  const said = manifest[`${folder}/fr.json`] ? sum([manifest[`${folder}/fr.json`].file]) : 0;
  line(key.replace(/^src\/pages\/(.*)\.svelte$/, '$1'), sum(own) + said, MOST_PAGE);
}
process.exit(isOver ? 1 : 0);
