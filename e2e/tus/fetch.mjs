// Fetches a file of the server. Usage: node fetch.mjs URL KEY PATH
import { writeFileSync } from "node:fs";

const [url, key, path] = process.argv.slice(2);
const answer = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
writeFileSync(path, Buffer.from(await answer.arrayBuffer()));
