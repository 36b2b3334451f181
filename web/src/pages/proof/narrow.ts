// Which checks a filter leaves.
import { fit } from '$lib/commands.svelte';

/** What a filter beside area and verdict may ask for. */
export const WHICH = ['required', 'desired', 'disturbs', 'calm'] as const;

export interface Filter {
  area: string;
  standing: string;
  which: string;
  /** A word of the claim, the id or what was measured. */
  q: string;
}

interface Narrowed {
  id: string;
  area: string;
  title: string;
  isRequired: boolean;
  standing: string;
  evidence?: { measured: string; measured_fr: string } | undefined;
  check?: { disturbs: boolean };
}

/** The rows that fit. Words are sought as they are typed: letters far apart are another word. */
export function narrowed<Row extends Narrowed>(rows: readonly Row[], { area, standing, which, q }: Filter): Row[] {
  const isWord = (text: string) => {
    const score = fit(text, q);
    return score !== null && score < 10;
  };
  const isKind = (row: Row) =>
    which === 'required' ? row.isRequired : which === 'desired' ? !row.isRequired : which === 'disturbs' ? (row.check?.disturbs ?? false) : which === 'calm' ? row.check?.disturbs === false : true;
  return rows.filter(
    (row) =>
      (!area || row.area === area) &&
      (!standing || row.standing === standing) &&
      isKind(row) &&
      (!q || [row.title, row.id, row.evidence?.measured ?? '', row.evidence?.measured_fr ?? ''].some(isWord)),
  );
}
