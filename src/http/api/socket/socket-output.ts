import type { WebSocket } from "ws";
import { RequestError } from "../../../core/faults/errors.ts";
import type { Logger } from "../../../core/process/logger.ts";
import type { TurnEvent } from "../../../core/session/turn-log.ts";
import type { JsonObject } from "../../../core/text/json.ts";
import { databaseOutage } from "../route/database-outage.ts";

/**
 * From the first limit on, the next event waits until the client has read some. At the second, the client is
 * disconnected. Bytes.
 */
const PACED_FROM = 256 * 1024;
const MOST_BUFFERED = 4 * 1024 * 1024;

/** Sends frames to one client. @param sessionId the session that errors name. */
export function createSocketOutput(socket: WebSocket, sessionId: string, log: Logger) {
  /** Resolves once the network has accepted the frame, or the socket is closed. */
  async function send(frame: JsonObject): Promise<void> {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MOST_BUFFERED) return socket.terminate();
    await new Promise<void>((resolve) => socket.send(JSON.stringify(frame), () => resolve()));
  }

  return {
    send,

    /** Tells the client why a request failed. */
    refuse(error: unknown): void {
      const known = error instanceof RequestError ? error : databaseOutage(error);
      if (!known) log.error({ err: error, session_id: sessionId }, "a socket's request failed");
      const retryAfter = known?.headers["Retry-After"];
      const data = {
        message: known?.message ?? "Something went wrong here. The operator's log has the reason.",
        code: known?.code ?? "internal_error",
        ...(retryAfter === undefined ? {} : { retry_after: Number(retryAfter) }),
      };
      void send({ id: null, event: "error", data, execution_id: null, session_id: sessionId });
    },

    /** Sends the events of a turn, at the speed of the client. */
    async show(
      events: AsyncIterable<TurnEvent>,
      executionId: string | null,
      shownSession: string,
    ): Promise<void> {
      for await (const { id, type, data } of events) {
        const taken = send({ id, event: type, data, execution_id: executionId, session_id: shownSession });
        if (socket.bufferedAmount > PACED_FROM) await taken;
      }
    },
  };
}
