/** What stands for other people and places in a text, read from Slack's own notation. */
export interface Names {
  /** The name of a person; null keeps the id. */
  nameOf(userId: string): Promise<string | null>;
}

/** `<…>` as Slack writes mentions, channels, special mentions and links (docs.slack.dev, Formatting message text). */
const REFERENCE = /<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/g;

/** How many people of one text are looked up by name. */
const MAX_NAMES = 20;

/**
 * What a person wrote, as they saw it: mentions by name, links as Markdown, and the three escaped characters plain.
 */
export async function readableText(text: string, names: Names): Promise<string> {
  const ids = [...new Set([...text.matchAll(/<@([A-Z0-9]+)/g)].map(([, id]) => id ?? ""))];
  const found = new Map<string, string | null>();
  await Promise.all(ids.slice(0, MAX_NAMES).map(async (id) => void found.set(id, await names.nameOf(id))));
  return unescapeText(
    text.replace(REFERENCE, (_, sign: string, target: string, label: string | undefined) => {
      switch (sign) {
        case "@":
          // A name is data, and what it holds of the three characters must survive the unescaping below.
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

/** Takes no room and looks like nothing (U+2060): what it stands in is no longer Slack's notation. */
const WORD_JOINER = "\u2060";

/**
 * A text that notifies nobody, whatever a model was talked into writing: `<!channel>`, `<@U123>`, `<#C123>` and
 * `@here` are shown as they were written and mean nothing, also where Markdown would first undo an entity or a backslash,
 * or take an underscore away.
 * Everything else is left alone.
 */
export function withoutPings(text: string): string {
  return text
    .replace(/(?:<|&lt;|&#0*60;|&#x0*3c;)(?=\\?[@#!])/gi, `$&${WORD_JOINER}`)
    .replace(/(?<![A-Za-z0-9])@(?=(?:channel|here|everyone|group)(?![A-Za-z0-9]))/gi, `@${WORD_JOINER}`);
}
