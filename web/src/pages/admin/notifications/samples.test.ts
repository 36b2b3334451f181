import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { NODE, PYTHON } from './samples';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const body = '{"type":"jobs.done","data":{"job":"é"}}';

function headers(age_s: number, signature?: string) {
  const timestamp = String(Math.floor(Date.now() / 1000) - age_s);
  const key = Buffer.from(secret.slice(6), 'base64');
  const made = createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': signature ?? `v1,b2xk v1,${made}` };
}

const cases = [
  { given: headers(0), is: true },
  { given: headers(4000), is: false },
  { given: headers(0, 'v1,AAAA'), is: false },
  { given: headers(0, 'v2,AAAA garbage'), is: false },
];

test('the sample for Node knows our calls from others', async () => {
  const { isGenuine } = (await import(`data:text/javascript,${encodeURIComponent(NODE)}`)) as { isGenuine: (secret: string, headers: object, body: string) => boolean };
  for (const { given, is } of cases) expect(isGenuine(secret, given, body)).toBe(is);
});

test('the sample for Python knows our calls from others', () => {
  const asks = cases.map(({ given }) => `print(is_genuine(${JSON.stringify(secret)}, ${JSON.stringify(given)}, ${JSON.stringify(body)}.encode()))`);
  const said = execFileSync('python3', ['-c', [PYTHON, ...asks].join('\n')], { encoding: 'utf8' });
  expect(said.trim().split('\n')).toEqual(cases.map(({ is }) => (is ? 'True' : 'False')));
});
