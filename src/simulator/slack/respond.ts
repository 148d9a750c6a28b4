import type { ApiAnswer } from "../wire/answer-calls.ts";
import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";
import { readBlocks } from "./blocks.ts";
import type { Payload, SlackAnswer } from "./chat-methods.ts";
import { readWords } from "./text.ts";

interface Context {
  app: SlackApp;
  world: World;
  post(payload: Payload): SlackAnswer;
}

/** An answer to a press by its response URL: replaces the message, deletes it, or adds another one. */
export function respond(id: string, payload: Payload, contexts: readonly Context[]): ApiAnswer {
  const context = contexts.find(({ app }) => app.responseUrls.has(id));
  const place = context?.app.responseUrls.get(id);
  if (context === undefined || place === undefined) return { status: 404, body: "expired_url" };
  const { app, world, post } = context;
  if (place.left === 0 || place.until < world.clock.now()) return { status: 404, body: "used_url" };
  const conversation = app.conversations.get(place.channel);
  const message = conversation?.messages.find(({ ts }) => ts === place.ts);
  if (conversation === undefined || message === undefined) return { status: 404, body: "message_not_found" };
  if (payload.delete_original === true) {
    conversation.messages = conversation.messages.filter((each) => each !== message);
  } else if (payload.replace_original === true) {
    const blocks = readBlocks(payload.blocks);
    if (typeof blocks === "string") return { status: 400, body: blocks };
    const words = readWords(payload, blocks);
    if (typeof words === "string") return { status: 400, body: words };
    Object.assign(message, { ...words, blocks, isEdited: true });
  } else {
    const thread = message.threadTs === null ? {} : { thread_ts: message.threadTs };
    const { response_type: _type, replace_original: _replace, ...content } = payload;
    const answer = post({ channel: place.channel, ...thread, ...content });
    if (!answer.ok) return { status: 400, body: answer.error ?? "invalid_payload" };
  }
  place.left -= 1;
  world.changed();
  return { status: 200, body: "ok" };
}
