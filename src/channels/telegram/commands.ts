import type { Api } from "grammy";
import type { BotCommand } from "grammy/types";
import type { TelegramConfig } from "./config.ts";

type GrammySignal = Parameters<Api["getMe"]>[0];

/** The commands that are shown if nobody set others. */
const OURS: readonly BotCommand[] = [
  { command: "start", description: "Start chatting" },
  { command: "reset", description: "Forget this conversation and start a new one" },
];

/**
 * Fills the menu of commands. Commands that somebody set in @BotFather or with another program stay. Only the
 * configuration replaces them.
 */
export async function setCommands(
  api: Api,
  { commands: wanted }: Pick<TelegramConfig, "commands">,
  signal: AbortSignal,
): Promise<void> {
  const current = await api.getMyCommands({}, signal as GrammySignal);
  if (wanted === undefined ? current.length > 0 : isSame(current, wanted)) return;
  await api.setMyCommands(wanted ?? OURS, {}, signal as GrammySignal);
}

function isSame(current: readonly BotCommand[], wanted: readonly BotCommand[]): boolean {
  const written = (commands: readonly BotCommand[]) =>
    commands.map(({ command, description }) => `${command} ${description}`).join("\n");
  return written(current) === written(wanted);
}
