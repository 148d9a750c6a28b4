import type { ConfigProblem } from "../core/errors.ts";

/** Every problem, for a person at a terminal: where, what, and what to do about it. */
export function formatConfigProblems(problems: readonly ConfigProblem[]): string {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  const entries = problems.map(({ path, problem, fix }) => `  ${path}\n    ${problem}\n    -> ${fix}\n`);
  return `The configuration has ${count}. Nothing was started.\n\n${entries.join("\n")}`;
}
