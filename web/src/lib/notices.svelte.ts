// Short news about what the person just did. What went wrong stays until it is read.
export interface Notice {
  id: number;
  kind: 'done' | 'failed';
  text: string;
  /** A way back, where there is one. */
  undo?: { label: string; run: () => void } | undefined;
}

const SHOWN_MS = 6000;

class Notices {
  all = $state.raw<Notice[]>([]);
  #count = 0;

  done(text: string, undo?: Notice['undo']): void {
    this.#add('done', text, undo);
  }

  failed(text: string): void {
    this.#add('failed', text);
  }

  drop(id: number): void {
    this.all = this.all.filter((one) => one.id !== id);
  }

  #add(kind: Notice['kind'], text: string, undo?: Notice['undo']): void {
    const id = (this.#count += 1);
    this.all = [...this.all.slice(-3), { id, kind, text, undo }];
    if (kind === 'done') setTimeout(() => this.drop(id), SHOWN_MS);
  }
}

export const notices = new Notices();
