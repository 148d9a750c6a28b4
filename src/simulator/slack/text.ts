import { chatMarksAsMarkdown, link, literal } from "../as-markdown.ts";
import type { SlackApp } from "./app.ts";
import { type Block, textOf } from "./blocks.ts";
import { withoutMarks } from "./markdown.ts";
import { nameOf } from "./people.ts";

/** The text of a message as people read it: without marks, with names for ids and characters for entities. */
export function shownText(
  app: SlackApp,
  { text, isMarkdown, blocks }: { text: string; isMarkdown: boolean; blocks: readonly Block[] },
): string {
  const words = blocks
    .map((block) => (block.type === "markdown" ? withoutMarks(textOf(block)) : textOf(block)))
    .filter((part) => part !== "");
  const whole = isMarkdown ? withoutMarks(text) : text;
  // The blocks of a stopped stream stand below its text. Elsewhere they replace the text.
  const source = words.length === 0 ? whole : [...(isMarkdown ? [whole] : []), ...words].join("\n");
  return withCharacters(
    withNames(app, source)
      .replace(/<((?:https?|mailto)[^|>]+)\|([^>]+)>/g, "$2")
      .replace(/<((?:https?|mailto)[^>]+)>/g, "$1"),
  );
}

/** The same with its styles, as Markdown. */
export function styledText(
  app: SlackApp,
  { text, isMarkdown, blocks }: { text: string; isMarkdown: boolean; blocks: readonly Block[] },
): string {
  const words = blocks.map(styledBlock).filter((part) => part !== "");
  const whole = isMarkdown ? text : mrkdwn(text);
  const source = words.length === 0 ? whole : [...(isMarkdown ? [whole] : []), ...words].join("\n\n");
  return withNames(app, source).replaceAll("\u2060", "");
}

function styledBlock(block: Block): string {
  const text = textOf(block);
  if (text === "" || block.type === "markdown") return text;
  return block.type === "header" ? `### ${literal(text)}` : mrkdwn(text);
}

const mrkdwn = (text: string) => chatMarksAsMarkdown(text, withLinks);

/** Text between the marks, with Slack's links as those of Markdown. Mentions stay: names follow later. */
function withLinks(text: string): string {
  const parts = text.split(/(<(?:https?|mailto)[^>]+>|<[@#!][^>]+>)/);
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return literal(withCharacters(part));
      if (!/^<(?:https?|mailto)/.test(part)) return part;
      const [url = "", label = url] = part.slice(1, -1).split("|");
      return link(literal(withCharacters(label)), withCharacters(url));
    })
    .join("");
}

function withNames(app: SlackApp, text: string): string {
  return text
    .replace(/<@([UW]\w+)(?:\|[^>]*)?>/g, (_whole, id: string) => `@${nameOf(app, id)}`)
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (_whole, id: string, name?: string) => `#${name || id}`)
    .replace(/<!(here|channel|everyone)(?:\|[^>]*)?>/g, "@$1");
}

function withCharacters(text: string): string {
  return text
    .replaceAll("\u2060", "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** A person's text as Slack stores it: entities for characters, an id for a mention of the bot. */
export function typedText(app: SlackApp, text: string): string {
  const escaped = text
    .replace(/<(@[UW]\w+|#C\w+)>/g, "\u0001$1\u0002")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\u0001", "<")
    .replaceAll("\u0002", ">");
  return escaped.replace(/(?<![\w@])@(causeway|bot)\b/gi, `<@${app.ids.user}>`);
}

/** Reads the text of a call within Slack's limits; a text in place of an object is Slack's error. */
export function readWords(
  payload: Record<string, unknown>,
  blocks: readonly Block[],
  { most = 40_000 }: { most?: number } = {},
): { text: string; isMarkdown: boolean } | string {
  const { text, markdown_text: markdown } = payload;
  if (markdown !== undefined) {
    if (text !== undefined || blocks.length > 0) return "markdown_text_conflict";
    if (typeof markdown !== "string" || markdown.trim() === "") return "no_text";
    return markdown.length > 12_000 ? "msg_too_long" : { text: markdown, isMarkdown: true };
  }
  if (text !== undefined && typeof text !== "string") return "invalid_arguments";
  if ((text ?? "").trim() === "" && blocks.length === 0) return "no_text";
  return (text ?? "").length > most ? "msg_too_long" : { text: text ?? "", isMarkdown: false };
}
