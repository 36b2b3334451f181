// Somebody's report with its claims marked, to be passed on.
import type { Shape } from '$lib/api/client';

export type Judged = Shape<'JudgedReport'>;
export type Claim = Shape<'JudgedClaim'>;
export const VERDICTS = ['contradicted', 'unproven', 'proved'] as const;
export type Verdict = (typeof VERDICTS)[number];

const SIGNS: Record<Verdict, string> = { proved: '✓', contradicted: '✗', unproven: '?' };

/** The claims as a table in Markdown. */
export function asMarkdown(judged: Judged, name: string, say: (key: string, values?: Record<string, string | number>) => string): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const { proved, contradicted, unproven } = judged.counts;
  const lines = [
    `# ${name}`,
    '',
    say('proof.import.sum', { proved, contradicted, unproven }),
    '',
    `| ${['line', 'claim', 'verdict', 'why', 'check'].map((column) => say(`proof.import.${column}`)).join(' | ')} |`,
    '|---:|---|---|---|---|',
    ...judged.claims.map(
      (one) => `| ${one.line} | ${cell(one.text)} | ${SIGNS[one.verdict]} ${say(`proof.verdict.${one.verdict}`)} | ${cell(one.why)} | ${one.check ? `\`${one.check}\`` : ''} |`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const KEY = 'aplomb.proof.import';
/** More than this a browser may refuse to keep. */
const MOST_KEPT = 1_500_000;

export interface Given {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Keeps what was given for this tab, so that a reload shows the same. Bytes as they are: the encoding is part of the matter. */
export function keep(given: Given | undefined): void {
  try {
    if (!given || given.bytes.length > MOST_KEPT) {
      sessionStorage.removeItem(KEY);
      return;
    }
    let signs = '';
    for (let at = 0; at < given.bytes.length; at += 8192) signs += String.fromCharCode(...given.bytes.subarray(at, at + 8192));
    sessionStorage.setItem(KEY, JSON.stringify({ name: given.name, signs }));
  } catch {
    // Without room, a reload asks for the file again.
  }
}

/** What was given before the reload. */
export function kept(): Given | undefined {
  try {
    const { name, signs } = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as { name: string; signs: string };
    return { name, bytes: Uint8Array.from(signs, (sign) => sign.charCodeAt(0)) };
  } catch {
    return undefined;
  }
}
