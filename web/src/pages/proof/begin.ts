// Asks for a run, and leads to where it can be watched.
import { tell } from '$lib/api/call';
import { route } from '$lib/route.svelte';
import type { Job } from './ledger.svelte';

/** What is to be run; without names, everything. */
export interface Wish {
  full?: boolean;
  only?: string[];
}

/** Begins a run. */
export async function begin(wish: Wish): Promise<void> {
  const job = await tell<Job>('POST', '/api/v1/proof/run', wish);
  route.go(`/proof/run?job=${job.id}`);
}
