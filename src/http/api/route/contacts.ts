import type { TurnEvent } from "../../../core/session/turn-log.ts";
import { maskContacts, maskedPieces } from "../../../core/text/masked-contacts.ts";
import { roleOf } from "../../../keys/role.ts";
import type { Caller, RouteReply } from "./route.ts";

/** True for a viewer at the console. A key that is sent itself reads everything, because programs need it. */
export function seesMasked({ consoleId, scopes }: Pick<Caller, "consoleId" | "scopes">): boolean {
  return consoleId !== null && roleOf(scopes) === "viewer";
}

/** Returns a function that prepares a value for a caller. It returns the value, or a copy with masked contacts. */
export function shownTo(caller: Pick<Caller, "consoleId" | "scopes">): <T>(value: T) => T {
  return seesMasked(caller) ? masked : (value) => value;
}

/** The reply as the caller may see it. A stream masks by itself. */
export function replyShownTo(caller: Caller, reply: RouteReply): RouteReply {
  if ("stream" in reply || reply.body === undefined) return reply;
  return { ...reply, body: shownTo(caller)(reply.body) };
}

/** The events of a turn as the caller may see them. The bot's words come in pieces that may cut a number in two. */
export async function* eventsShownTo(
  caller: Pick<Caller, "consoleId" | "scopes">,
  events: AsyncIterable<TurnEvent>,
): AsyncGenerator<TurnEvent> {
  if (!seesMasked(caller)) return yield* events;
  let texts = maskedTexts();
  let newest = 0;
  for await (const event of events) {
    const { type, data } = event;
    const text = data["content"];
    // A further attempt starts its text from the beginning.
    if (type === "execution") texts = maskedTexts();
    if ((type === "content" || type === "thinking") && typeof text === "string")
      yield { ...event, data: { ...data, content: texts[type].add(text) } };
    else {
      if (type === "done" || type === "error") yield* restOf(texts, newest);
      yield { ...event, data: masked(data) };
    }
    newest = event.id;
  }
}

const maskedTexts = () => ({ thinking: maskedPieces(), content: maskedPieces() });

/** The ends of the texts that were held back. They have the id of the event before, so that a reader can go on there. */
function* restOf(texts: ReturnType<typeof maskedTexts>, id: number): Generator<TurnEvent> {
  for (const type of ["thinking", "content"] as const) {
    const content = texts[type].end();
    if (content !== "") yield { id, type, data: { content } };
  }
}

/** Through JSON, because a reply may hold dates. */
function masked<T>(value: T): T {
  return maskContacts(JSON.parse(JSON.stringify(value))) as T;
}
