// What the command bar offers: the pages, what the page in view adds, and the console's own switches.
import { untrack } from 'svelte';

export interface Command {
  id: string;
  /** As the reader calls it, in his language. */
  label: string;
  /** More words to be found by. */
  hint?: string;
  run: () => void;
}

class Commands {
  #added = $state.raw<Command[]>([]);
  isOpen = $state(false);

  get all(): readonly Command[] {
    return this.#added;
  }

  /** Offers commands until the returned function is called: `$effect(() => commands.offer([...]))`. */
  offer(some: Command[]): () => void {
    // The effect that offers does not depend on what others offer.
    this.#added = [...untrack(() => this.#added), ...some];
    return () => {
      this.#added = untrack(() => this.#added).filter((one) => !some.includes(one));
    };
  }
}

export const commands = new Commands();

/** How well `text` fits what was typed: its letters in order, the closer together and the earlier the better; null where it does not. */
export function fit(text: string, typed: string): number | null {
  const plain = (word: string) => word.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
  const [whole, sought] = [plain(text), plain(typed).trim()];
  if (!sought) return 0;
  const direct = whole.indexOf(sought);
  if (direct >= 0) return direct === 0 || whole[direct - 1] === ' ' ? direct / 100 : 1 + direct / 100;
  let at = -1;
  let gaps = 0;
  for (const letter of sought) {
    const next = whole.indexOf(letter, at + 1);
    if (next < 0) return null;
    gaps += at < 0 ? 0 : next - at - 1;
    at = next;
  }
  return 10 + gaps;
}
