import type { Command } from "../command.ts";
import { type Offer, offersOf } from "./offers.ts";

/** A script for bash that completes commands, their options and some of their arguments. */
export function bashCompletion(commands: readonly Command[]): string {
  return `# Completion of causeway for bash. To use it: source <(causeway completion bash)
_causeway() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local each said="" words="" options="" valued="" files=0
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $each == -* ]] || said+="$each "
  done
  COMPREPLY=()
  case "$said" in
${offersOf(commands).map(caseOf).join("\n")}
  esac
  if [[ $before == -* && " $valued " == *" $before "* ]]; then
    compopt -o default 2>/dev/null
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    [[ $files == 1 ]] && compopt -o default 2>/dev/null
  fi
  return 0
}
complete -F _causeway causeway
`;
}

function caseOf({ after, more, words, options, files }: Offer): string {
  const said = after.map((word) => `${word} `).join("");
  const list = (all: readonly { word: string }[]) => `"${all.map(({ word }) => word).join(" ")}"`;
  const valued = options.filter(({ value }) => value !== "none");
  return `    "${said}"${more ? "*" : ""}) words=${list(words)} options=${list(options)} valued=${list(valued)} files=${files ? 1 : 0} ;;`;
}
