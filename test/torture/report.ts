import type { Outcome } from "./run-faults.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The outcomes of all runs as a Markdown table, a row for each fault and queue. */
export function faultTable(runs: { queue: string; outcomes: readonly Outcome[] }[]): string {
  const rows = runs.flatMap(({ queue, outcomes }) => {
    const names = [...new Set(outcomes.map(({ fault }) => fault.name))];
    return names.map((name) => {
      const rounds = outcomes.filter(({ fault }) => fault.name === name);
      const of = rounds.map(({ verdict }) => verdict);
      const count = (kind: "lost" | "markedTwice" | "unmarkedTwice" | "outOfOrder") =>
        sum(of.map((verdict) => verdict[kind].length));
      const times = (kind: "firstAnswerMs" | "caughtUpMs") => {
        const sorted = of.map((verdict) => verdict[kind]).sort((a, b) => a - b);
        return `${seconds(sorted[Math.floor(sorted.length / 2)])} / ${seconds(sorted.at(-1))}`;
      };
      return [
        name,
        queue,
        of.length,
        sum(of.map(({ messages }) => messages)),
        sum(of.map(({ refused }) => refused)),
        count("lost"),
        count("outOfOrder"),
        count("unmarkedTwice"),
        count("markedTwice"),
        rounds.filter(({ handoff }) => handoff.length > 0).length,
        times("firstAnswerMs"),
        times("caughtUpMs"),
      ];
    });
  });
  rows.sort(([a], [b]) => String(a).localeCompare(String(b)));
  const head = [
    "what happened",
    "queue",
    "times",
    "messages",
    "refused at first",
    "lost",
    "out of order",
    "twice, unmarked",
    "twice, marked",
    "handoffs broken",
    "first answer after, s (median / most)",
    "all answered after, s (median / most)",
  ];
  const line = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at < 2 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

function seconds(ms: number | undefined): string {
  return ms === undefined || !Number.isFinite(ms) ? "-" : (ms / 1_000).toFixed(1);
}
