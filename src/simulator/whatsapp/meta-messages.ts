import type { Choice } from "../line/line.ts";
import type { ApiAnswer } from "../wire/answer-calls.ts";

/** A message as a call to Meta creates it. */
export interface NewMetaMessage {
  to: string;
  text: string;
  choices: Choice[];
  /** A link or the id of an upload. */
  media: { link: string | null; id: string | null; filename: string } | null;
  isTemplate: boolean;
  replyTo: string | null;
  callbackData: string | null;
}

export const refuse = (status: number, code: number, message: string, details?: string): ApiAnswer => ({
  status,
  body: {
    error: {
      message: `(#${code}) ${message}`,
      type: "OAuthException",
      code,
      ...(details === undefined ? {} : { error_data: { messaging_product: "whatsapp", details } }),
      fbtrace_id: "SIMULATED",
    },
  },
});

const invalid = (details: string) => refuse(400, 100, "Invalid parameter", details);
const MEDIA = ["image", "audio", "video", "document", "sticker"];

/** Reads a message, or refuses as Meta does (Meta, "Messages"). */
export function readMessage(message: Record<string, unknown>): NewMetaMessage | ApiAnswer {
  const { messaging_product, to, recipient, type = "text" } = message;
  if (messaging_product !== "whatsapp") return invalid("messaging_product must be whatsapp");
  const number = String(to ?? recipient ?? "").replace(/^\+/, "");
  // A user without a visible number has an id, such as `US.13491208655302741918`.
  const isId = to === undefined && /^[A-Z]{2}\.\w+$/.test(number);
  if (!isId && !/^\d{5,15}$/.test(number)) return refuse(400, 131009, "Parameter value is not valid", "to");
  const content = readContent(String(type), message);
  if ("status" in content) return content;
  const { message_id: replyTo } = Object(message.context) as { message_id?: unknown };
  const callbackData = message.biz_opaque_callback_data;
  return {
    to: number,
    text: "",
    choices: [],
    media: null,
    isTemplate: false,
    ...content,
    replyTo: typeof replyTo === "string" ? replyTo : null,
    callbackData: typeof callbackData === "string" ? callbackData : null,
  };
}

function readContent(type: string, message: Record<string, unknown>): Partial<NewMetaMessage> | ApiAnswer {
  const part = Object(message[type]) as Record<string, unknown>;
  if (type === "text") {
    const body = typeof part.body === "string" ? part.body : "";
    if (body.trim() === "") return invalid("text.body is required");
    return [...body].length > 4096
      ? invalid("text.body must be at most 4096 characters long")
      : { text: body };
  }
  if (type === "template") {
    if (typeof part.name !== "string" || !Object(part.language).code)
      return invalid("template.name and language.code are required");
    const components = Array.isArray(part.components) ? part.components : [];
    const values = components.flatMap(({ parameters = [] }) =>
      parameters.map(({ text }: { text: unknown }) => String(text)),
    );
    return { text: [`Template ${part.name}`, ...values].join(" "), isTemplate: true };
  }
  if (type === "interactive") return readInteractive(part);
  if (!MEDIA.includes(type)) return refuse(400, 131051, "Unsupported message type");
  const { link, id, caption, filename } = part;
  if ((typeof link === "string") === (typeof id === "string"))
    return invalid(`${type} takes either an id or a link`);
  if (typeof caption === "string" && caption.length > 1024)
    return invalid("caption must be at most 1024 characters long");
  const media = {
    link: typeof link === "string" ? link : null,
    id: typeof id === "string" ? id : null,
    filename: typeof filename === "string" ? filename : type,
  };
  return { text: typeof caption === "string" ? caption : "", media };
}

function readInteractive(part: Record<string, unknown>): Partial<NewMetaMessage> | ApiAnswer {
  const type = String(part.type);
  const text = String(Object(part.body).text ?? "");
  const action = Object(part.action) as Record<string, unknown>;
  const wrong = (details: string) => refuse(400, 131009, "Parameter value is not valid", details);
  if (type === "cta_url") return readPage(text, action) ?? wrong("interactive.cta_url");
  if (type === "flow") return readFlow(text, action) ?? wrong("interactive.flow");
  const choices: Choice[] =
    type === "button"
      ? listOf(action.buttons).map(({ reply }) => ({
          ...(Object(reply) as { id: string; title: string }),
          kind: "button",
        }))
      : listOf(action.sections).flatMap(({ rows }) =>
          listOf(rows).map(({ id, title }) => ({
            id: String(id),
            title: String(title),
            kind: "list" as const,
          })),
        );
  const most =
    type === "button"
      ? { count: 3, title: 20, id: 256, text: 1024 }
      : { count: 10, title: 24, id: 200, text: 4096 };
  if (type !== "button" && type !== "list") return wrong("interactive.type");
  if (text.trim() === "" || text.length > most.text) return wrong("interactive.body.text");
  if (choices.length === 0 || choices.length > most.count) return wrong("interactive.action");
  const isWrong = ({ id, title }: Choice) =>
    !title || !id || title.length > most.title || id.length > most.id;
  if (choices.some(isWrong)) return wrong("interactive.action: id or title");
  if (new Set(choices.map(({ id }) => id)).size < choices.length) return wrong("Duplicated id");
  if (type === "button" && new Set(choices.map(({ title }) => title)).size < choices.length)
    return wrong("Duplicated title");
  if (type === "list" && (typeof action.button !== "string" || action.button.length > 20))
    return wrong("interactive.action.button");
  return { text, choices };
}

/** A button that opens a page (Meta, "Interactive call-to-action URL button messages"). Null: it is none. */
function readPage(text: string, action: Record<string, unknown>): Partial<NewMetaMessage> | null {
  const { display_text: title, url } = Object(action.parameters) as Record<string, unknown>;
  if (typeof title !== "string" || title === "" || title.length > 20) return null;
  if (action.name !== "cta_url" || typeof url !== "string" || !/^https?:\/\//.test(url)) return null;
  return text.trim() === "" || text.length > 1024
    ? null
    : { text, choices: [{ id: url, title, kind: "page" }] };
}

/** A button that opens a form (Meta, "Sending a Flow"). Null: it is none. */
function readFlow(text: string, action: Record<string, unknown>): Partial<NewMetaMessage> | null {
  const parameters = Object(action.parameters) as Record<string, unknown>;
  const { flow_cta: title, flow_id, flow_name, flow_token: token, flow_message_version } = parameters;
  if (typeof title !== "string" || title === "" || title.length > 20) return null;
  const isNamed = (typeof flow_id === "string") !== (typeof flow_name === "string");
  if (action.name !== "flow" || !isNamed || flow_message_version !== "3") return null;
  const id = typeof token === "string" ? token : "unused";
  return text.trim() === "" || text.length > 1024 ? null : { text, choices: [{ id, title, kind: "flow" }] };
}

const listOf = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : []);
