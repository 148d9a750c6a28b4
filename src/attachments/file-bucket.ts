import { Readable } from "node:stream";
import { AwsClient } from "aws4fetch";
import type { BucketSettings } from "../core/bucket-settings.ts";
import { timeLimit } from "../core/time/time-limit.ts";
import type { ByteRange, FileStore } from "./file-store.ts";

const TIMEOUT_MS = 60_000;

/** Stores files as objects in a bucket. The key is the prefix and the id. */
export function createFileBucket(settings: BucketSettings): FileStore {
  const { accessKeyId, secretAccessKey, sessionToken, region } = settings;
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === null ? {} : { sessionToken }),
    service: "s3",
    region,
    // The client retries on 429 and 5xx after 50, 100 and 200 ms. After that the caller decides.
    retries: 3,
  });
  const urlOf = (id: string) =>
    `${settings.endpoint}/${settings.bucket}/${encodeURI(settings.prefix)}${encodeURIComponent(id)}`;

  async function call(method: string, id: string, init: RequestInit = {}): Promise<Response> {
    const request = { ...init, method, signal: timeLimit(TIMEOUT_MS) };
    const response = await client.fetch(urlOf(id), request).catch((cause: unknown) => {
      throw new Error(`the bucket ${settings.bucket} could not be reached`, { cause });
    });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    // Do not include the body or URL of the answer, because they may contain private data.
    throw new Error(`the bucket ${settings.bucket} answered ${response.status} to ${method}`);
  }

  return {
    async write(id, content, contentType) {
      const response = await call("PUT", id, {
        body: new Uint8Array(content),
        // Do not set the length: fetch sets it, and a request with two lengths is refused before it is sent.
        headers: { "content-type": contentType },
      });
      await response.body?.cancel();
      if (response.status === 404) throw new Error(`there is no bucket ${settings.bucket}`);
    },

    async open(id, range) {
      const response = await call("GET", id, {
        headers: range ? { range: `bytes=${range.start}-${range.end}` } : {},
      });
      if (response.status === 404 || response.body === null) {
        await response.body?.cancel();
        return null;
      }
      const content = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
      // Some services do not support ranges. They answer 200 with the whole content.
      return range && response.status !== 206 ? Readable.from(cut(content, range)) : content;
    },

    async erase(id) {
      const response = await call("DELETE", id);
      await response.body?.cancel();
    },
  };
}

async function* cut(content: Readable, { start, end }: ByteRange): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of content) {
    const part = Buffer.from(chunk).subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at > end) return;
  }
}
