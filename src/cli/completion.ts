import type { Command } from "./command.ts";

/** The words and options that a shell offers after some words. */
interface Offer {
  /** A pattern of the shell for the words before, without options. */
  after: string;
  words: readonly string[];
  options: readonly string[];
  /** Options with a value, for which nothing is offered. */
  valued: readonly string[];
  files: boolean;
}

/** A script for bash that completes commands, their options and some of their arguments. */
export function bashCompletion(commands: readonly Command[]): string {
  const cases = [...commands.map(offerOf), ...groupOffers(commands)].map(
    ({ after, words, options, valued, files }) =>
      `    ${after}) words="${words.join(" ")}" options="${options.join(" ")}" valued="${valued.join(" ")}" files=${files ? 1 : 0} ;;`,
  );
  return `# Completion of causeway for bash. To use it: source <(causeway completion bash)
_causeway() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local each said="" words="" options="" valued="" files=0
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $each == -* ]] || said+="$each "
  done
  COMPREPLY=()
  case "$said" in
${cases.join("\n")}
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

function offerOf({ name, args, choices = [], options }: Command): Offer {
  const all = Object.entries(options);
  return {
    after: `"${name} "*`,
    words: choices,
    options: [...all.map(([option]) => `--${option}`), "--help"],
    valued: all.flatMap(([option, { value }]) => (value === undefined ? [] : [`--${option}`])),
    files: args === "<file>",
  };
}

/** The first words, and the second ones of commands with two. They stand last, because the patterns of commands are longer. */
function groupOffers(commands: readonly Command[]): Offer[] {
  const names = commands.map(({ name }) => name.split(" "));
  const none = { options: ["--help"], valued: [], files: false };
  const firsts = [...new Set(names.map(([first = ""]) => first))];
  const groups = [...new Set(names.flatMap(([first = "", second]) => (second === undefined ? [] : [first])))];
  const seconds = (group: string) =>
    names.flatMap(([first, second]) => (first === group && second !== undefined ? [second] : []));
  return [
    ...groups.map((group) => ({ after: `"${group} "`, words: seconds(group), ...none })),
    { after: '""', words: firsts, ...none, options: ["--help", "--version"] },
  ];
}
