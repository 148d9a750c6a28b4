import type { ConfigProblem } from "../core/faults/errors.ts";

/** Formats all problems for a person at a terminal: the place, the problem and the fix. */
export function formatConfigProblems(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const entries = problems.map(({ path, problem, fix }) => `  ${path}\n    ${problem}\n    -> ${fix}\n`);
  return `The configuration has ${count}. Nothing was started.\n\n${entries.join("\n")}`;
}
