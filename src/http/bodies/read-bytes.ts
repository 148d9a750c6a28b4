import { overloaded, RequestError } from "../../core/faults/errors.ts";
import { beginBody, type RequestWithBody } from "./bodies.ts";
import type { GiveUp } from "./body-room.ts";

/** The rest of the body is not read, so the connection cannot carry another request. */
const CLOSE = { Connection: "close" };
/** Size limits of the blocks that collect small pieces, and the size from which a piece is large, bytes. */
const SMALLEST_BLOCK = 4_096;
const LARGEST_BLOCK = 65_536;
const LARGE = 16_384;

/**
 * A request's whole body. Throws 413 over the limit, and 503 without memory for it. Throws 408 if it is too slow, and
 * 400 if it breaks off.
 */
export function readBytes(request: RequestWithBody, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > limit) return reject(tooLarge(limit));
    // The sender left before the read, so no more events come.
    if (request.destroyed) return reject(incomplete());
    const pieces = gatherPieces();
    const stop = (error: RequestError) => {
      request.off("data", take);
      request.pause();
      reject(error);
    };
    const place = beginBody(request, (why) => stop(refusals[why]()));
    const take = (chunk: Buffer) => {
      if (pieces.size() + chunk.length > limit) stop(tooLarge(limit));
      else if (place?.grow(pieces.lack(chunk.length)) === false) stop(overloaded(CLOSE));
      else {
        pieces.add(chunk);
        place?.progress(chunk.length);
      }
    };
    request.on("data", take);
    request.on("end", () => {
      place?.complete();
      resolve(pieces.whole());
    });
    request.on("error", () => reject(incomplete()));
    request.on("aborted", () => reject(incomplete()));
  });
}

/**
 * Collects the pieces of a body. Small pieces are copied together at once, because thousands of them would take many
 * times their content.
 */
function gatherPieces() {
  const blocks: Buffer[] = [];
  let size = 0;
  // The last block, if it has space left.
  let open: Buffer = Buffer.alloc(0);
  let used = 0;

  /** Tells if a piece gets its own block: the first piece, which is mostly the only one, and large pieces. */
  const standsAlone = (bytes: number) => size === 0 || bytes >= LARGE;
  const blockSize = () => Math.min(LARGEST_BLOCK, Math.max(SMALLEST_BLOCK, size));

  return {
    size: () => size,
    /** The memory that this many more bytes would take. */
    lack(bytes: number): number {
      const rest = bytes - (open.length - used);
      if (rest <= 0) return 0;
      return standsAlone(rest) ? rest : blockSize();
    },
    add(piece: Buffer): void {
      const copied = piece.copy(open, used);
      const rest = piece.subarray(copied);
      used += copied;
      if (rest.length > 0) {
        const alone = standsAlone(rest.length);
        open = alone ? Buffer.alloc(0) : Buffer.allocUnsafe(blockSize());
        used = alone ? 0 : rest.copy(open);
        blocks.push(alone ? rest : open);
      }
      size += piece.length;
    },
    whole(): Buffer {
      const [first] = blocks;
      return blocks.length === 1 && first?.length === size ? first : Buffer.concat(blocks, size);
    },
  };
}

const refusals: Readonly<Record<GiveUp, () => RequestError>> = {
  overloaded: () => overloaded(CLOSE),
  too_slow: () =>
    new RequestError(408, "body_too_slow", "The body comes too slowly. Send it again.", { headers: CLOSE }),
};

function tooLarge(limit: number): RequestError {
  const message = `The body is larger than ${limit} bytes.`;
  return new RequestError(413, "body_too_large", message, { headers: CLOSE });
}

function incomplete(): RequestError {
  return new RequestError(400, "body_incomplete", "The body is not as long as announced.");
}
