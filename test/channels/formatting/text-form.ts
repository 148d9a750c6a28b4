import type { ChannelDefinition } from "../../../src/channels/channel-definition.ts";

/** The form that Markdown takes on a platform. */
export interface TextForm {
  definition: Pick<ChannelDefinition, "split" | "capabilities">;
  /** The text that is sent. */
  text(markdown: string): string;
  /** The text that a person can see or reach: the same text, and the destinations of links. */
  visible(markdown: string): string;
  /** The form for a golden file. */
  shown(markdown: string): string;
  /** True if the platform wants characters escaped, so that a text may grow. */
  escapes?: boolean;
}

export const formByText = (
  definition: TextForm["definition"],
  text: (markdown: string) => string,
): TextForm => ({
  definition,
  text,
  visible: text,
  shown: text,
});
