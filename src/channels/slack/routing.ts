import type { SlackConfig } from "./config.ts";

/**
 * Chooses among several agents of one Slack app. The agent of this Slack channel comes first, then the agent whose
 * keyword begins the text. Otherwise it returns null: the channel's own agent. Keywords match in any case and with
 * trailing punctuation; the word stays in the text.
 */
export function createRouting(agents: SlackConfig["agents"]) {
  const byChannel = new Map<string, string>();
  const byKeyword = new Map<string, string>();
  for (const [agent, { channels, keywords }] of Object.entries(agents)) {
    for (const channel of channels) if (!byChannel.has(channel)) byChannel.set(channel, agent);
    for (const keyword of keywords) {
      const word = normal(keyword);
      if (!byKeyword.has(word)) byKeyword.set(word, agent);
    }
  }
  return (channel: string, text: string): string | null => {
    const begin = text.trimStart();
    const end = begin.search(/\s/);
    const first = end === -1 ? begin : begin.slice(0, end);
    return byChannel.get(channel) ?? byKeyword.get(normal(first)) ?? null;
  };
}

/** Without a regular expression, because it took quadratic time on a word full of dots. */
function normal(word: string): string {
  let end = word.length;
  while (end > 0 && PUNCTUATION.has(word[end - 1] ?? "")) end--;
  return word.slice(0, end).toLowerCase();
}

const PUNCTUATION: ReadonlySet<string> = new Set(",:;.!?");
