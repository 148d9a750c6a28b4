/** A part of a text with a meaning or a style (Bot API, MessageEntity). Offsets count UTF-16 code units. */
export interface Entity {
  type: string;
  offset: number;
  length: number;
  url?: string;
  language?: string;
  user?: unknown;
}

export interface Formatted {
  text: string;
  entities: Entity[];
}

const KNOWN = new Set([
  ...["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic"],
  ...["underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre"],
  ...["text_link", "text_mention", "custom_emoji", "date_time"],
]);

/** Reads the entities that a bot gave; a text is Telegram's refusal. */
export function readEntities(text: string, given: unknown): Entity[] | string {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) return "can't parse entities: expected an Array of MessageEntity";
  for (const entity of given as Partial<Entity>[]) {
    const { type = "", offset = -1, length = 0, url } = entity;
    if (!KNOWN.has(type)) return `can't parse entities: unsupported entity type "${type}"`;
    const end = offset + length;
    if (
      !Number.isInteger(offset) ||
      !Number.isInteger(length) ||
      offset < 0 ||
      length < 1 ||
      end > text.length
    )
      return "can't parse entities: entity is outside of the text";
    if (isInsidePair(text, offset) || isInsidePair(text, end))
      return "can't parse entities: entity begins or ends in the middle of a UTF-16 surrogate pair";
    if (type === "text_link" && (typeof url !== "string" || !URL.canParse(url)))
      return `can't parse entities: wrong HTTP URL "${String(url)}"`;
  }
  return (given as Entity[]).slice(0, 100);
}

function isInsidePair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return at > 0 && at < text.length && unit >= 0xdc00 && unit <= 0xdfff;
}

const FOUND: readonly [string, RegExp][] = [
  ["bot_command", /(?<![\w/@])\/[a-z0-9_]{1,32}(?:@\w{3,32})?(?![\w/@])/gi],
  ["mention", /(?<![\w@])@\w{3,32}(?![\w@])/g],
  ["url", /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g],
];

/** The entities that Telegram finds by itself in the words of a user. */
export function findEntities(text: string): Entity[] {
  return FOUND.flatMap(([type, pattern]) =>
    [...text.matchAll(pattern)].map((match) => ({ type, offset: match.index, length: match[0].length })),
  ).sort((left, right) => left.offset - right.offset);
}

/** Cuts white space off both ends, as Telegram does, and moves the entities with the text. */
export function trimmed({ text, entities }: Formatted): Formatted {
  const from = text.length - text.trimStart().length;
  const short = text.trim();
  return {
    text: short,
    entities: entities.flatMap((entity) => {
      const offset = Math.max(0, entity.offset - from);
      const end = Math.min(short.length, entity.offset + entity.length - from);
      return end > offset ? [{ ...entity, offset, length: end - offset }] : [];
    }),
  };
}
