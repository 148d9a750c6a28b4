import type { ServerResponse } from "node:http";
import { newId } from "../core/ids.ts";

const HEADER = "X-Request-Id";

/** Gives a request its id, which stands in the headers of its answer, whatever that will be. */
export function giveRequestId(response: ServerResponse): void {
  response.setHeader(HEADER, newId());
}

/** The id by which the body of an error, and the log, speak of a request too. */
export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader(HEADER) ?? "");
}
