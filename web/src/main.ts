import './lib/styles/tokens.css';
import './lib/styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { language } from './lib/language.svelte';
import { words } from './lib/words.svelte';

document.documentElement.lang = language.code;
await words.add({ en: () => import('./messages/en.json'), fr: () => import('./messages/fr.json') });
mount(App, { target: document.getElementById('console') ?? document.body });

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // Without TLS, and not on this machine's own name, browsers refuse: the console works the same, only not without a network.
  const keep = () => void navigator.serviceWorker.register('/sw.js').catch(() => undefined);
  if (document.readyState === 'complete') keep();
  else addEventListener('load', keep);
}
