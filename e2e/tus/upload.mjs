// Uploads a file with tus-js-client, breaks off on the way, resumes from nothing but the address, and prints the file's id.
// Usage: node upload.mjs ENDPOINT KEY FILE
import { createReadStream, statSync } from "node:fs";
import * as tus from "tus-js-client";

const [endpoint, key, path] = process.argv.slice(2);
const uploadSize = statSync(path).size;
const headers = { Authorization: `Bearer ${key}` };
let object = null;

function options(more) {
  return {
    endpoint,
    headers,
    uploadSize,
    chunkSize: 4 * 1024 * 1024,
    retryDelays: [0, 200, 500, 1000],
    metadata: { filename: "drill été.bin", filetype: "application/octet-stream" },
    onAfterResponse: (_request, response) => {
      object = response.getHeader("Object-Id") ?? object;
    },
    ...more,
  };
}

// First half: aborted in the middle of a piece, once a third is acknowledged.
const address = await new Promise((resolve, reject) => {
  let acknowledged = 0;
  const upload = new tus.Upload(
    createReadStream(path),
    options({
      onError: reject,
      onSuccess: () => reject(new Error("complete before it could be broken off")),
      onChunkComplete: (_size, accepted) => {
        acknowledged = accepted;
      },
      onProgress: async (sent) => {
        if (acknowledged > uploadSize / 3 && sent > acknowledged) {
          const { url } = upload;
          await upload.abort();
          resolve(url);
        }
      },
    }),
  );
  upload.start();
});

// Second half: a client that knows only the address asks with HEAD and goes on.
let resumedAt = null;
await new Promise((resolve, reject) => {
  const upload = new tus.Upload(
    createReadStream(path),
    options({
      uploadUrl: address,
      onError: reject,
      onSuccess: resolve,
      onProgress: (sent) => {
        resumedAt ??= sent;
      },
    }),
  );
  upload.start();
});
if (!resumedAt) throw new Error("it began again in place of resuming");

console.log(JSON.stringify({ object, resumedAt, uploadSize }));
