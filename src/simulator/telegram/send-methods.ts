import type { ApiCall } from "../wire/api-call.ts";
import type { World } from "../world.ts";
import { badRequest, isRefusal, type Outcome, ok } from "./answers.ts";
import { addFile, addMessage, type Bot, type StoredFile, type StoredMessage } from "./bot.ts";
import { captionText, messageText, type Parameters, readKeyboard } from "./content.ts";
import { messageObject } from "./objects.ts";
import { type Place, readPlace } from "./places.ts";
import { readRich } from "./rich.ts";

export interface MethodContext {
  world: World;
  bot: Bot;
  files: ApiCall["files"];
}

const MEDIA = ["photo", "document", "audio", "voice", "video", "animation", "video_note", "sticker"];
/** Telegram fetches files from a URL up to this size (Bot API, "Sending files"). */
const MOST_FETCHED = 20 * 1024 * 1024;
const TYPING_MS = 5_000;

/** `sendMessage`: a text within 4,096 characters after its entities are read. */
export function sendMessage(context: MethodContext, payload: Parameters): Outcome {
  const place = readPlace(context.world, context.bot, payload);
  if (isRefusal(place)) return place;
  const content = messageText(payload);
  if (typeof content === "string") return badRequest(content);
  return send(context, place, payload, { ...content, file: null });
}

/** `sendRichMessage`: headings, lists and tables, up to 32,768 characters. */
export function sendRichMessage(context: MethodContext, payload: Parameters): Outcome {
  const place = readPlace(context.world, context.bot, payload);
  if (isRefusal(place)) return place;
  const content = readRich(payload);
  if (typeof content === "string") return badRequest(content);
  const { text, blocks } = content;
  return send(context, place, payload, { text, entities: [], file: null, rich: { blocks } });
}

/** `sendPhoto`, `sendDocument` and the like: an upload, a file that Telegram knows, or a URL. */
export function mediaMethods(): Record<
  string,
  (context: MethodContext, payload: Parameters) => Promise<Outcome>
> {
  return Object.fromEntries(
    MEDIA.map((kind) => [
      `send${kind.replace("_", "")}`,
      async (context: MethodContext, payload: Parameters): Promise<Outcome> => {
        const place = readPlace(context.world, context.bot, payload);
        if (isRefusal(place)) return place;
        const content = captionText(payload);
        if (typeof content === "string") return badRequest(content);
        const file = await findFile(context, payload[kind], kind);
        if (typeof file === "string") return badRequest(file);
        return send(context, place, payload, { ...content, file: { ...file, kind } });
      },
    ]),
  );
}

function send(
  { world, bot }: MethodContext,
  { chat, threadId, replyTo }: Place,
  payload: Parameters,
  content: Pick<StoredMessage, "text" | "entities" | "file" | "rich">,
): Outcome {
  const keyboard = readKeyboard(payload.reply_markup);
  if (typeof keyboard === "string") return badRequest(keyboard);
  const place = { threadId, replyTo, keyboard: keyboard ?? [] };
  const message = addMessage(bot, chat, { from: bot.me, date: world.clock.seconds(), ...place, ...content });
  chat.draft = null;
  chat.typingUntil = 0;
  world.changed();
  return ok(messageObject(chat, message));
}

async function findFile(
  { world, bot, files }: MethodContext,
  given: unknown,
  kind: string,
): Promise<StoredFile | string> {
  const attached = typeof given === "string" ? given.replace(/^attach:\/\//, "") : kind;
  const upload = files.get(attached) ?? files.get(kind);
  if (upload !== undefined) return addFile(bot, { ...upload, contentType: typeOf(upload, kind) });
  if (typeof given !== "string" || given === "") return `there is no ${kind} in the request`;
  const known = bot.files.get(given);
  if (known !== undefined) return known;
  if (!/^https?:\/\//.test(given)) return "wrong file identifier/HTTP URL specified";
  try {
    const response = await fetch(world.reach(given), { signal: AbortSignal.timeout(10_000) });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (!response.ok || bytes.length === 0 || bytes.length > MOST_FETCHED)
      return "failed to get HTTP URL content";
    const contentType = response.headers.get("content-type") ?? "application/octet-stream";
    return addFile(bot, { name: new URL(given).pathname.split("/").at(-1) || kind, contentType, bytes });
  } catch {
    return "failed to get HTTP URL content";
  }
}

/** Types of uploads that come without one, as Telegram finds them out. */
const TYPES: Readonly<Record<string, string>> = {
  voice: "audio/ogg",
  audio: "audio/mpeg",
  photo: "image/jpeg",
  video: "video/mp4",
  animation: "video/mp4",
};

function typeOf({ contentType }: { contentType: string }, kind: string): string {
  return contentType === "application/octet-stream" ? (TYPES[kind] ?? contentType) : contentType;
}

const ACTIONS = new Set([
  ...["typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice"],
  ...["upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"],
]);

/** `sendChatAction`: shown for five seconds, or until a message arrives. */
export function sendChatAction({ world, bot }: MethodContext, payload: Parameters): Outcome {
  const place = readPlace(world, bot, payload);
  if (isRefusal(place)) return place;
  if (!ACTIONS.has(String(payload.action))) return badRequest("wrong parameter action in request");
  place.chat.typingUntil = world.clock.now() + TYPING_MS;
  world.changed();
  return ok(true);
}

/** `sendMessageDraft`: an unfinished answer in a private chat, which a message replaces. */
export function sendMessageDraft(context: MethodContext, payload: Parameters): Outcome {
  return draw(context, payload, payload.text === "" ? { text: "" } : messageText(payload));
}

/** `sendRichMessageDraft`: the same with headings, lists and tables. */
export function sendRichMessageDraft(context: MethodContext, payload: Parameters): Outcome {
  return draw(context, payload, readRich(payload));
}

function draw(
  { world, bot }: MethodContext,
  payload: Parameters,
  content: { text: string } | string,
): Outcome {
  // Drafts do not take the parameter for business accounts.
  const place = readPlace(world, bot, { ...payload, business_connection_id: undefined });
  if (isRefusal(place)) return place;
  if (place.chat.id < 0) return badRequest("TEXTDRAFT_PEER_INVALID");
  const draftId = Number(payload.draft_id);
  if (!Number.isInteger(draftId) || draftId === 0 || Math.abs(draftId) > 0x7fff_ffff)
    return badRequest("wrong parameter draft_id in request");
  if (typeof content === "string") return badRequest(content);
  place.chat.draft = content.text;
  world.changed();
  return ok(true);
}
