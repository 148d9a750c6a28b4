import type { IncomingMessage } from "node:http";
import { RequestError } from "../core/errors.ts";

/** A request's whole body. Throws a 413 for one over the limit, a 400 for one that breaks off. */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooLarge = () =>
      new RequestError(413, "body_too_large", `The body is larger than ${limit} bytes.`, {
        // What is left of the body is not read, so the connection cannot carry another request.
        headers: { Connection: "close" },
      });
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(tooLarge());
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge());
      }
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    const broken = () =>
      reject(new RequestError(400, "body_incomplete", "The body is not as long as announced."));
    request.on("error", broken);
    request.on("aborted", broken);
  });
}
