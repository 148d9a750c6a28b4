import { createHmac } from "node:crypto";
import { refuse } from "../../src/simulator/whatsapp/meta-messages.ts";
import type { ScriptedAnswer } from "../../src/simulator/wire/faults.ts";
import { type CommonFault, startScriptedSimulator } from "./scripted-simulator.ts";

/** A message that Meta accepted. */
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

/** The fault for the next message. With a code, Meta refuses it. */
export type MetaFault = { status: number; code: number; subcode?: number; details?: string } | CommonFault;

export type ScriptedMeta = Awaited<ReturnType<typeof startScriptedMeta>>;

let lastId = 0;

/** An id in WhatsApp's format. */
export const nextWamid = () => `wamid.${Buffer.from(`message ${++lastId}`).toString("base64")}`;

/** A simulated number on Meta's Cloud API, of an app with "Require app secret". */
export async function startScriptedMeta() {
  const knownAs = new Map<string, { wa_id?: string; user_id?: string }>();
  const account = {
    name: "meta",
    phoneNumberId: "106540352242922",
    accessToken: "EAAtheaccesstokenofasystemuser0123456789",
    appSecret: "0123456789abcdef0123456789abcdef",
    verifyToken: "ourveryownverifytoken",
    webhookUrl: null,
    requiresProof: true,
    knownAs,
  };
  const { name, webhookUrl, requiresProof, ...keys } = account;
  const scripted = await startScriptedSimulator("whatsapp", (simulator) => simulator.addMeta(account));
  const { origin, simulator, close, requests, openConnections, carriedOut } = scripted;
  const [phone] = simulator.connections();

  return {
    ...keys,
    /** For `apiBaseUrl`. */
    url: `${origin}/whatsapp/meta/v26.0`,
    get taken(): TakenByMeta[] {
      return carriedOut("messages").map(({ body, answer }) =>
        takenMessage(answer.messages[0].id, JSON.parse(body)),
      );
    },
    /** The ids of messages that were marked read with "typing…". */
    get typing(): string[] {
      return carriedOut("mark read").map(({ body }) => JSON.parse(body).message_id);
    },
    requests,
    openConnections,
    /** A message of a user that Meta knows of. Returns its id. */
    wrote(text = "hello"): string {
      const said = phone?.say("491700000001", { text, from: null, thread: null, replyTo: null, file: null });
      return said !== undefined && "id" in said ? said.id : "";
    },
    fail(fault: MetaFault): void {
      scripted.fail("messages", "code" in fault ? { answer: refusal(fault) } : fault);
    },
    /** Meta answers so about the number, the token or the account's apps: the last part of the path. */
    tell: (what: string, body: object) => scripted.tell(what, { status: 200, body }),
    revokeToken(): void {
      scripted.forget();
      account.accessToken = "another";
    },
    /** Replaces the app's secret, as "Reset" does. Proofs with the old secret are wrong after that. */
    resetAppSecret(secret: string): void {
      account.appSecret = secret;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: messages of every shape
function takenMessage(id: string, message: any): TakenByMeta {
  const { to, recipient, type, text, template = null, interactive = null } = message;
  const callbackData = message.biz_opaque_callback_data ?? null;
  const body = (type === "interactive" ? interactive.body?.text : text?.body) ?? null;
  return { id, to: to ?? recipient, type, body, template, interactive, callbackData };
}

function refusal({ status, code, subcode, details }: Extract<MetaFault, { code: number }>): ScriptedAnswer {
  const { error } = refuse(status, code, "refused by the test", details).body as { error: object };
  return {
    status,
    body: { error: { ...error, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
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
  };
}

/** The choices of a message. */
export const choicesOf = ({ action }: Interactive) => [
  ...(action.buttons ?? []).map(({ reply }) => reply),
  ...(action.sections ?? []).flatMap(({ rows }) => rows),
];

/** The headers and body of an event, signed as Meta documents it. */
export function signedEvent(event: unknown, appSecret: string) {
  const body = JSON.stringify(event);
  const signature = createHmac("sha256", appSecret).update(body).digest("hex");
  return {
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    body,
  };
}
