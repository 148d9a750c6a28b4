import type { Call, RequestOptions, Transport } from "./transport.ts";
import type { JsonObject } from "./types.ts";

/** What is kept of a user across sessions with an agent. */
export interface ParticipantData {
  data: JsonObject;
  /** The revision that was read: give it as `ifMatch`, and nothing written since is overwritten. */
  etag: string;
}

export interface WriteOptions extends RequestOptions {
  /** Writes only where this is the present revision; otherwise 412 `precondition_failed`. */
  ifMatch?: string;
}

/** Participant data: your own JSON, of which no name is changed. */
export function createParticipantData(transport: Transport) {
  async function call(
    method: "GET" | "PATCH" | "PUT",
    user: { id: string; agent: string },
    body?: JsonObject,
    { ifMatch, ...options }: WriteOptions = {},
  ): Promise<ParticipantData> {
    const asked: Call = {
      method,
      path: `/users/${encodeURIComponent(user.id)}/data/${encodeURIComponent(user.agent)}`,
      verbatim: true,
      ...(body === undefined ? {} : { body }),
      ...(ifMatch === undefined ? {} : { headers: { "If-Match": ifMatch } }),
    };
    const response = await transport.open(asked, options);
    // The edge of the typed world: what the server documents is what the types say.
    const data = (await response.json()) as JsonObject;
    return { data, etag: response.headers.get("etag") ?? "" };
  }

  return {
    /** Empty where nothing was written yet. */
    getData: (id: string, agent: string, options?: RequestOptions) =>
      call("GET", { id, agent }, undefined, options),

    /** A merge patch (RFC 7396): objects merge key by key, null removes. */
    mergeData: (id: string, agent: string, patch: JsonObject, options?: WriteOptions) =>
      call("PATCH", { id, agent }, patch, options),

    replaceData: (id: string, agent: string, data: JsonObject, options?: WriteOptions) =>
      call("PUT", { id, agent }, data, options),
  };
}
