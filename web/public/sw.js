// The shell stays openable without a network. Answers of the API are never kept: what a page says about the system is either
// current or says that it is not.
const VERSION = '__VERSION__';
const SHELL = ['__SHELL__'];
const CACHE = `aplomb-${VERSION}`;
const PAGES = /^\/($|luna|proof|admin|account)/;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const old = (names) => names.filter((name) => name.startsWith('aplomb-') && name !== CACHE);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== 'GET' || address.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    // The newest shell where the server answers, the kept one where it does not.
    if (PAGES.test(address.pathname)) event.respondWith(fetch(request).catch(() => caches.match('/')));
    return;
  }
  if (address.pathname.startsWith('/assets/') || address.pathname.startsWith('/icons/')) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
