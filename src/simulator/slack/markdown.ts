const CODE = /```[^\n`]*\n?([\s\S]*?)```|`([^`\n]+)`/g;
const MARKS: readonly [RegExp, string][] = [
  [/!?\[([^\]]+)\]\([^)\s]+\)/g, "$1"],
  [/^#{1,6}\s+/gm, ""],
  [/\*\*(?=\S)([\s\S]*?\S)\*\*/g, "$1"],
  [/__(?=\S)([\s\S]*?\S)__/g, "$1"],
  [/~~(?=\S)([\s\S]*?\S)~~/g, "$1"],
  [/(?<![\w*\\])\*(?=[^\s*])([^*\n]*[^\s*\\])\*(?![\w*])/g, "$1"],
  [/(?<![\w\\])_(?=[^\s_])([^_\n]*[^\s_\\])_(?!\w)/g, "$1"],
  [/\\([!-/:-@[-`{-~])/g, "$1"],
];

/** A text in Markdown as people read it, without the marks of its styles. Code keeps its characters. */
export function withoutMarks(markdown: string): string {
  let plain = "";
  let at = 0;
  for (const match of markdown.matchAll(CODE)) {
    plain += stripped(markdown.slice(at, match.index)) + (match[1] ?? match[2] ?? "");
    at = match.index + match[0].length;
  }
  return plain + stripped(markdown.slice(at));
}

function stripped(text: string): string {
  return MARKS.reduce((left, [mark, kept]) => left.replace(mark, kept), text);
}
