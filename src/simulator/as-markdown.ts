/*
 * Each platform has its own way to write styles. Phones read all of them as Markdown, which one reader shows.
 */

/** Writes a text so that Markdown finds no style in it. Its lines stay lines. */
export function literal(text: string): string {
  return text
    .replace(/[\\`*_~[\]<>#|&!]/g, "\\$&")
    .replace(/^(\s*)([-+=])/gm, "$1\\$2")
    .replace(/^(\s*\d+)([.)])/gm, "$1\\$2")
    .replace(/^ {2,}/gm, (spaces) => "\u00a0".repeat(spaces.length));
}

/** Code, and bold, italic and struck words, as people mark them in Slack and WhatsApp. */
const MARKED =
  /```([\s\S]+?)```|`([^`\n]+)`|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])|(?<!\w)_([^\s_](?:[^_\n]*[^\s_])?)_(?!\w)|(?<![\w~])~([^\s~](?:[^~\n]*[^\s~])?)~(?![\w~])/g;

/**
 * Reads the marks of Slack (docs.slack.dev, "Formatting message text") and WhatsApp (faq.whatsapp.com, "How to format
 * your messages").
 * @param words writes the text between them as Markdown.
 */
export function chatMarksAsMarkdown(text: string, words: (text: string) => string = literal): string {
  let markdown = "";
  let at = 0;
  for (const match of text.matchAll(MARKED)) {
    const [whole, block, line, bold, italic, struck] = match;
    markdown += words(text.slice(at, match.index));
    at = match.index + whole.length;
    if (block !== undefined) markdown += block.includes("\n") ? codeBlock(block.trim()) : code(block);
    else if (line !== undefined) markdown += code(line);
    else if (bold !== undefined) markdown += marked(chatMarksAsMarkdown(bold, words), "**");
    else if (italic !== undefined) markdown += marked(chatMarksAsMarkdown(italic, words), "*");
    else markdown += marked(chatMarksAsMarkdown(struck ?? "", words), "~~");
  }
  return markdown + words(text.slice(at));
}

/** Puts a mark around words that are Markdown already. Spaces at their ends stay outside, as Markdown requires. */
export function marked(markdown: string, mark: string): string {
  const words = markdown.trim();
  if (words === "") return markdown;
  const from = markdown.indexOf(words);
  return `${markdown.slice(0, from)}${mark}${words}${mark}${markdown.slice(from + words.length)}`;
}

/** Words in a line that keep all their characters. */
export function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const room = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${room}${text}${room}${fence}`;
}

/** Lines that keep all their characters. */
export function codeBlock(text: string, language = ""): string {
  const fence = text.includes("```") ? "~~~~" : "```";
  return `\n${fence}${language}\n${text}\n${fence}\n`;
}

/** Words, which are Markdown already, that lead to an address. */
export function link(words: string, url: string): string {
  return `[${words}](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)`;
}

export function quote(markdown: string): string {
  return `\n${markdown.replace(/^/gm, "> ")}\n`;
}

/** Rows of cells that are Markdown already. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.slice(1).map(line)].join("\n");
}

/** The field of a message with its styles. A text without styles has none. */
export function stylesOf(text: string, markdown: string): { markdown?: string } {
  return markdown === literal(text) || markdown === text ? {} : { markdown };
}
