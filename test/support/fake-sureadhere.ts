import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

/** A message that the fake delivered. */
export interface DeliveredMessage {
  patientId: string;
  text: string;
}

/** The fault for the next requests of an endpoint, which then get no normal answer. */
export type SureadhereFault =
  /**
   * A status without executing the request. The body is the given one, or the fake's own page, which quotes the
   * request.
   */
  | { answer: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks: before the request is executed, or after. */
  | { cut: "before" | "after" }
  /** The request is executed, and the connection breaks in the middle of the answer. */
  | { truncate: true }
  /** The request is executed, but the answer never comes. */
  | { hang: true };

type Endpoint = "token" | "send";

export interface FakeSureadhere extends AsyncDisposable {
  /** For `authUrl`. */
  authUrl: string;
  /** For `baseUrl`. */
  baseUrl: string;
  clientId: string;
  clientSecret: string;
  clientScope: string;
  delivered: readonly DeliveredMessage[];
  /** Every request that reached an endpoint, in order. */
  requests: readonly Endpoint[];
  /** Part of every token that it issues. */
  tokenMark: string;
  /** The other fields of a token answer. */
  tokenFields: { token_type: string; expires_in: unknown };
  /** Makes the next `times` requests of an endpoint fail (default: `send`, once). */
  fail(fault: SureadhereFault, options?: { endpoint?: Endpoint; times?: number }): void;
  /** Revokes all issued tokens; new ones can be requested. */
  revokeTokens(): void;
  /** Revokes the client and its tokens. */
  revokeClient(): void;
  /** Makes a patient unknown. */
  discharge(patientId: string): void;
  openConnections(): number;
  /** Stops listening, like a server that is down. */
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

const json = (status: number, body: object): Answer => ({ status, body: JSON.stringify(body) });

/**
 * A fake of SureAdhere's API and its authorization server on one loopback port. It is strict about methods, media types
 * and fields. It stores delivered messages, and fails on demand.
 */
export async function startFakeSureadhere(): Promise<FakeSureadhere> {
  const clientId = "causeway-client";
  const clientScope = "api://messages/.default";
  const tokenMark = "TEST-access-token";
  let clientSecret = "client+secret/&=0123456789";
  const delivered: DeliveredMessage[] = [];
  const requests: Endpoint[] = [];
  const tokens = new Set<string>();
  const discharged = new Set<string>();
  const faults: Record<Endpoint, SureadhereFault[]> = { token: [], send: [] };
  const tokenFields: FakeSureadhere["tokenFields"] = { token_type: "Bearer", expires_in: 3600 };
  let given = 0;

  function giveToken(request: IncomingMessage, body: string): Answer {
    if (request.headers["content-type"] !== "application/x-www-form-urlencoded")
      return json(400, { error: "invalid_request" });
    const form = Object.fromEntries(new URLSearchParams(body));
    const { grant_type, client_id, client_secret, scope, ...others } = form;
    if (Object.keys(others).length > 0) return json(400, { error: "invalid_request" });
    if (grant_type !== "client_credentials") return json(400, { error: "unsupported_grant_type" });
    if (client_id !== clientId || client_secret !== clientSecret)
      return json(401, { error: "invalid_client", error_description: `not the secret: ${client_secret}` });
    if (scope !== clientScope) return json(400, { error: "invalid_scope" });
    given += 1;
    const access_token = `${tokenMark}-${given}`;
    tokens.add(access_token);
    return json(200, { access_token, ...tokenFields });
  }

  function takeMessage(request: IncomingMessage, body: string): Answer {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!tokens.has(token)) return json(401, { message: `not a token: ${token}` });
    if (request.headers["content-type"] !== "application/json") return json(415, {});
    const message: unknown = JSON.parse(body);
    if (typeof message !== "object" || message === null) return json(400, {});
    const { patient_Id, message_Body, ...others } = message as Record<string, unknown>;
    if (Object.keys(others).length > 0) return json(400, { message: "unknown field" });
    if (typeof patient_Id !== "string" || patient_Id === "") return json(400, { message: "patient_Id" });
    if (typeof message_Body !== "string" || message_Body.trim() === "")
      return json(400, { message: "message_Body" });
    if (discharged.has(patient_Id)) return json(404, { message: "no such patient" });
    delivered.push({ patientId: patient_Id, text: message_Body });
    return { status: 200, body: "Message sent" };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const endpoint = { "/oauth2/token": "token", "/treatment/external/send-msg": "send" }[request.url ?? ""];
    if (request.method !== "POST" || (endpoint !== "token" && endpoint !== "send"))
      return reply(response, { status: 404, body: "not here" });
    requests.push(endpoint);
    const carryOut = () => (endpoint === "token" ? giveToken(request, body) : takeMessage(request, body));
    const fault = faults[endpoint].shift();
    if (fault === undefined) return reply(response, carryOut());
    if ("answer" in fault) {
      const quoting = `<html>${request.headers.authorization} ${body}</html>`;
      const headers = { "content-type": "text/html", ...fault.headers };
      return reply(response, { status: fault.answer, body: fault.body ?? quoting, headers });
    }
    if ("cut" in fault) {
      if (fault.cut === "after") carryOut();
      request.socket.destroy();
    } else if ("truncate" in fault) {
      const answer = carryOut();
      response.writeHead(answer.status, { "content-length": answer.body.length });
      response.write(answer.body.slice(0, 4), () => request.socket.destroy());
    } else carryOut();
  }

  const server = await startLoopbackServer(handle, (response, error) =>
    reply(response, { status: 500, body: String(error) }),
  );
  const baseUrl = server.origin;

  const { close } = server;
  return {
    authUrl: `${baseUrl}/oauth2/token`,
    baseUrl,
    clientId,
    clientSecret,
    clientScope,
    delivered,
    requests,
    tokenMark,
    tokenFields,
    fail(fault, { endpoint = "send", times = 1 } = {}) {
      for (let n = 0; n < times; n++) faults[endpoint].push(fault);
    },
    revokeTokens: () => tokens.clear(),
    revokeClient() {
      tokens.clear();
      clientSecret = "another";
    },
    discharge: (patientId) => void discharged.add(patientId),
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function reply(response: ServerResponse, answer: Answer): void {
  if (!response.writable) return;
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(answer.body);
}
