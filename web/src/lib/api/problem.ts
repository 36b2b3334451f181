// What the server says when it refuses (problem+json, RFC 9457), as something that can be thrown and shown.
import { words } from '../words.svelte';

/** The body of a refusal. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string | null;
  request_id?: string | null;
  errors?: { field: string; code?: string; detail: string }[];
}

/** An answer that is not the one asked for. `code` is `offline` where no server answered at all. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  /** What is wrong with each field, by the field's name; for lists, `seeds[3]`. */
  readonly fields: ReadonlyMap<string, string>;
  /** Seconds to wait, where the server said so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(sentence(problem));
    this.name = 'Refusal';
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.request_id ?? undefined;
    this.fields = new Map((problem.errors ?? []).map((fault) => [fault.field, fault.detail]));
    this.retryAfter = retryAfter;
  }

  get isOffline(): boolean {
    return this.code === 'offline';
  }
}

/** What went wrong, for a person: the server also speaks to programs, which read lists and send headers. */
function sentence(problem: Problem): string {
  if (problem.code === 'auth.required' && words.has('session.ended')) return words.say('session.ended');
  const faults = problem.errors ?? [];
  if (problem.code === 'http.invalid_field' && faults.length) return [...new Set(faults.map((fault) => fault.detail))].join(' ');
  return (problem.detail ?? problem.title).replaceAll('`', '');
}

/** Whatever was thrown, as a refusal. */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  return new Refusal({ status: 0, code: 'console', title: detail, detail });
}

/** A refusal from an answer and its body. */
export function refusal(response: Response, body: unknown): Refusal {
  const wait = Number(response.headers.get('retry-after'));
  const isProblem = typeof body === 'object' && body !== null && 'code' in body;
  const problem: Problem = isProblem
    ? (body as Problem)
    : { status: response.status, code: 'unknown', title: `HTTP ${response.status}`, detail: `HTTP ${response.status}` };
  return new Refusal(problem, wait > 0 ? wait : undefined);
}
