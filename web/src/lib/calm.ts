// Work that can wait until the page stands still: pictures in long lists. Drawing an SVG costs the page's own thread milliseconds;
// thirty at once are felt while one scrolls.

/** After the last scroll, so long nothing is begun. */
const QUIET_MS = 120;
/** And then a few at a time. */
const AT_ONCE = 3;
const BETWEEN_MS = 16;

const waiting = new Set<() => void>();
let movedAt = Number.NEGATIVE_INFINITY;
let timer: ReturnType<typeof setTimeout> | undefined;
globalThis.addEventListener?.('scroll', () => (movedAt = performance.now()), { passive: true, capture: true });

function step(): void {
  timer = undefined;
  const quiet = performance.now() - movedAt;
  if (quiet >= QUIET_MS) {
    for (const task of [...waiting].slice(0, AT_ONCE)) {
      waiting.delete(task);
      task();
    }
  }
  if (waiting.size > 0) timer = setTimeout(step, Math.max(BETWEEN_MS, QUIET_MS - quiet));
}

/** Does it once the page stands still. The answer takes it back, if it was not done by then. */
export function whenCalm(task: () => void): () => void {
  waiting.add(task);
  timer ??= setTimeout(step, 0);
  return () => void waiting.delete(task);
}
