// The calls behind the screen: what this page asked, as a command that anybody can run again, with the real answer.

/** A call and its answer. */
export interface Call {
  id: number;
  method: string;
  /** Path and query. */
  address: string;
  curl: string;
  status: number;
  duration_ms: number;
  /** The body of the answer, shortened; empty for what is not text. */
  answer: string;
  at: Date;
}

const MOST_CALLS = 30;
const MOST_ANSWER = 20_000;
/** Fields that nobody may read over a shoulder, or copy into a ticket. */
const SECRET = /"(secret|password|token|new_password|current_password|otpauth|uri|code|recovery_codes|qr_svg|set_up)"\s*:\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\])/g;

let count = 0;
export const trail = $state<{ calls: Call[] }>({ calls: [] });

/** Forgets the calls: a new page begins. */
export function clearTrail(): void {
  trail.calls = [];
}

/** Keeps a call; the answer's body is read beside, when it is text of an ordinary length. */
export function record(request: Request, body: string | undefined, answer: Response, duration_ms: number): void {
  const address = new URL(request.url);
  const call: Call = {
    id: (count += 1),
    method: request.method,
    address: address.pathname + address.search,
    curl: curl(request, address, body),
    status: answer.status,
    duration_ms,
    answer: '',
    at: new Date(),
  };
  // A question that is asked every few seconds stands there once, with its newest answer.
  const others = trail.calls.filter((one) => one.method !== 'GET' || one.address !== call.address);
  trail.calls = [call, ...others].slice(0, MOST_CALLS);
  const kind = answer.headers.get('content-type') ?? '';
  const isEndless = kind.includes('event-stream');
  if (isEndless || !/json|text|xml/.test(kind)) return;
  void answer
    .clone()
    .text()
    .then((text) => {
      const kept = trail.calls.find((one) => one.id === call.id);
      if (kept) kept.answer = pretty(text);
    })
    .catch(() => undefined);
}

function pretty(text: string): string {
  let whole = text;
  if (text.length <= MOST_ANSWER) {
    try {
      whole = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // Not JSON: as it came.
    }
  }
  return mask(whole.length > MOST_ANSWER ? `${whole.slice(0, MOST_ANSWER)}…` : whole);
}

/** The same text without what is secret in it. */
export function mask(text: string): string {
  return text.replace(SECRET, '"$1": "…"');
}

/** A command for a POSIX shell that asks the same, with a key in place of the browser's cookie. */
function curl(request: Request, address: URL, body: string | undefined): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ['curl'];
  if (request.method !== 'GET') parts.push('-X', request.method);
  parts.push('-H "Authorization: Bearer $APLOMB_KEY"');
  const kind = request.headers.get('content-type');
  if (body) parts.push('-H', quoted(`Content-Type: ${kind ?? 'application/json'}`), '--data', quoted(mask(body)));
  parts.push(quoted(address.href));
  return parts.join(' ');
}
