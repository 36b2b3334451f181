// Text that was typed and not sent: it is there again when one comes back to its form, and the browser asks before it is lost with the tab.

const texts = new Map<string, string>();

function ask(event: Event): void {
  event.preventDefault();
}

/** What was typed under this name; nothing where it was sent, or never typed. */
export function draft(name: string): string | undefined {
  return texts.get(name);
}

/** Keeps what is typed; `undefined` forgets it. */
export function keepDraft(name: string, text: string | undefined): void {
  if (text === undefined) texts.delete(name);
  else texts.set(name, text);
  if (texts.size) addEventListener('beforeunload', ask);
  else removeEventListener('beforeunload', ask);
}
