/** Names of the people that Slack's own notation refers to. */
export interface Names {
  /** The name of a person; null keeps the id. */
  nameOf(userId: string): Promise<string | null>;
}

/**
 * `<…>`: Slack's notation for mentions, channels, special mentions and links (docs.slack.dev, Formatting message text).
 */
const REFERENCE = /<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/g;

/** Maximum number of people whose names are looked up for one text. */
const MAX_NAMES = 20;

/**
 * A person's text as the person saw it: mentions by name, links as Markdown, and the three escaped characters decoded.
 */
export async function readableText(text: string, names: Names): Promise<string> {
  const ids = [...new Set([...text.matchAll(/<@([A-Z0-9]+)/g)].map(([, id]) => id ?? ""))];
  const found = new Map<string, string | null>();
  await Promise.all(ids.slice(0, MAX_NAMES).map(async (id) => void found.set(id, await names.nameOf(id))));
  return unescapeText(
    text.replace(REFERENCE, (_, sign: string, target: string, label: string | undefined) => {
      switch (sign) {
        case "@":
          // A name is data. The three characters in it must survive the decoding below.
          return `@${escapeText(found.get(target) ?? label ?? target)}`;
        case "#":
          return `#${label || target}`;
        case "!":
          return special(target, label);
        default:
          return link(target, label);
      }
    }),
  );
}

function special(target: string, label: string | undefined): string {
  if (label) return label;
  return `@${target.split("^")[0] ?? target}`;
}

function link(url: string, label: string | undefined): string {
  const shown = url.replace(/^(mailto:|tel:|https?:\/\/)/, "");
  if (!label || label === url || label === shown) return /^(mailto|tel):/.test(url) ? shown : url;
  return `[${label}](${url})`;
}

/** The three characters that Slack escapes, and no other entity. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescapeText(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
