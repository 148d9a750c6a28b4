import { excerpt } from "../../core/text/text.ts";
import { AnswerTooLong } from "./mcp-fetch.ts";

/** A fault of a call as the client of the AI SDK reports it. Its class is not exported. */
interface CallFault {
  statusCode?: unknown;
  responseBody?: unknown;
  name?: unknown;
}

/** The name of the fault if an answer has not the form of the protocol. */
const UNREADABLE = "ZodError";

const faultOf = (error: unknown): CallFault => (typeof error === "object" && error !== null ? error : {});

/**
 * True if the server no longer knows the session of the call, for example after a restart. The protocol asks for a 404.
 * Some servers answer 400 with words. In both cases the server has not run the tool.
 */
export function lostSession(error: unknown): boolean {
  const { statusCode, responseBody } = faultOf(error);
  return statusCode === 404 || (statusCode === 400 && /session|not initialized/i.test(String(responseBody)));
}

/**
 * True if a call failed because the connection is gone. A protocol error, another HTTP status and an unreadable result
 * are answers. The connection still serves the calls of others.
 */
export function breaksConnection(error: unknown): boolean {
  if (error instanceof AnswerTooLong) return false;
  return lostSession(error) || !["MCPClientError", UNREADABLE].includes(String(faultOf(error).name));
}

/** The text about a failed call for the model. The client's own messages are meant for programmers. */
export function callFault(error: unknown): string {
  const { statusCode, responseBody } = faultOf(error);
  if (typeof statusCode === "number" && statusCode >= 400) {
    return `the server answered HTTP ${statusCode}: ${excerpt(String(responseBody ?? ""), 300)}`;
  }
  if (faultOf(error).name === UNREADABLE) return "the server's answer cannot be read";
  return error instanceof Error ? error.message : String(error);
}
