// The first account of the fresh server, by the link that it printed, and its owner's sign-in for all tests.
import { request } from '@playwright/test';

export const OWNER = { email: 'ada@example.org', name: 'Ada Lovelace', password: 'violet otter minds the lamp' };

export default async function setUp(): Promise<void> {
  const { ADDRESS, SET_UP, STATE } = process.env;
  const context = await request.newContext({ ...(ADDRESS ? { baseURL: ADDRESS } : {}) });
  if (SET_UP) {
    const made = await context.post('/api/v1/auth/set-up', { data: { token: SET_UP, ...OWNER } });
    if (!made.ok()) throw new Error(`set-up: ${made.status()} ${await made.text()}`);
  }
  const signedIn = await context.post('/api/v1/auth/login', { data: { email: OWNER.email, password: OWNER.password } });
  if (!signedIn.ok()) throw new Error(`sign-in: ${signedIn.status()} ${await signedIn.text()}`);
  await context.storageState({ path: STATE ?? '' });
  await context.dispose();
}
