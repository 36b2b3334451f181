// How a receiver sees that a call is ours (Standard Webhooks): HMAC-SHA256 of `id.timestamp.body` with the secret's bytes, in base 64.

/** For Python 3, without a library. */
export const PYTHON = `import base64, hashlib, hmac, time

def is_genuine(secret: str, headers, body: bytes) -> bool:
    message_id = headers["webhook-id"]
    timestamp = headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        return False                      # too old: somebody may be replaying it
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # Two signatures for a day after the secret was changed, separated by a space.
    return any(
        version == "v1" and hmac.compare_digest(value, expected)
        for version, _, value in (one.partition(",") for one in headers["webhook-signature"].split())
    )
`;

/** For Node, without a library. Its `body` is the text as it came: what is parsed and written again has another signature. */
export const NODE = `import { createHmac, timingSafeEqual } from 'node:crypto';

export function isGenuine(secret, headers, body) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false; // too old: maybe a replay
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(\`\${id}.\${timestamp}.\`).update(body).digest();
  // Two signatures for a day after the secret was changed, separated by a space.
  return headers['webhook-signature'].split(' ').some((one) => {
    const [version, value = ''] = one.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}
`;
