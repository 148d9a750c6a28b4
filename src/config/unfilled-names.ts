import type { ConfigProblem } from "../core/faults/errors.ts";
import type { AgentDefinition } from "../core/session/agent-definition.ts";
import { detectVariables } from "../core/session/template.ts";
import { pathText } from "./json-path.ts";
import type { WorkspaceConfig } from "./load-workspace.ts";

type Path = readonly (string | number)[];

/**
 * Names in braces in texts that are used as they are written. Only `messages` are filled in. A model or a user reads
 * these names with their braces, which is mostly a mistake.
 */
export function unfilledNames({ file, agents }: WorkspaceConfig): ConfigProblem[] {
  return Object.entries(agents).flatMap(([slug, agent]) =>
    plainTexts(agent).flatMap(({ path, text, filled = [] }) =>
      detectVariables([{ content: text }])
        .filter((name) => !filled.includes(name))
        .map((name) => ({
          path: pathText(file, ["agents", slug, ...path]),
          problem: `has {${name}}, and nothing is filled in here: it is read with its braces`,
          fix: filled.length === 0 ? "write it without the name" : `write {${filled.join("}, {")}}`,
        })),
    ),
  );
}

interface PlainText {
  path: Path;
  text: string;
  /** Names that are filled in all the same. */
  filled?: readonly string[];
}

function plainTexts(agent: AgentDefinition): PlainText[] {
  const { seedMessage, reset, turns, budgets, handoff, events } = agent;
  const { requested, taken, released, back } = handoff.texts;
  const texts: { path: Path; text: unknown; filled?: readonly string[] }[] = [
    { path: ["seedMessage"], text: seedMessage },
    { path: ["reset", "reply"], text: reset.reply },
    { path: ["turns", "apology"], text: turns.apology },
    { path: ["turns", "refusal"], text: turns.refusal },
    { path: ["turns", "cutShort"], text: turns.cutShort },
    { path: ["budgets", "reply"], text: budgets.reply },
    { path: ["handoff", "texts", "requested"], text: requested },
    { path: ["handoff", "texts", "taken"], text: taken, filled: ["name"] },
    { path: ["handoff", "texts", "released"], text: released },
    { path: ["handoff", "texts", "back"], text: back },
    ...events.flatMap((rule, index) =>
      rule.do.flatMap(({ prompt, text }, place) => [
        { path: ["events", index, "do", place, "prompt"], text: prompt },
        { path: ["events", index, "do", place, "text"], text },
      ]),
    ),
  ];
  return texts.flatMap(({ text, ...place }) => (typeof text === "string" ? [{ ...place, text }] : []));
}
