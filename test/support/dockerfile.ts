/** One instruction of a Dockerfile, with its continued lines joined. */
export interface Instruction {
  name: string;
  /** Flags such as `--from=build`. */
  flags: ReadonlyMap<string, string>;
  text: string;
  line: number;
}

export interface Stage {
  name: string;
  /** Another stage, or an image. */
  base: string;
  steps: Instruction[];
}

/** Reads a Dockerfile: its stages, in order. Throws where a line is none of its instructions. */
export function readDockerfile(source: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of instructionsOf(source)) {
    if (instruction.name === "FROM") {
      const [, base = "", name = ""] = /^(\S+)(?: AS (\S+))?$/.exec(instruction.text) ?? [];
      stages.push({ name, base, steps: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (!stage) throw new Error(`line ${instruction.line} stands before the first FROM`);
    stage.steps.push(instruction);
  }
  return stages;
}

function instructionsOf(source: string): Instruction[] {
  const instructions: Instruction[] = [];
  let pending = "";
  let line = 0;
  for (const [index, text] of source.split("\n").entries()) {
    if (/^\s*(#|$)/.test(text)) continue;
    if (pending === "") line = index + 1;
    pending += text.replace(/\\$/, " ");
    if (text.endsWith("\\")) continue;
    instructions.push(instructionOf(pending.trim(), line));
    pending = "";
  }
  if (pending !== "") throw new Error(`line ${line} goes on behind the end of the file`);
  return instructions;
}

const NAMES = ["FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"];

function instructionOf(text: string, line: number): Instruction {
  const [, name = "", rest = ""] = /^([A-Z]+) +(.*)$/s.exec(text) ?? [];
  if (!NAMES.includes(name)) throw new Error(`line ${line} is no instruction: ${text}`);
  const [leading = ""] = /^(--[a-z-]+=\S+\s+)*/.exec(rest) ?? [];
  const flags = new Map(
    [...leading.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, key = "", value = ""]) => [key, value]),
  );
  return { name, flags, text: rest.slice(leading.length).replace(/\s+/g, " ").trim(), line };
}

/** The words of an instruction in JSON form: `["node", "main.js"]`. Throws if it is in another form. */
export function wordsOf({ text, line }: Pick<Instruction, "text" | "line">): string[] {
  const words: unknown = text.startsWith("[") ? JSON.parse(text) : null;
  if (Array.isArray(words) && words.every((word) => typeof word === "string")) return words;
  throw new Error(`line ${line} runs in a shell, which gets the signals in place of the service: ${text}`);
}
