import type { Execution, ListExecutions, TurnEvent } from "./execution-types.ts";
import { type List, listOf } from "./page.ts";
import type { RequestOptions, Transport } from "./transport.ts";
import { turnEvents } from "./turn-stream.ts";

export type Executions = ReturnType<typeof createExecutions>;

/** Turns of every channel: list, get, stream, cancel, retry. */
export function createExecutions(transport: Transport) {
  const path = (id: string, rest = "") => `/executions/${encodeURIComponent(id)}${rest}`;
  return {
    list: (query: ListExecutions = {}, options?: RequestOptions): List<Execution> =>
      listOf(transport, { method: "GET", path: "/executions", query: { ...query } }, options),

    get: (id: string, options?: RequestOptions): Promise<Execution> =>
      transport.request({ method: "GET", path: path(id) }, options),

    /** Yields the past events of a turn, then its new ones. */
    stream: (id: string, options?: RequestOptions): AsyncGenerator<TurnEvent> =>
      turnEvents(transport, { method: "GET", path: path(id, "/stream") }, options),

    cancel: (id: string, options?: RequestOptions): Promise<Execution> =>
      transport.request({ method: "POST", path: path(id, "/cancel"), body: {} }, options),

    /** Asks the bot once more after a failed turn. Returns the new execution. */
    retry: (id: string, options?: RequestOptions): Promise<Execution> =>
      transport.request({ method: "POST", path: path(id, "/retry"), body: {} }, options),
  };
}
