import { createHmac } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

/** A message that the fake accepted. */
export interface TakenByMeta {
  id: string;
  /** The number, or the business-scoped id. */
  to: string;
  type: string;
  body: string | null;
  template: unknown;
  interactive: unknown;
  callbackData: string | null;
}

/** The fault for the next message, which is then not accepted. */
export type MetaFault =
  | { status: number; code: number; subcode?: number; details?: string }
  /** Another server than Meta answers. */
  | { html: number }
  | { cut: "before" | "after" };

export interface FakeMeta extends AsyncDisposable {
  /** For `apiBaseUrl`. */
  url: string;
  phoneNumberId: string;
  accessToken: string;
  appSecret: string;
  verifyToken: string;
  taken: readonly TakenByMeta[];
  /** The ids of messages that were marked read with "typing…". */
  typing: readonly string[];
  requests: () => number;
  /** The name of a number's user at WhatsApp, if it differs from the number. */
  knownAs: Map<string, { wa_id?: string; user_id?: string }>;
  /** Answers about the number, the token and the account's apps. */
  told: { number: Record<string, unknown>; token: Record<string, unknown> | null; apps: unknown[] };
  fail(fault: MetaFault): void;
  revokeToken(): void;
  /** Replaces the app's secret, as "Reset" does. Proofs with the old secret are wrong after that. */
  resetAppSecret(secret: string): void;
  openConnections(): number;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  body: object;
}

const refuse = (
  status: number,
  code: number,
  more: { subcode?: number; details?: string; message?: string } = {},
): Answer => ({
  status,
  body: {
    error: {
      message: more.message ?? `(#${code}) refused by the test`,
      type: "OAuthException",
      code,
      ...(more.subcode === undefined ? {} : { error_subcode: more.subcode }),
      ...(more.details === undefined
        ? {}
        : { error_data: { messaging_product: "whatsapp", details: more.details } }),
      fbtrace_id: "A0",
    },
  },
});

const PROOF_MISSING = "API calls from the server require an appsecret_proof argument";
const PROOF_WRONG = "Invalid appsecret_proof provided in the API argument";

let lastId = 0;

/** An id in WhatsApp's format. */
export const nextWamid = () => `wamid.${Buffer.from(`message ${++lastId}`).toString("base64")}`;

/**
 * A fake of the messages endpoint of Meta's Cloud API. It is strict about token, proof, number, lengths and the form of
 * a message. It behaves as for an app with "Require app secret". It accepts messages, and fails on demand. Each fake
 * uses a separate loopback port.
 */
export async function startFakeMeta(): Promise<FakeMeta> {
  const phoneNumberId = "106540352242922";
  const accessToken = "EAAtheaccesstokenofasystemuser0123456789";
  const appSecret = "0123456789abcdef0123456789abcdef";
  let accepted = accessToken;
  let secret = appSecret;
  let requests = 0;
  const taken: TakenByMeta[] = [];
  const typing: string[] = [];
  const knownAs: FakeMeta["knownAs"] = new Map();
  const told: FakeMeta["told"] = { number: {}, token: null, apps: [] };
  const faults: MetaFault[] = [];

  function take(message: Record<string, unknown>): Answer {
    const read = readMessage(message);
    if ("status" in read) return read;
    const id = nextWamid();
    taken.push({ id, ...read });
    const contacts = [{ input: read.to, wa_id: read.to, ...knownAs.get(read.to) }];
    return { status: 200, body: { messaging_product: "whatsapp", contacts, messages: [{ id }] } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await text(request);
    requests++;
    if (request.headers.authorization !== `Bearer ${accepted}`) return reply(response, refuse(401, 190));
    const { pathname: path, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const proof = searchParams.get("appsecret_proof");
    if (proof === null) return reply(response, refuse(400, 100, { message: PROOF_MISSING }));
    if (proof !== createHmac("sha256", secret).update(accepted).digest("hex"))
      return reply(response, refuse(400, 100, { message: PROOF_WRONG }));
    if (request.method === "GET" && path === `/v26.0/${phoneNumberId}`)
      return reply(response, { status: 200, body: { id: phoneNumberId, ...told.number } });
    if (request.method === "GET" && path === "/v26.0/debug_token" && told.token !== null)
      return reply(response, { status: 200, body: { data: told.token } });
    if (request.method === "GET" && path.endsWith("/subscribed_apps"))
      return reply(response, { status: 200, body: { data: told.apps } });
    if (request.method !== "POST" || path !== `/v26.0/${phoneNumberId}/messages`)
      return reply(response, refuse(400, 100, { subcode: 33 }));
    const body = JSON.parse(sent) as Record<string, unknown>;
    if (body["status"] === "read") {
      if (!String(body["message_id"]).startsWith("wamid.")) return reply(response, refuse(400, 131009));
      typing.push(String(body["message_id"]));
      return reply(response, { status: 200, body: { success: true } });
    }
    const fault = faults.shift();
    if (fault === undefined) return reply(response, take(body));
    if ("html" in fault)
      response.writeHead(fault.html, { "content-type": "text/html" }).end("<html>not Meta</html>");
    else if ("cut" in fault) {
      if (fault.cut === "after") take(body);
      request.socket.destroy();
    } else reply(response, refuse(fault.status, fault.code, fault));
  }

  const server = await startLoopbackServer(handle, (response) => reply(response, refuse(500, 1)));
  const { close } = server;
  return {
    url: `${server.origin}/v26.0`,
    phoneNumberId,
    accessToken,
    appSecret,
    verifyToken: "ourveryownverifytoken",
    taken,
    typing,
    knownAs,
    told,
    requests: () => requests,
    fail: (fault) => void faults.push(fault),
    revokeToken() {
      accepted = "another";
    },
    resetAppSecret(another) {
      secret = another;
    },
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function reply(response: ServerResponse, { status, body }: Answer): void {
  if (!response.writable) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The message from a request, or Meta's refusal. */
function readMessage(message: Record<string, unknown>): Omit<TakenByMeta, "id"> | Answer {
  const { messaging_product, to, recipient, type, text, template, interactive } = message;
  if (messaging_product !== "whatsapp") return refuse(400, 100, { details: "messaging_product" });
  const isTo = typeof to === "string" && /^\d{5,15}$/.test(to);
  const isRecipient = typeof recipient === "string" && /^[A-Z]{2}\.\w+$/.test(recipient);
  if (!isTo && !isRecipient) return refuse(400, 131009, { details: "to or recipient" });
  const body = type === "text" ? ((text as { body?: string } | undefined)?.body ?? "") : null;
  if (body !== null && (body.trim() === "" || [...body].length > 4096))
    return refuse(400, 100, { details: "body" });
  if (type === "template" && template === undefined) return refuse(400, 132001);
  if (type === "interactive" && !isInteractive(interactive))
    return refuse(400, 131009, { details: "interactive" });
  return {
    to: String(isTo ? to : recipient),
    type: String(type),
    body: type === "interactive" ? ((interactive as Interactive).body?.text ?? "") : body,
    template: template ?? null,
    interactive: interactive ?? null,
    callbackData: (message["biz_opaque_callback_data"] as string | undefined) ?? null,
  };
}

/** A message with choices (Meta, "Interactive reply buttons messages", "Interactive list messages"). */
export interface Interactive {
  type: string;
  body?: { text: string };
  action: {
    buttons?: { type: string; reply: { id: string; title: string } }[];
    button?: string;
    sections?: { rows: { id: string; title: string }[] }[];
    name?: string;
    parameters?: { display_text: string; url: string };
  };
}

/** The choices of a message. */
export const choicesOf = ({ action }: Interactive) => [
  ...(action.buttons ?? []).map(({ reply }) => reply),
  ...(action.sections ?? []).flatMap(({ rows }) => rows),
];

function isInteractive(message: unknown): boolean {
  const { type, body, action } = message as Interactive;
  if (type === "cta_url") {
    const { display_text: label = "", url = "" } = action.parameters ?? {};
    const words = body?.text ?? "";
    const fits = words.trim() !== "" && words.length <= 1024 && label !== "" && label.length <= 20;
    return fits && action.name === "cta_url" && /^https?:\/\//.test(url);
  }
  const choices = choicesOf({ type, action });
  const [most, title, id, text] = type === "button" ? [3, 20, 256, 1024] : [10, 24, 200, 4096];
  const differ = (key: "id" | "title") => new Set(choices.map((each) => each[key])).size === choices.length;
  return (
    ["button", "list"].includes(type) &&
    (type === "button" || [...(action.button ?? "")].length <= 20) &&
    (body?.text ?? "").trim() !== "" &&
    (body?.text ?? "").length <= text &&
    choices.length > 0 &&
    choices.length <= most &&
    choices.every((each) => each.title.length <= title && each.id.length <= id) &&
    differ("id") &&
    (type === "list" || differ("title"))
  );
}

/** The headers and body of an event, signed as Meta documents it. */
export function signedEvent(event: unknown, appSecret: string) {
  const body = JSON.stringify(event);
  const signature = createHmac("sha256", appSecret).update(body).digest("hex");
  return {
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    body,
  };
}
