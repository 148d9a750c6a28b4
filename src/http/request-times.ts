import type { RequestHandler } from "express";

/** A request that is over, answered or broken off. */
export interface FinishedRequest {
  method: string;
  /** The pattern that took it, such as `/webhooks/:channel`, and never the path itself: a metric has few values. */
  route: string;
  status: number;
  seconds: number;
}

/** Tells of every request once it is over; a stream is over when its reader leaves. */
export function timeRequests(onFinished: (request: FinishedRequest) => void): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    response.on("close", () => {
      const pattern: unknown = request.route?.path;
      onFinished({
        method: request.method,
        route: typeof pattern === "string" ? `${request.baseUrl}${pattern}` : "none",
        status: response.statusCode,
        seconds: (performance.now() - startedAt) / 1000,
      });
    });
    next();
  };
}
