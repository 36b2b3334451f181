// The address is the state: which page, and on it filter, range and selection. Reload and share give the same view.

class Route {
  path = $state(globalThis.location?.pathname ?? '/');
  #query = $state.raw(new URLSearchParams(globalThis.location?.search ?? ''));

  /** The value in the address; empty where there is none. */
  get(name: string): string {
    return this.#query.get(name) ?? '';
  }

  /** All values of one name. */
  all(name: string): string[] {
    return this.#query.getAll(name);
  }

  /** Path segments, without empty ones. */
  get segments(): string[] {
    return this.path.split('/').filter(Boolean);
  }

  /** To another page of the console. */
  go(address: string, { replace = false } = {}): void {
    const next = new URL(address, location.href);
    if (next.href !== location.href) history[replace ? 'replaceState' : 'pushState'](null, '', next);
    const isOther = next.pathname !== this.path;
    this.#read();
    if (isOther) scrollTo(0, 0);
  }

  /** Changes values in the address; empty ones and null leave it. A filter replaces (`push: false`), a selection is a step back. */
  set(values: Record<string, string | number | null | undefined>, { push = false } = {}): void {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined || value === '') query.delete(name);
      else query.set(name, String(value));
    }
    const search = query.size ? `?${query}` : '';
    this.go(location.pathname + search + location.hash, { replace: !push });
  }

  /** The address of this page with other values: for links. */
  with(values: Record<string, string | number | null>): string {
    const query = new URLSearchParams(this.#query);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === '') query.delete(name);
      else query.set(name, String(value));
    }
    return this.path + (query.size ? `?${query}` : '');
  }

  #read = (): void => {
    this.path = location.pathname;
    this.#query = new URLSearchParams(location.search);
  };

  /** Follows links and the browser's own steps. `isOurs`: whether a path is a page of the console. */
  follow(isOurs: (path: string) => boolean): void {
    addEventListener('popstate', this.#read);
    addEventListener('click', (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || !isOurs(link.pathname)) return;
      if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
      event.preventDefault();
      this.go(link.href);
    });
  }
}

export const route = new Route();
