/** The actions of the buttons of a desk's card. */
export const DESK_ACTS = { take: "Take", release: "Release" } as const;

export type DeskAct = keyof typeof DESK_ACTS;

/** The text that a platform carries with a button of a card. The thread of the press tells the handoff. */
export function deskReference(act: DeskAct): string {
  return `desk:${act}`;
}

/** Parses the reference of a card's button; null for any other text. */
export function readDeskReference(text: string): DeskAct | null {
  const [, act] = /^desk:(take|release)$/.exec(text) ?? [];
  return act === "take" || act === "release" ? act : null;
}
