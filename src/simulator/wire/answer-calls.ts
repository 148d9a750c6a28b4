import type { RequestHandler, Response } from "express";
import type { PlatformName } from "../connection.ts";
import type { World } from "../world.ts";
import { type ApiCall, readCall } from "./api-call.ts";
import type { Fault } from "./faults.ts";

export interface ApiAnswer {
  status: number;
  headers?: Record<string, string> | undefined;
  body: object | string | Buffer;
}

/** The ways in which a platform answers calls. */
export interface CallRules {
  platform: PlatformName;
  /** The call in one word. */
  nameOf(call: ApiCall): string;
  /** True for calls that show something to a user. */
  sends(call: ApiCall): boolean;
  answer(call: ApiCall): ApiAnswer | Promise<ApiAnswer>;
  /** The platform's answer to too many calls. */
  limited(call: ApiCall, seconds: number): ApiAnswer;
  /** The platform's answer to a token that is no longer valid. Absent: the call has no token. */
  unauthorized?(call: ApiCall): ApiAnswer;
  /** The platform's answer when it is broken. */
  broken(call: ApiCall): ApiAnswer;
  /** The platform's answer to a body that it cannot read. */
  unreadable: ApiAnswer;
}

const HANG_SECONDS = 60;

/** Answers the calls of a platform's API, with the faults that are switched on, and logs each with its answer. */
export function answerCalls(world: World, rules: CallRules): RequestHandler {
  return async (request, response) => {
    const startedAt = performance.now();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const call = await readCall(request, gone.signal);
    if (call === null) return write(response, rules.unreadable);
    const name = rules.nameOf(call);
    const fault = world.faults.ofCall(rules.platform, { name, sends: rules.sends(call) });
    if (fault?.fault === "drop") request.socket.destroy();
    const refused = refusalOf(fault, call, rules);
    const answer = fault?.fault === "drop" ? null : (refused ?? (await rules.answer(call)));
    const isLost = fault !== null && ["cut", "hang", "drop"].includes(fault.fault);
    world.log.add({
      at: new Date(world.clock.now()).toISOString(),
      platform: rules.platform,
      direction: "call",
      name,
      request: { method: call.method, url: call.url, headers: call.headers, body: textOf(call) },
      answer: answer && { status: answer.status, headers: headersOf(answer), body: bodyText(answer) },
      trouble: fault?.fault ?? null,
      milliseconds: Math.round(performance.now() - startedAt),
    });
    if (answer === null) return;
    if (!isLost) return write(response, answer);
    // The call was carried out, but its answer is lost.
    if (fault.fault === "cut") return void request.socket.destroy();
    world.after((fault.seconds ?? HANG_SECONDS) * 1000, () => request.socket.destroy());
  };
}

function refusalOf(fault: Fault | null, call: ApiCall, rules: CallRules): ApiAnswer | null {
  if (fault?.fault === "rate_limit") {
    const left = fault.until === null ? (fault.seconds ?? 1) : (fault.until - Date.now()) / 1000;
    return rules.limited(call, Math.max(1, Math.ceil(left)));
  }
  if (fault?.fault === "answer") return fault.answer;
  if (fault?.fault === "revoke_token") return rules.unauthorized?.(call) ?? null;
  return fault?.fault === "error_500" ? rules.broken(call) : null;
}

function textOf({ body, headers }: ApiCall): string {
  const type = headers["content-type"] ?? "";
  const isText = type === "" || /json|urlencoded|text/.test(type);
  return isText ? body.toString("utf8") : `(${body.length} bytes of ${type})`;
}

const headersOf = ({ headers, body }: ApiAnswer) => ({
  "content-type": typeof body === "string" ? "text/plain" : "application/json; charset=utf-8",
  ...headers,
});

function bodyText({ body }: ApiAnswer): string {
  if (Buffer.isBuffer(body)) return `(${body.length} bytes)`;
  return typeof body === "string" ? body : JSON.stringify(body);
}

function write(response: Response, answer: ApiAnswer): void {
  if (!response.writable) return;
  const { status, body } = answer;
  const isRaw = Buffer.isBuffer(body) || typeof body === "string";
  response.writeHead(status, headersOf(answer)).end(isRaw ? body : JSON.stringify(body));
}
