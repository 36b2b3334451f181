// What runs on this server, as anybody may know it.

interface Known {
  is_set_up: boolean;
  version: string;
  services: string[];
  mail: boolean;
  profile: string;
}

class House {
  known = $state.raw<Known | null>(null);

  async look(): Promise<void> {
    try {
      const answer = await fetch('/api/v1/console');
      if (answer.ok) this.known = (await answer.json()) as Known;
    } catch {
      // Without a server there is nothing to know; the page says that it is offline.
    }
  }

  /** Whether a service runs here. Before that is known its pages are not hidden. */
  runs(service: string): boolean {
    return this.known?.services.includes(service) ?? true;
  }
}

export const house = new House();
