import type { IncomingMessage, ServerResponse } from "node:http";

/** A request that is over, answered or broken off. */
export interface FinishedRequest {
  method: string;
  /** The pattern that took it, such as `/webhooks/:channel`, and never the path itself: a metric has few values. */
  route: string;
  status: number;
  seconds: number;
}

/** What Express notes on a request that a route has taken. */
interface Routed extends IncomingMessage {
  baseUrl?: string;
  route?: { path: unknown };
}

/** Tells of every request once it is over; a stream is over when its reader leaves. */
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
