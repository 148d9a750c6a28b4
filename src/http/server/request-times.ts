import type { IncomingMessage, ServerResponse } from "node:http";

/** A finished request, answered or broken off. */
export interface FinishedRequest {
  method: string;
  /**
   * The matching route pattern, such as `/webhooks/:channel`, never the path itself, because a metric must have few
   * values.
   */
  route: string;
  status: number;
  seconds: number;
}

/** The fields that Express sets on a request that a route handles. */
interface Routed extends IncomingMessage {
  baseUrl?: string;
  route?: { path: unknown };
}

/** Reports every request once it is finished. A stream is finished when its reader leaves. */
export function timeRequests(onFinished: (request: FinishedRequest) => void) {
  return (request: Routed, response: ServerResponse): void => {
    const startedAt = performance.now();
    response.on("close", () => {
      const pattern = request.route?.path;
      onFinished({
        method: request.method ?? "",
        route: typeof pattern === "string" ? `${request.baseUrl}${pattern}` : "none",
        status: response.statusCode,
        seconds: (performance.now() - startedAt) / 1000,
      });
    });
  };
}
