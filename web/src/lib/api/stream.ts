// Server-sent events by `fetch`, since `EventSource` sends no headers and the workspace is one. The format is WHATWG HTML's,
// section 9.2: lines `event:`, `data:`, `id:`, `retry:`, an empty line ends an event.
import { session } from '../session.svelte';
import { language } from '../language.svelte';
import { refusal } from './problem';

/** One event of a stream. */
export interface Told {
  event: string;
  id: string;
  data: string;
}

interface Stream {
  address: string;
  signal: AbortSignal;
  onOpen?: () => void;
  onTold: (told: Told) => void;
  onBroken?: () => void;
}

const LONGEST_WAIT_MS = 30_000;

/** Splits what has come so far into events; the rest is the beginning of the next. */
export function split(text: string): { told: (Told & { retry?: number })[]; rest: string } {
  const parts = text.replaceAll('\r\n', '\n').split('\n\n');
  const rest = parts.pop() ?? '';
  const told = parts.map((part) => {
    const one: Told & { retry?: number } = { event: 'message', id: '', data: '' };
    const data: string[] = [];
    for (const line of part.split('\n')) {
      const at = line.indexOf(':');
      if (at === 0) continue;
      const name = at < 0 ? line : line.slice(0, at);
      const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
      if (name === 'event') one.event = value;
      else if (name === 'data') data.push(value);
      else if (name === 'id') one.id = value;
      else if (name === 'retry' && /^\d+$/.test(value)) one.retry = Number(value);
    }
    one.data = data.join('\n');
    return one;
  });
  return { told, rest };
}

/** Reads a stream until `signal` ends it; comes back after it broke, from the last event on. Throws a `Refusal` where the server refuses it for good. */
export async function follow({ address, signal, onOpen, onTold, onBroken }: Stream): Promise<void> {
  let last = '';
  let retry_ms = 2000;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const headers = new Headers({ accept: 'text/event-stream', 'accept-language': language.code });
      if (session.workspace) headers.set('x-workspace', session.workspace);
      if (last) headers.set('last-event-id', last);
      const answer = await fetch(address, { headers, signal });
      if (!answer.ok || !answer.body) {
        const isPassing = answer.status === 429 || answer.status >= 500;
        if (!isPassing) throw refusal(answer, await answer.json().catch(() => undefined));
        failures += 1;
      } else {
        failures = 0;
        onOpen?.();
        let text = '';
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          const { told, rest } = split(text + value);
          text = rest;
          for (const one of told) {
            if (one.id) last = one.id;
            if (one.retry) retry_ms = one.retry;
            if (one.data) onTold(one);
          }
        }
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (thrown instanceof Error && thrown.name === 'Refusal') throw thrown;
      failures += 1;
    }
    onBroken?.();
    const wait_ms = Math.min(retry_ms * 2 ** Math.min(failures, 5), LONGEST_WAIT_MS);
    await new Promise((resolve) => setTimeout(resolve, wait_ms));
  }
}
