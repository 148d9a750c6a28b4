import type { ComponentChild, ComponentType, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { WireResetOffer } from "../chat/wire.ts";
import { useView } from "./context.ts";
import type { ResetDialogProps } from "./reset-dialog.tsx";

/**
 * The reset dialog, null while it is closed. The focus returns to where it was, or to the field.
 * @param requests counts the requests of the page around the chat.
 */
export function useReset(field: RefObject<HTMLElement | null>, requests: number) {
  const { conversation } = useView();
  const [offer, setOffer] = useState<WireResetOffer | null>(null);
  const opener = useRef<HTMLElement | null>(null);
  /** Fetched at the first request. */
  const [Dialog, setDialog] = useState<ComponentType<ResetDialogProps> | null>(null);

  async function ask(): Promise<void> {
    const root = field.current?.getRootNode() as ShadowRoot | undefined;
    opener.current = root?.activeElement instanceof HTMLElement ? root.activeElement : null;
    const [asked, loaded] = await Promise.all([
      conversation.resetOffer(),
      import("./dialogs.ts").catch(() => null),
    ]);
    if (!loaded) return conversation.tell("notDone");
    setDialog(() => loaded.ResetDialog);
    if (asked) setOffer(asked);
  }

  useEffect(() => {
    if (requests > 0) void ask();
  }, [requests]);

  function close(): void {
    setOffer(null);
    (opener.current?.isConnected ? opener.current : field.current)?.focus();
  }

  const dialog: ComponentChild = offer && Dialog && <Dialog offer={offer} onClose={close} />;
  return { ask: () => void ask(), dialog };
}
