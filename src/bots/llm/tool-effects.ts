import type { ButtonSpec } from "../../core/message/button.ts";
import type { ComingMessage, LaterChange, LaterMessage } from "../../core/message/unprompted-message.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { mergePatch, mergePatchBetween } from "../../core/text/merge-patch.ts";
import type { BotResult, Turn } from "../bot.ts";

type EffectKeys = "participantData" | "endSession" | "handoff" | "later" | "laterChanges";

/** Changes that the tools of one turn request. They take effect only when the reply is committed. */
export interface ToolEffects {
  /** The participant data after the changes. */
  participantData(): Promise<JsonObject>;
  updateParticipantData(patch: JsonObject): Promise<JsonObject>;
  endSession(): void;
  /** Asks for a person. This counts instead of the end of the session. */
  handOff(reason: string | null): void;
  /** Schedules a message for later. */
  scheduleLater(later: LaterMessage): void;
  /** Messages that were scheduled in earlier turns and are still due. */
  coming(): Promise<readonly ComingMessage[]>;
  /** Changes one of those. */
  changeLater(change: LaterChange): void;
  /** Sets the buttons below the reply, in place of earlier ones. */
  offerButtons(buttons: readonly ButtonSpec[]): void;
  /** The buttons of the reply. */
  buttons(): readonly ButtonSpec[];
  result(): Promise<Pick<BotResult, EffectKeys>>;
}

export function createToolEffects(turn: Turn): ToolEffects {
  let before: Promise<JsonObject> | null = null;
  let updated: JsonObject | null = null;
  let ended = false;
  let handoff: BotResult["handoff"];
  const later: LaterMessage[] = [];
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
      // Tools of one step run at the same time, so `updated` is read after the wait, not before.
      updated = mergePatch(updated ?? base, patch);
      return updated;
    },
    endSession: () => {
      ended = true;
    },
    handOff: (reason) => {
      handoff = { reason };
    },
    scheduleLater: (item) => {
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
      // One patch covers all updates, because merge patches cannot simply be combined.
      const patch = updated ? mergePatchBetween(await stored(), updated) : {};
      return {
        ...(Object.keys(patch).length > 0 && { participantData: patch }),
        ...(ended && !handoff && { endSession: true }),
        ...(handoff && { handoff }),
        ...(later.length > 0 && { later }),
        ...(changes.length > 0 && { laterChanges: changes }),
      };
    },
  };
}
