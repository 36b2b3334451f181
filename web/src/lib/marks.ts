// The marks of Aplomb and its parts, made by `scripts/marks.sh`.
const files = import.meta.glob<string>('../marks/*.svg', { eager: true, import: 'default', query: '?url' });

/** Addresses by name: `luna`, `luna-dark`, … */
export const marks: Record<string, string> = Object.fromEntries(
  Object.entries(files).map(([path, address]) => [path.replace(/^.*\/(.*)\.svg$/, '$1'), address]),
);
