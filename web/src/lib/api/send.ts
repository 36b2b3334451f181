// The one way to the server, which keeps what was asked and answered, so that each page can show the calls behind it.
import { Refusal } from './problem';
import { record } from './trail.svelte';
import { language } from '../language.svelte';
import { session } from '../session.svelte';
import { words } from '../words.svelte';

/** One request, as every part of the console sends it (also `EventSource`-like readers): with language and workspace. */
export async function send(request: Request): Promise<Response> {
  request.headers.set('accept-language', language.code);
  if (session.workspace) request.headers.set('x-workspace', session.workspace);
  const body = request.body && isText(request.headers) ? await request.clone().text() : undefined;
  const began = performance.now();
  let answer: Response;
  try {
    answer = await fetch(request);
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault;
    session.isOffline = true;
    throw new Refusal({ status: 0, code: 'offline', title: words.say('offline.title'), detail: words.say('offline.detail') });
  }
  session.isOffline = false;
  if (answer.status === 401 && session.me) session.isExpired = true;
  record(request, body, answer, performance.now() - began);
  return answer;
}

function isText(headers: Headers): boolean {
  const kind = headers.get('content-type') ?? '';
  return kind.includes('json') || kind.startsWith('text/');
}
