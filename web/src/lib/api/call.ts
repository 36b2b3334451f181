// Calls whose answer's shape is named by the caller: `await get<Shape<'Job'>>(`/api/v1/jobs/${id}`)`.
// For addresses that are put together, where the client typed by routes would have to be told which one it is.
import { Refusal, refusal } from './problem';
import { send } from './send';

type Values = Record<string, string | number | boolean | null | undefined>;

/** What a route answers to a reader; empty values stay out of the query. */
export function get<Data>(address: string, query: Values = {}, signal?: AbortSignal): Promise<Data> {
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '') values.set(name, String(value));
  return answered<Data>(new Request(values.size ? `${address}?${values}` : address, signal ? { signal } : {}));
}

/** What a route answers to a change; nothing (204) is `undefined`. */
export function tell<Data = void>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', address: string, body?: unknown): Promise<Data> {
  const given = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  return answered<Data>(new Request(address, { method, ...given }));
}

async function answered<Data>(request: Request): Promise<Data> {
  const answer = await send(request);
  const text = await answer.text();
  let body: unknown;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    if (answer.ok) throw new Refusal({ status: answer.status, code: 'unknown', title: 'JSON', detail: text.slice(0, 200) });
  }
  if (!answer.ok) throw refusal(answer, body);
  return body as Data;
}
