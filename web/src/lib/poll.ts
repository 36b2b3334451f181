// Asks again and again while somebody looks: never twice at once, not while the page is hidden, and later where the server asks for it.
import { untrack } from 'svelte';
import { asRefusal } from './api/problem';

/** Runs `ask` now and `every_ms` after each end until the returned function is called: for use in `$effect`. */
export function poll(every_ms: number, ask: () => Promise<unknown>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  let isOver = false;

  async function run(): Promise<void> {
    if (isRunning || isOver || document.hidden) return;
    isRunning = true;
    clearTimeout(timer);
    let wait_ms = every_ms;
    try {
      await ask();
    } catch (thrown) {
      wait_ms = Math.max(every_ms, (asRefusal(thrown).retryAfter ?? 0) * 1000);
    }
    isRunning = false;
    if (!isOver) timer = setTimeout(() => void run(), wait_ms);
  }

  const seen = () => void run();
  document.addEventListener('visibilitychange', seen);
  // What is read for the first question is no reason to begin anew.
  untrack(() => void run());
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', seen);
  };
}
