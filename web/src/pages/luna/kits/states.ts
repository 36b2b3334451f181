// The states of a kit's job, as signs.
import type { Kind } from '$lib/ui/State.svelte';

export type KitState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';
export const KINDS: Record<KitState, Kind> = { waiting: 'idle', running: 'busy', done: 'good', failed: 'bad', cancelled: 'idle' };
