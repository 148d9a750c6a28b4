import type { Command } from "../command.ts";
import { type Offer, type OfferedWord, offersOf, singleQuoted } from "./offers.ts";

/** A script for zsh that completes commands, their options and some of their arguments, and explains them. */
export function zshCompletion(commands: readonly Command[]): string {
  return `#compdef causeway
# Completion of causeway for zsh. To use it: source <(causeway completion zsh)
_causeway() {
  local each said="" files=0
  local -a offered options texts paths
  for each in "\${(@)words[2,CURRENT-1]}"; do
    [[ $each == -* ]] || said+="$each "
  done
  case $said in
${offersOf(commands).map(caseOf).join("\n")}
  esac
  if (( \${paths[(Ie)\${words[CURRENT-1]}]} )); then
    _files
  elif (( \${texts[(Ie)\${words[CURRENT-1]}]} )); then
    _message "the value of \${words[CURRENT-1]}"
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  else
    (( $#offered )) && _describe word offered
    (( files )) && _files
  fi
}
if [[ \${funcstack[1]} == _causeway ]]; then
  # A file of fpath: zsh loads it with the first completion.
  _causeway
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _causeway causeway
fi
`;
}

function caseOf({ after, more, words, options, files }: Offer): string {
  const said = after.map((word) => `${word} `).join("");
  const names = (kind: string) => options.flatMap(({ word, value }) => (value === kind ? [word] : []));
  const parts = [
    `offered=(${described(words)})`,
    `options=(${described(options)})`,
    `texts=(${names("text").join(" ")})`,
    `paths=(${names("file").join(" ")})`,
    `files=${files ? 1 : 0}`,
  ];
  return `    "${said}"${more ? "*" : ""})\n${parts.map((part) => `      ${part}\n`).join("")}      ;;`;
}

const described = (all: readonly OfferedWord[]) =>
  all.map(({ word, doc }) => singleQuoted(doc === "" ? word : `${word}:${doc}`)).join(" ");
