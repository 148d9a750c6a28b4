import type { ButtonSpec } from "../../core/button.ts";
import type { JsonObject } from "../../core/json.ts";
import { mergePatch, mergePatchBetween } from "../../core/merge-patch.ts";
import type { ComingSaying, LaterChange, LaterSaying } from "../../core/saying.ts";
import type { BotResult, Turn } from "../bot.ts";

type EffectKeys = "participantData" | "endSession" | "later" | "laterChanges";

/** What the tools of one turn want to change. Nothing is changed before the reply is committed with it. */
export interface ToolEffects {
  /** The participant data as it will be. */
  participantData(): Promise<JsonObject>;
  updateParticipantData(patch: JsonObject): Promise<JsonObject>;
  endSession(): void;
  /** Puts down a message for later. */
  sayLater(later: LaterSaying): void;
  /** What was put down in earlier turns and is still to come. */
  coming(): Promise<readonly ComingSaying[]>;
  /** Changes one of those. */
  changeLater(change: LaterChange): void;
  /** Puts buttons below the reply, in place of earlier ones. */
  offerButtons(buttons: readonly ButtonSpec[]): void;
  /** What the reply offers. */
  buttons(): readonly ButtonSpec[];
  result(): Promise<Pick<BotResult, EffectKeys>>;
}

export function createToolEffects(turn: Turn): ToolEffects {
  let before: Promise<JsonObject> | null = null;
  let updated: JsonObject | null = null;
  let ended = false;
  const later: LaterSaying[] = [];
  const changes: LaterChange[] = [];
  let offered: readonly ButtonSpec[] = [];

  const stored = () => {
    before ??= turn.participantData();
    return before;
  };
  return {
    participantData: async () => updated ?? (await stored()),
    async updateParticipantData(patch) {
      const base = await stored();
      // Tools of one step run at the same time: `updated` is read after the wait, not before.
      updated = mergePatch(updated ?? base, patch);
      return updated;
    },
    endSession: () => {
      ended = true;
    },
    sayLater: (item) => {
      later.push(item);
    },
    coming: () => turn.coming(),
    changeLater: (change) => {
      changes.push(change);
    },
    offerButtons: (buttons) => {
      offered = buttons;
    },
    buttons: () => offered,
    async result() {
      // One patch for all updates together: merge patches cannot simply be laid over each other.
      const patch = updated ? mergePatchBetween(await stored(), updated) : {};
      return {
        ...(Object.keys(patch).length > 0 && { participantData: patch }),
        ...(ended && { endSession: true }),
        ...(later.length > 0 && { later }),
        ...(changes.length > 0 && { laterChanges: changes }),
      };
    },
  };
}
