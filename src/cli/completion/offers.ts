import type { Command } from "../command.ts";

/** One word that a shell offers. */
export interface OfferedWord {
  word: string;
  /** Empty if the word explains itself. */
  doc: string;
}

/** One option that a shell offers. */
export interface OfferedOption extends OfferedWord {
  /** Its value: none, a file, or any text. */
  value: "none" | "file" | "text";
}

/** The words and options that a shell offers after some words. */
export interface Offer {
  /** The words before, without options. */
  after: readonly string[];
  /** True if more words may stand between those and the completed one. */
  more: boolean;
  words: readonly OfferedWord[];
  options: readonly OfferedOption[];
  files: boolean;
}

const HELP: OfferedOption = { word: "--help", doc: "print this", value: "none" };
const VERSION: OfferedOption = { word: "--version", doc: "print the version", value: "none" };

/** Everything that a shell can offer. The first one that fits counts: those of commands stand first. */
export function offersOf(commands: readonly Command[]): Offer[] {
  return [...commands.map(offerOfCommand), ...groupsOf(commands), firstWords(commands)];
}

function offerOfCommand({ name, args, choices = [], options }: Command): Offer {
  const own = Object.entries(options).map(([option, { value, doc }]) => ({
    word: `--${option}`,
    doc,
    value: value === undefined ? ("none" as const) : value === FILE ? ("file" as const) : ("text" as const),
  }));
  return {
    after: name.split(" "),
    more: true,
    words: choices.map((word) => ({ word, doc: "" })),
    options: [...own, HELP],
    files: args === FILE,
  };
}

const FILE = "<file>";

/** The second words of commands with two. */
function groupsOf(commands: readonly Command[]): Offer[] {
  const firsts = commands.flatMap(({ name }) => (name.includes(" ") ? [firstOf(name)] : []));
  return [...new Set(firsts)].map((first) => ({
    after: [first],
    more: false,
    words: commands.flatMap(({ name, summary }) => {
      const second = name.startsWith(`${first} `) ? name.slice(first.length + 1) : "";
      return second === "" ? [] : [{ word: second, doc: summary }];
    }),
    options: [HELP],
    files: false,
  }));
}

function firstWords(commands: readonly Command[]): Offer {
  const firsts = [...new Set(commands.map(({ name }) => firstOf(name)))];
  const words = firsts.map((word) => ({
    word,
    doc: commands
      .filter(({ name }) => firstOf(name) === word)
      .map(({ name, summary }) => (name === word ? summary : name.slice(word.length + 1)))
      .join(", "),
  }));
  return { after: [], more: false, words, options: [HELP, VERSION], files: false };
}

const firstOf = (name: string) => name.split(" ")[0] ?? "";

/** A text between single quotes, for a shell that ends a quote to escape one. */
export const singleQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
