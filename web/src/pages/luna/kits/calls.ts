// The calls about kits.
import { api, ask, type Shape } from '$lib/api/client';

type Kit = Shape<'Kit'>;

/** One page of the workspace's kits, newest first. */
export const listKits = (cursor: string | undefined, signal: AbortSignal): Promise<Shape<'Listed_Kit'>> =>
  ask(api.GET('/api/v1/luna/kits', { params: { query: { limit: 50, ...(cursor && { cursor }) } }, signal }));

/** One kit: how far it is. With `.zip` after the id the same route gives bytes, which is why its answer's shape is said here. */
export const findKit = (kit: string, signal?: AbortSignal): Promise<Kit> =>
  ask(api.GET('/api/v1/luna/kits/{kit}', { params: { path: { kit } }, ...(signal && { signal }) })) as Promise<Kit>;

/** Asks for a kit. */
export const askKit = (body: Shape<'NewKit'>): Promise<Kit> => ask(api.POST('/api/v1/luna/kits', { body }));

/** Removes a kit and its file. */
export async function removeKit(kit: string): Promise<void> {
  await ask(api.DELETE('/api/v1/luna/kits/{kit}', { params: { path: { kit } } }));
}
