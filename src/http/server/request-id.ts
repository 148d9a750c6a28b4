import type { ServerResponse } from "node:http";
import { newId } from "../../core/ids.ts";

const HEADER = "X-Request-Id";

/** Gives a request its id, in a header that every answer carries. */
export function giveRequestId(response: ServerResponse): void {
  response.setHeader(HEADER, newId());
}

/** The id of a request, also used in error bodies and in the log. */
export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader(HEADER) ?? "");
}
