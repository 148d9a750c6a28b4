import type { Duplex } from "node:stream";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { databaseOutage } from "../route/database-outage.ts";

const FAREWELL_MS = 1_000;

/** The handshake is still HTTP, so a refusal is an ordinary error response that ends the connection. */
export function refuse(socket: Duplex, error: unknown, log: Logger): void {
  const known = error instanceof RequestError ? error : databaseOutage(error);
  if (!known) log.error({ err: error }, "a socket could not be opened");
  const { status, code, message } = known ?? {
    status: 500,
    code: "internal_error",
    message: "Something went wrong here. The operator's log has the reason.",
  };
  const body = JSON.stringify({
    error: { code, message, details: known?.details ?? null, request_id: null },
  });
  const lines = [
    `HTTP/1.1 ${status} ${code}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...Object.entries(known?.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end([...lines, "", body].join("\r\n"));
  // The other side may keep its half open as long as it likes. Until it has read this, its further bytes are read.
  socket.resume();
  const farewell = setTimeout(() => socket.destroy(), FAREWELL_MS);
  socket.once("close", () => clearTimeout(farewell));
}
