/**
 * A stretch of a text that Telegram shows in a different style (Bot API, MessageEntity). Offsets count UTF-16 code
 * units.
 */
export interface WrittenEntity {
  type: string;
  offset: number;
  length: number;
  /** `text_link`: the URL behind the words. */
  url?: string | undefined;
  /** `pre`: the language of the code. */
  language?: string | undefined;
  /** `text_mention`: the person behind the words. */
  user?: { id: number } | undefined;
}

/** A text with its entities, as a person wrote it. */
export interface Written {
  text: string;
  entities: readonly WrittenEntity[];
}

/** A stretch of a text: [start, end). */
export type Stretch = readonly [start: number, end: number];

/** The text without some stretches, which are in order and do not overlap. */
export function cut({ text, entities }: Written, stretches: readonly Stretch[]): Written {
  if (stretches.length === 0) return { text, entities };
  const moved = (at: number) =>
    stretches.reduce((sum, [start, end]) => sum - Math.max(0, Math.min(at, end) - start), at);
  let kept = "";
  let from = 0;
  for (const [start, end] of stretches) {
    kept += text.slice(from, start);
    from = end;
  }
  return {
    text: kept + text.slice(from),
    entities: entities.flatMap((entity) => {
      const offset = moved(entity.offset);
      const length = moved(entity.offset + entity.length) - offset;
      return length > 0 ? [{ ...entity, offset, length }] : [];
    }),
  };
}

/** The text without white space around it. */
export function trimmed(written: Written): Written {
  const { text } = written;
  const start = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  if (start >= end) return { text: "", entities: [] };
  const around: Stretch[] = [
    [0, start],
    [end, text.length],
  ];
  return cut(
    written,
    around.filter(([from, to]) => to > from),
  );
}

/** Entities whose text is literal: no text in code or in a URL is a mention. */
const LITERAL: ReadonlySet<string> = new Set(["code", "pre", "url", "email"]);

/** The matches of a pattern, outside of code and URLs. */
export function matchesOf({ text, entities }: Written, pattern: RegExp): Stretch[] {
  const literal = entities.filter(({ type }) => LITERAL.has(type));
  const isFree = ([start, end]: Stretch) =>
    !literal.some(({ offset, length }) => start < offset + length && offset < end);
  return [...text.matchAll(pattern)]
    .map((match): Stretch => [match.index, match.index + match[0].length])
    .filter(isFree);
}
