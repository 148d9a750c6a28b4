import type { KnownBlock } from "@slack/web-api";
import type { Button, ButtonSupport } from "../../core/message/button.ts";
import { pressReference } from "../../core/message/press.ts";
import { BUTTONS_BLOCK, type SlackBlock } from "./interaction.ts";
import { withoutPings } from "./pings.ts";

/** The limits of one `actions` block (docs.slack.dev, Actions block and Button element). */
export const BUTTON_SUPPORT: ButtonSupport = { max: 25, labelLimit: 75, urls: true };

/** A text with buttons below it. Slack accepts no `markdown_text` beside blocks, so the text is a block too. */
export function blocksOf(markdown: string, messageId: string, buttons: readonly Button[]): KnownBlock[] {
  return [{ type: "markdown", text: withoutPings(markdown) }, buttonsBlock(messageId, buttons)];
}

export function buttonsBlock(messageId: string, buttons: readonly Button[]): KnownBlock {
  const elements = buttons.map((button, index) => element(button, pressReference({ messageId, index })));
  return { type: "actions", block_id: BUTTONS_BLOCK, elements };
}

/** The same message after a press: the choice, the person who made it, and the buttons that open pages. */
export function chosenBlocks(
  blocks: readonly SlackBlock[],
  choice: string,
  offered: { messageId: string; buttons: readonly Button[] },
): KnownBlock[] {
  const pages = offered.buttons.flatMap((button, index) =>
    button.url === undefined
      ? []
      : [element(button, pressReference({ messageId: offered.messageId, index }))],
  );
  return [
    // The blocks as Slack returned them, because Slack converts Markdown in its own way.
    ...(blocks.filter(({ block_id: id }) => id !== BUTTONS_BLOCK) as unknown as KnownBlock[]),
    { type: "context", elements: [{ type: "plain_text", text: `✓ ${choice}`, emoji: false }] },
    ...(pages.length === 0 ? [] : [{ type: "actions" as const, block_id: BUTTONS_BLOCK, elements: pages }]),
  ];
}

function element({ label, url }: Button, reference: string) {
  return {
    type: "button" as const,
    action_id: reference,
    text: { type: "plain_text" as const, text: label, emoji: true },
    ...(url === undefined ? {} : { url }),
  };
}
