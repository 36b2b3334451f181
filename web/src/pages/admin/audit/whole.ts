// The whole chain from the server, entry by entry, without holding it.
import { refusal } from '$lib/api/problem';
import { language } from '$lib/language.svelte';
import { session } from '$lib/session.svelte';
import { lines, Walk, type Entry } from './chain';

/** Entries between two breaths of the page. */
const BREATH = 500;

/** Asks for the export. Not by `send`, which would keep a copy of the whole for the list of calls. */
async function exported(signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ 'accept-language': language.code });
  if (session.workspace) headers.set('x-workspace', session.workspace);
  const answer = await fetch('/api/v1/audit/export', { headers, signal });
  if (!answer.ok) throw refusal(answer, await answer.json().catch(() => undefined));
  return answer;
}

/** Follows the chain from its first entry; ends at the first that does not hold. `seen` hears how far it is. */
export async function walk(signal: AbortSignal, seen: (walk: Walk) => void): Promise<Walk> {
  const answer = await exported(signal);
  const own = new Walk();
  if (!answer.body) return own;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let at = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const { whole, rest } = lines(text + value);
    text = rest;
    for (const line of whole) {
      if (!own.step(JSON.parse(line) as Entry)) {
        await reader.cancel();
        return own;
      }
      at += 1;
      if (at % BREATH === 0) {
        seen(own);
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
  }
  return own;
}

/** The whole export as a file; `seen` hears how many bytes have come. */
export async function file(signal: AbortSignal, seen: (bytes: number) => void): Promise<{ blob: Blob; name: string }> {
  const answer = await exported(signal);
  const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? 'audit.ndjson';
  const parts: BlobPart[] = [];
  let bytes = 0;
  const reader = answer.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    parts.push(next.value);
    bytes += next.value.byteLength;
    seen(bytes);
  }
  return { blob: new Blob(parts, { type: 'application/x-ndjson' }), name };
}
