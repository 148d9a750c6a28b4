import type { IncomingMessage, ServerResponse } from "node:http";
import { overloaded, RequestError } from "../core/errors.ts";
import type { Room } from "../core/room.ts";

const TAKE_ROOM = Symbol("takes the room of a request's body");

/** A request that knows where its body takes its room. With itself: what a WeakMap holds, a young collector keeps. */
interface Roomed extends IncomingMessage {
  [TAKE_ROOM]?: (bytes: number) => boolean;
}

/** What is read of a request's body takes room until the request is answered: what arrived, not what was announced. */
export function keepRoom(room: Room) {
  return (request: Roomed, response: ServerResponse): void => {
    const held: (() => void)[] = [];
    request[TAKE_ROOM] = (bytes) => {
      const leave = response.closed ? null : room.take(bytes);
      if (leave !== null) held.push(leave);
      return leave !== null;
    };
    response.on("close", () => {
      for (const leave of held.splice(0)) leave();
    });
  };
}

/** What is left of the body is not read, so the connection cannot carry another request. */
const CLOSE = { Connection: "close" };

/** A request's whole body. Throws a 413 for one over the limit, a 503 where there is no room for it, a 400 for one that breaks off. */
export function readBytes(request: Roomed, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const hasRoom = request[TAKE_ROOM] ?? (() => true);
    let size = 0;
    const tooLarge = () =>
      new RequestError(413, "body_too_large", `The body is larger than ${limit} bytes.`, {
        headers: CLOSE,
      });
    const broken = () =>
      reject(new RequestError(400, "body_incomplete", "The body is not as long as announced."));
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(tooLarge());
    // Its sender left before anybody read: nothing more is heard of it.
    if (request.destroyed) return broken();
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      const refusal = size > limit ? tooLarge() : hasRoom(chunk.length) ? null : overloaded(CLOSE);
      if (refusal === null) return void chunks.push(chunk);
      request.pause();
      reject(refusal);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", broken);
    request.on("aborted", broken);
  });
}
