// The client of the pages, typed by the OpenAPI document.
import createClient from 'openapi-fetch';
import { asRefusal, refusal } from './problem';
import type { components, paths } from './schema';
import { send } from './send';

/** A shape of the document, by its name: `Shape<'Job'>`. */
export type Shape<Name extends keyof components['schemas']> = components['schemas'][Name];

/** The client: `await ask(api.GET('/api/v1/jobs', { params: { query: { limit: 50 } } }))`. */
export const api = createClient<paths>({ fetch: (request) => send(request) });

interface Answered<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The data of an answer; what is not a success is thrown as a [`Refusal`]. */
export async function ask<Data>(answering: Promise<Answered<Data>>): Promise<NonNullable<Data>> {
  let answer: Answered<Data>;
  try {
    answer = await answering;
  } catch (thrown) {
    throw asRefusal(thrown);
  }
  if (!answer.response.ok) throw refusal(answer.response, answer.error);
  return answer.data as NonNullable<Data>;
}
