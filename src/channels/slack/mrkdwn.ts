import { escapeText, withoutPings } from "./text.ts";

/**
 * The Markdown that models write in Slack's older notation, for where `markdown_text` is not taken: bold, italic,
 * strike, links and headings. Code stays as it is. Mentions are escaped, so they notify nobody.
 */
export function toMrkdwn(markdown: string): string {
  let inFence = false;
  return withoutPings(markdown)
    .split("\n")
    .map((line) => {
      const [fence] = /^\s{0,3}(?:`{3,}|~{3,})/.exec(line) ?? [];
      if (fence !== undefined) {
        inFence = !inFence;
        const rest = line.slice(fence.length);
        // Slack knows no language after a fence and would show it as code; anything else there is text, and stays.
        return /^\s*[\w+#.-]*\s*$/.test(rest) ? "```" : `\`\`\`${escapeText(rest)}`;
      }
      return inFence ? escapeText(line) : lineToMrkdwn(line);
    })
    .join("\n");
}

function lineToMrkdwn(line: string): string {
  const [, heading] = /^#{1,6}\s+(\S.*)$/.exec(line) ?? [];
  if (heading !== undefined) return `*${escapeText(heading.replaceAll("**", ""))}*`;
  return line
    .split(/(`[^`]+`)/)
    .map((piece, index) => (index % 2 === 1 ? escapeText(piece) : inlineToMrkdwn(piece)))
    .join("");
}

function inlineToMrkdwn(text: string): string {
  return escapeText(text)
    .replace(/\[([^[\]|]+)\]\((https?:\/\/[^\s()|]+)\)/g, "<$2|$1>")
    .replace(/(?<![\w*])\*(?![\s*])([^*\n]+?)(?<![\s*])\*(?![\w*])/g, "_$1_")
    .replace(/\*\*(?!\s)([^*\n]+?)(?<!\s)\*\*/g, "*$1*")
    .replace(/~~(?!\s)([^~\n]+?)(?<!\s)~~/g, "~$1~");
}

const FORMATTED =
  /`[^`\n]+`|\[[^[\]\n]+\]\([^()\s]+\)|\*\*[^*\n]+\*\*|~~[^~\n]+~~|(?<![\w*])\*[^*\n]+\*(?![\w*])/g;

/** Where formatting stands within lines, so that a long reply is not cut through it. */
export function formattedSpans(markdown: string): (readonly [start: number, end: number])[] {
  return [...markdown.matchAll(FORMATTED)].map(({ index, 0: whole }) => [index, index + whole.length]);
}
