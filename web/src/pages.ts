// The pages: where each stands, who may see it, and how it is loaded. A page's code and words come when it is opened.
import type { Component } from 'svelte';
import type { Catalogue } from '$lib/words.svelte';

export interface PageOf {
  /** The address; everything below it belongs to the page too. */
  path: string;
  /** Its name in the catalogue: `nav.<name>`. */
  name: string;
  /** The mark beside it. */
  mark?: string;
  /** The group in the navigation. */
  group: 'main' | 'admin' | 'none';
  /** The scope without which it is not offered. */
  scope?: string;
  /** Offered only where this service runs. */
  service?: string;
  load: () => Promise<{ default: Component }>;
  words: { en: () => Promise<{ default: Catalogue }>; fr: () => Promise<{ default: Catalogue }> };
}

export const PAGES: PageOf[] = [
  {
    path: '/', name: 'overview', mark: 'aplomb', group: 'main',
    load: () => import('./pages/overview/Overview.svelte'),
    words: { en: () => import('./pages/overview/en.json'), fr: () => import('./pages/overview/fr.json') },
  },
  {
    path: '/luna', name: 'luna', mark: 'luna', group: 'main', service: 'luna',
    load: () => import('./pages/luna/Luna.svelte'),
    words: { en: () => import('./pages/luna/en.json'), fr: () => import('./pages/luna/fr.json') },
  },
  {
    path: '/proof', name: 'proof', mark: 'proof', group: 'main', service: 'proof', scope: 'proof:read',
    load: () => import('./pages/proof/Proof.svelte'),
    words: { en: () => import('./pages/proof/en.json'), fr: () => import('./pages/proof/fr.json') },
  },
  {
    path: '/admin/people', name: 'people', group: 'admin', scope: 'users:read',
    load: () => import('./pages/admin/people/People.svelte'),
    words: { en: () => import('./pages/admin/people/en.json'), fr: () => import('./pages/admin/people/fr.json') },
  },
  {
    path: '/admin/keys', name: 'keys', group: 'admin', scope: 'keys:read',
    load: () => import('./pages/admin/keys/Keys.svelte'),
    words: { en: () => import('./pages/admin/keys/en.json'), fr: () => import('./pages/admin/keys/fr.json') },
  },
  {
    path: '/admin/limits', name: 'limits', group: 'admin',
    load: () => import('./pages/admin/limits/Limits.svelte'),
    words: { en: () => import('./pages/admin/limits/en.json'), fr: () => import('./pages/admin/limits/fr.json') },
  },
  {
    path: '/admin/jobs', name: 'jobs', group: 'admin', scope: 'jobs:read',
    load: () => import('./pages/admin/jobs/Jobs.svelte'),
    words: { en: () => import('./pages/admin/jobs/en.json'), fr: () => import('./pages/admin/jobs/fr.json') },
  },
  {
    path: '/admin/audit', name: 'audit', group: 'admin', scope: 'audit:read',
    load: () => import('./pages/admin/audit/Audit.svelte'),
    words: { en: () => import('./pages/admin/audit/en.json'), fr: () => import('./pages/admin/audit/fr.json') },
  },
  {
    path: '/admin/notifications', name: 'notifications', group: 'admin', scope: 'notify:read',
    load: () => import('./pages/admin/notifications/Notifications.svelte'),
    words: { en: () => import('./pages/admin/notifications/en.json'), fr: () => import('./pages/admin/notifications/fr.json') },
  },
  {
    path: '/admin/configuration', name: 'configuration', group: 'admin', scope: 'config:read',
    load: () => import('./pages/admin/configuration/Configuration.svelte'),
    words: { en: () => import('./pages/admin/configuration/en.json'), fr: () => import('./pages/admin/configuration/fr.json') },
  },
  {
    path: '/admin/logs', name: 'logs', group: 'admin', scope: 'logs:read',
    load: () => import('./pages/admin/logs/Logs.svelte'),
    words: { en: () => import('./pages/admin/logs/en.json'), fr: () => import('./pages/admin/logs/fr.json') },
  },
  {
    path: '/account', name: 'account', group: 'none',
    load: () => import('./pages/account/Account.svelte'),
    words: { en: () => import('./pages/account/en.json'), fr: () => import('./pages/account/fr.json') },
  },
];

/** The page of an address; none where there is no such page. */
export function pageOf(path: string): PageOf | undefined {
  if (path === '/') return PAGES[0];
  const fits = PAGES.filter((page) => page.path !== '/' && (path === page.path || path.startsWith(`${page.path}/`)));
  return fits.sort((a, b) => b.path.length - a.path.length)[0];
}
