import type { Call, RequestOptions, Transport } from "./transport.ts";
import type { JsonObject } from "./types.ts";

/** The data of a user for an agent. It outlives sessions. */
export interface ParticipantData {
  data: JsonObject;
  /** The revision that was read. Send it as `ifMatch`, so that no later write is overwritten. */
  etag: string;
}

export interface ReadOptions extends RequestOptions {
  /** Session of an anonymous visitor, whose data is per session. Default: the most recently used open one. */
  sessionId?: string;
}

export interface WriteOptions extends ReadOptions {
  /** Writes only if this is the current revision. Otherwise the error is 412 `precondition_failed`. */
  ifMatch?: string;
}

/** Participant data. It is the caller's own JSON, so no name in it is changed. */
export function createParticipantData(transport: Transport) {
  async function call(
    method: "GET" | "PATCH" | "PUT",
    user: { id: string; agent: string },
    body?: JsonObject,
    { ifMatch, sessionId, ...options }: WriteOptions = {},
  ): Promise<ParticipantData> {
    const asked: Call = {
      method,
      path: `/users/${encodeURIComponent(user.id)}/data/${encodeURIComponent(user.agent)}`,
      verbatim: true,
      ...(sessionId === undefined ? {} : { query: { session_id: sessionId } }),
      ...(body === undefined ? {} : { body }),
      ...(ifMatch === undefined ? {} : { headers: { "If-Match": ifMatch } }),
    };
    const response = await transport.open(asked, options);
    // An untyped boundary: the types describe the documented answers of the server.
    const data = (await response.json()) as JsonObject;
    return { data, etag: response.headers.get("etag") ?? "" };
  }

  return {
    /** Returns an empty object if nothing was written yet. */
    getData: (id: string, agent: string, options?: ReadOptions) =>
      call("GET", { id, agent }, undefined, options),

    /** Applies a merge patch (RFC 7396): it merges objects key by key, and null removes a key. */
    mergeData: (id: string, agent: string, patch: JsonObject, options?: WriteOptions) =>
      call("PATCH", { id, agent }, patch, options),

    replaceData: (id: string, agent: string, data: JsonObject, options?: WriteOptions) =>
      call("PUT", { id, agent }, data, options),
  };
}
