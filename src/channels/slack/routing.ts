import type { SlackConfig } from "./config.ts";

/**
 * Chooses among several agents of one Slack app: the agent of exactly this Slack channel, else the agent whose keyword
 * the text begins with, else null, the channel's own. Keywords match without regard to case and trailing punctuation;
 * the word stays in the text.
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
    const [first = ""] = text.trim().split(/\s+/, 1);
    return byChannel.get(channel) ?? byKeyword.get(normal(first)) ?? null;
  };
}

const normal = (word: string) => word.toLowerCase().replace(/[,:;.!?]+$/, "");
