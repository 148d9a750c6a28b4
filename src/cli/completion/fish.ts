import type { Command } from "../command.ts";
import { type Offer, offersOf } from "./offers.ts";

/** A script for fish that completes commands, their options and some of their arguments, and explains them. */
export function fishCompletion(commands: readonly Command[]): string {
  return `# Completion of causeway for fish. To use it: causeway completion fish | source
function __causeway_said
    string match --invert -- '-*' (commandline --tokenize --current-process --cut-at-cursor)[2..]
end
# True if exactly these words were said.
function __causeway_at
    set --local said (__causeway_said)
    test "$said" = "$argv"
end
# True if these words were said first.
function __causeway_in
    set --local said (__causeway_said)
    string match --quiet -- "$argv *" "$said "
end
complete --command causeway --erase
complete --command causeway --no-files
${offersOf(commands).flatMap(linesOf).join("\n")}
`;
}

function linesOf({ after, more, words, options, files }: Offer): string[] {
  const said = after.map((word) => ` ${word}`).join("");
  const start = `complete --command causeway --condition '${more ? "__causeway_in" : "__causeway_at"}${said}'`;
  const explained = (doc: string) => (doc === "" ? "" : ` --description ${quoted(doc)}`);
  return [
    ...words.map(({ word, doc }) => `${start} --arguments ${quoted(word)}${explained(doc)}`),
    ...options.map(({ word, doc, value }) => {
      const argument = { none: "", file: " --require-parameter --force-files", text: " --exclusive" }[value];
      return `${start} --long-option ${word.slice(2)}${argument}${explained(doc)}`;
    }),
    ...(files ? [`${start} --force-files`] : []),
  ];
}

/** A text between single quotes. Fish escapes quotes inside of them. */
const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
