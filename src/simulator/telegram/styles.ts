import { code, codeBlock, link, literal, marked, quote } from "../as-markdown.ts";
import type { Entity } from "./entities.ts";

/** The marks of Markdown for the styles that it has. */
export const MARKS: Readonly<Record<string, string>> = { bold: "**", italic: "*", strikethrough: "~~" };

/** A text with entities as Markdown. Telegram's entities lie side by side or within one another. */
export function entitiesAsMarkdown(text: string, entities: readonly Entity[]): string {
  const outerFirst = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return styled(text, outerFirst, 0, text.length);
}

function styled(text: string, entities: readonly Entity[], from: number, to: number): string {
  let markdown = "";
  let at = from;
  for (const [index, entity] of entities.entries()) {
    const end = Math.min(to, entity.offset + entity.length);
    if (entity.offset < at || end <= entity.offset) continue;
    const inside = entities.slice(index + 1).filter(({ offset }) => offset < end);
    markdown += literal(text.slice(at, entity.offset)) + oneEntity(text, entity, inside, end);
    at = end;
  }
  return markdown + literal(text.slice(at, to));
}

function oneEntity(text: string, entity: Entity, inside: readonly Entity[], end: number): string {
  const raw = text.slice(entity.offset, end);
  const words = () => styled(text, inside, entity.offset, end);
  switch (entity.type) {
    case "code":
      return code(raw);
    case "pre":
      return codeBlock(raw, entity.language);
    case "url":
      return link(literal(raw), raw);
    case "text_link":
      return link(words(), entity.url ?? "");
    case "blockquote":
    case "expandable_blockquote":
      return quote(words());
    default:
      return marked(words(), MARKS[entity.type] ?? "");
  }
}
