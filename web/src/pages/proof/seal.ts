// The record's signature, looked at in the browser: ed25519 over the canonical JSON (RFC 8785) without the member `signature`.

/** JSON as RFC 8785 writes it: names sorted by their UTF-16 units; numbers and texts as ECMAScript writes them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}

export type Seal = 'holds' | 'broken' | 'unsupported';
interface Signed {
  signature?: { algorithm: string; public_key: string; value: string } | null;
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

/** Whether the signature is that of the content; `unsupported` where this browser cannot say (an old one, or a page without TLS). */
export async function verify(record: Signed): Promise<Seal> {
  const { signature, ...rest } = record;
  if (!signature || signature.algorithm !== 'ed25519') return 'broken';
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) return 'unsupported';
  let key: CryptoKey;
  try {
    key = await subtle.importKey('raw', decoded(signature.public_key), { name: 'Ed25519' }, false, ['verify']);
  } catch (fault) {
    return fault instanceof DOMException && fault.name === 'NotSupportedError' ? 'unsupported' : 'broken';
  }
  const text = new TextEncoder().encode(canonical(rest));
  const holds = await subtle.verify('Ed25519', key, decoded(signature.value), text).catch(() => false);
  return holds ? 'holds' : 'broken';
}
