import { oneLine } from "../text/text.ts";
import type { MessageContext, StoredReference } from "./message-context.ts";
import { nameLine } from "./name-line.ts";

/** Maximum length of a thread for a bot: enough to follow the conversation. */
const THREAD_LIMIT = 8_000;
const LINE_LIMIT = 1_000;
const NONE: Pick<MessageContext, "author" | "references"> = { author: null, references: [] };

/**
 * A message as text, with its writer and its references, for every type of bot. Other people's text is put on one line
 * each, so that nobody can imitate another person.
 */
export function withContextInWords(content: string, context: MessageContext | null | undefined): string {
  const { author, references } = context ?? NONE;
  if (author === null && references.length === 0) return content;
  const forwards = references.filter(({ kind }) => kind === "forward");
  const [own] = forwards.filter((forward) => isAllOf(forward, content));
  const lines = [...threadLines(references), ...references.filter(isReply).map(replyLine)];
  const writer = author === null ? "" : `${nameLine(author.name ?? author.identifier)}: `;
  const said = own === undefined ? content : `${forwardedFrom(own)}\n${content}`.trimEnd();
  if (said !== "" || writer !== "") lines.push(`${writer}${said}`.trimEnd());
  lines.push(...forwards.filter((forward) => forward !== own).map(forwardLine));
  return lines.join("\n");
}

/** The thread before a message, oldest first. If the thread is long, it has the newest lines that fit. */
function threadLines(references: readonly StoredReference[]): string[] {
  let left = THREAD_LIMIT;
  const lines: string[] = [];
  for (const { author, from, text } of references.filter(({ kind }) => kind === "thread").toReversed()) {
    const line = `${author ?? nameOf(from) ?? "Somebody"}: ${oneLine(text ?? "", LINE_LIMIT)}`;
    left -= line.length;
    if (left < 0) break;
    lines.unshift(line);
  }
  return lines.length === 0 ? [] : ["Earlier in this thread:", ...lines, "(end of the thread)"];
}

function isReply({ kind }: StoredReference): boolean {
  return kind === "reply" || kind === "quote";
}

function replyLine({ author, from, text }: StoredReference): string {
  const whom = author ?? nameOf(from) ?? "a message";
  return text === null ? `Replying to ${whom}` : `Replying to ${whom}: "${oneLine(text, LINE_LIMIT)}"`;
}

/** Returns true if the forward is the whole message, so that its text is not repeated. */
function isAllOf({ text }: StoredReference, content: string): boolean {
  if (text === null) return true;
  const words = text.endsWith("…") ? text.slice(0, -1) : text;
  return content.trim().startsWith(words.trim());
}

function forwardedFrom({ author, from }: StoredReference): string {
  return `Forwarded from ${author ?? nameOf(from) ?? "somebody"}:`;
}

function forwardLine(forward: StoredReference): string {
  return `${forwardedFrom(forward)} ${forward.text ?? ""}`.trimEnd();
}

/** The text addresses the bot, so the bot's own messages are "you". */
function nameOf(from: StoredReference["from"]): string | null {
  if (from === null) return null;
  return from === "assistant" ? "you" : "the user";
}
