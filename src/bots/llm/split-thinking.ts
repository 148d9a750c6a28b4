/** A stretch of a model's text. `retract`: all text before was thinking, as its closing tag has shown. */
export type Stretch = { kind: "thinking" | "text"; text: string } | { kind: "retract" };

export interface ThinkingSplitter {
  push(text: string): Stretch[];
  /** Marks the end of the text. `whole`: the model reports that it was done. */
  end(whole: boolean): Stretch[];
}

/** Maximum number of tags in an answer that are checked. So a text about such tags is not searched without end. */
const MOST_MENTIONS = 20;

/** The tags around a model's thinking. */
interface Tags {
  open: string;
  close: string;
}

/** The tags of a name: `<think>` for `think`. A name in brackets is used unchanged, such as `[THINK]`. */
function thinkingTags(name: string): Tags {
  return name.startsWith("[")
    ? { open: name, close: `[/${name.slice(1)}` }
    : { open: `<${name}>`, close: `</${name}>` };
}

/**
 * Separates the thinking that some servers leave before an answer: blocks in tags, possibly nested, split at any place.
 * Only blocks at the beginning count; an answer that mentions such tags keeps them.
 * `open` starts as if the first one of the opening tags had come already. Many templates write that tag themselves, and
 * the model only closes it.
 */
export function createThinkingSplitter({
  tags: names,
  open,
}: {
  tags: readonly [string, ...string[]];
  open: boolean;
}): ThinkingSplitter {
  const [main, ...others] = [thinkingTags(names[0]), ...names.slice(1).map(thinkingTags)] as [
    Tags,
    ...Tags[],
  ];
  /** The tags of the current block. */
  let block = main;
  let phase: "front" | "thinking" | "answer" = open ? "thinking" : "front";
  let depth = open ? 1 : 0;
  /** True after a block was found. Before that, a closing tag without an opening one may still come. */
  let seen = false;
  /** The end of the received text, while it may be the beginning of a tag. */
  let rest = "";
  /** White space that belongs to the answer, if an answer follows and no block came before it. */
  let blank = "";
  let thought = "";
  /** Text after the end of an inner block. It is thinking if another end follows, otherwise the answer. */
  let held: string | null = null;
  let written = "";
  let mentions = 0;

  function textToken(text: string): Stretch[] {
    if (text === "") return [];
    if (phase === "thinking") return think(text);
    if (phase === "front") {
      blank += text;
      if (blank.trim() === "") return [];
      phase = "answer";
      return say(seen ? blank.trimStart() : blank);
    }
    return say(text);
  }

  function think(text: string): Stretch[] {
    if (held !== null) {
      held += text;
      return [];
    }
    if (!seen) thought += text;
    return [{ kind: "thinking", text }];
  }

  function say(text: string): Stretch[] {
    // The text is needed later only for a closing tag without an opening one.
    if (!seen) written += text;
    return [{ kind: "text", text }];
  }

  function openToken(tags: Tags): Stretch[] {
    if (phase === "answer") return say(tags.open);
    // A model may repeat the tag that its template has already written. That opens no second block.
    if (phase === "thinking" && (seen || thought.trim() !== "")) depth += 1;
    if (phase === "front") {
      phase = "thinking";
      block = tags;
      depth = 1;
      seen = true;
    }
    return [];
  }

  function closeToken(tags: Tags): Stretch[] {
    // No template writes the opening one of the other tags.
    if (phase === "answer" && tags !== main) return say(tags.close);
    if (phase === "answer" && !endsLine(written)) {
      mentions += 1;
      if (mentions === MOST_MENTIONS) seen = true;
      return say(tags.close);
    }
    const before: Stretch[] = phase === "answer" ? [{ kind: "retract" }] : [];
    if (held) before.push({ kind: "thinking", text: held });
    depth = Math.max(0, depth - 1);
    held = depth === 0 ? null : "";
    seen = true;
    blank = "";
    phase = depth === 0 ? "front" : "thinking";
    return before;
  }

  function tagsHere(): readonly Tags[] {
    if (phase === "front") return [main, ...others];
    return [phase === "thinking" ? block : main];
  }

  function take(isEnd: boolean): Stretch[] {
    const taken: Stretch[] = [];
    while (rest !== "") {
      if (phase === "answer" && seen) {
        taken.push(...say(rest));
        rest = "";
        break;
      }
      const here = tagsHere();
      const next = nextTag(rest, here);
      const end = next?.at ?? rest.length - (isEnd ? 0 : beginningOfTag(rest, here));
      taken.push(...textToken(rest.slice(0, end)));
      rest = rest.slice(next === null ? end : end + next.tag.length);
      if (next === null) break;
      taken.push(...(next.opens ? openToken(next.tags) : closeToken(next.tags)));
    }
    return taken;
  }

  return {
    push(text) {
      rest += text;
      return take(false);
    },
    end(whole) {
      const taken = take(true);
      if (phase !== "thinking") return taken;
      // Thinking that never ended is no answer, unless the text was only assumed to be thinking.
      const answer = held ?? (whole && !seen ? thought : "");
      return answer.trim() === "" ? taken : [...taken, { kind: "text", text: answer.trimStart() }];
    },
  };
}

/** The first tag in a text. */
function nextTag(text: string, known: readonly Tags[]) {
  const found = known
    .flatMap((tags) => [
      { at: text.indexOf(tags.open), tag: tags.open, opens: true, tags },
      { at: text.indexOf(tags.close), tag: tags.close, opens: false, tags },
    ])
    .filter(({ at }) => at !== -1);
  return found.toSorted((a, b) => a.at - b.at)[0] ?? null;
}

/** The number of characters at the end of a text that may be the beginning of a tag. */
function beginningOfTag(text: string, known: readonly Tags[]): number {
  const tags = known.flatMap(({ open, close }) => [open, close]);
  const longest = Math.max(...tags.map((tag) => tag.length)) - 1;
  for (let length = Math.min(longest, text.length); length > 0; length -= 1) {
    const end = text.slice(text.length - length);
    if (tags.some((tag) => tag.startsWith(end))) return length;
  }
  return 0;
}

/** Returns true if the next text begins a new line outside of code. There a model ends its thinking. */
function endsLine(text: string): boolean {
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const fences = text.match(/^[^\S\n]*(```|~~~)/gm)?.length ?? 0;
  return line.trim() === "" && fences % 2 === 0;
}
