import { element, setChildren } from "./dom.ts";
import { type Block, parseMarkdown } from "./markdown.ts";
import type { Inline } from "./markdown-inline.ts";

/**
 * Shows formatted text in an element and keeps up as it grows: blocks that did not change keep their nodes, so that a
 * selection survives and only the end of a long answer is drawn anew.
 */
export function createMarkdownView(host: HTMLElement): (text: string) => void {
  let shown: { source: string; node: Node }[] = [];
  return (text) => {
    shown = parseMarkdown(text).map((block, index) => {
      const before = shown[index];
      return before?.source === block.source ? before : { source: block.source, node: blockNode(block) };
    });
    setChildren(
      host,
      shown.map(({ node }) => node),
    );
  };
}

function blockNode(block: Block): Node {
  switch (block.type) {
    case "paragraph":
      return element("p", {}, ...block.content.map(inlineNode));
    case "heading":
      // The page and the transcript have the first two levels.
      return element(
        `h${Math.min(6, block.level + 2) as 3 | 4 | 5 | 6}`,
        {},
        ...block.content.map(inlineNode),
      );
    case "code":
      return codeNode(block.language, block.text);
    case "quote":
      return element("blockquote", {}, ...block.blocks.map(blockNode));
    case "rule":
      return element("hr");
    case "list": {
      const items = block.items.map((blocks) => element("li", {}, ...blocks.map(itemNode)));
      return block.ordered
        ? element("ol", { start: block.start === 1 ? null : String(block.start) }, ...items)
        : element("ul", {}, ...items);
    }
  }
}

/** The only paragraph of a list item needs no space around it. */
function itemNode(block: Block, index: number): Node {
  if (block.type !== "paragraph" || index > 0) return blockNode(block);
  return element("span", {}, ...block.content.map(inlineNode));
}

function codeNode(language: string, text: string): Node {
  const label = language === "" ? "Code" : `Code, ${language}`;
  return element(
    "pre",
    { tabindex: "0", role: "group", "aria-label": label, dir: "ltr" },
    element("code", {}, text),
  );
}

function inlineNode(inline: Inline): Node {
  switch (inline.type) {
    case "text":
      return document.createTextNode(inline.text);
    case "code":
      return element("code", {}, inline.text);
    case "strong":
      return element("strong", {}, ...inline.content.map(inlineNode));
    case "emphasis":
      return element("em", {}, ...inline.content.map(inlineNode));
    case "deleted":
      return element("del", {}, ...inline.content.map(inlineNode));
    case "link":
      return element(
        "a",
        { href: inline.url, target: "_blank", rel: "noopener noreferrer nofollow", title: inline.url },
        ...inline.content.map(inlineNode),
      );
  }
}
