import type { ConfigProblem } from "../core/faults/errors.ts";
import { detectVariables } from "../core/session/template.ts";
import type { Registries } from "./config-file.ts";
import { pathText } from "./json-path.ts";
import type { WorkspaceConfig } from "./load-workspace.ts";
import { nearest } from "./nearest.ts";

/**
 * Names in braces that an agent's messages use and nothing declares. They are allowed, because callers and
 * participant data may fill them. Without a value the model reads them with their braces. That is usually a
 * mistake.
 */
export function unknownNames(
  { file, agents }: WorkspaceConfig,
  channels: Registries["channels"],
): ConfigProblem[] {
  const fromProfile = Object.values(channels).flatMap(({ capabilities }) => capabilities.profileVariables);
  return Object.entries(agents).flatMap(([slug, { messages, variables }]) => {
    const known = [...new Set([...Object.keys(variables), ...fromProfile])];
    return messages.flatMap(({ content }, index) =>
      detectVariables([{ content }], known)
        .filter((name) => !known.includes(name))
        .map((name) => {
          const meant = nearest(name, known);
          const declare = `declare it in agents.${slug}.variables, such as with a "default"`;
          return {
            path: pathText(file, ["agents", slug, "messages", index, "content"]),
            problem: `uses {${name}}, which nothing declares: without a value the model reads it with its braces`,
            fix: meant === null ? declare : `write {${meant}}, or ${declare}`,
          };
        }),
    );
  });
}
