/** What happens around a chat that it has to know of. Returns what ends listening. */
export function listenToPage(options: {
  /** Where the browser keeps who the visitor is. */
  storageKey: string;
  onVisibility(): void;
  /** Whether leaving now would lose something. */
  hasUnsent(): boolean;
  /** Another tab signed somebody in or out. */
  onVisitor(change: { wasKnown: boolean }): void;
}): () => void {
  const onUnload = (event: BeforeUnloadEvent) => {
    if (options.hasUnsent()) event.preventDefault();
  };
  const onStorage = ({ key, oldValue, newValue }: StorageEvent) => {
    const before = visitorIn(oldValue);
    if (key !== options.storageKey || before === visitorIn(newValue)) return;
    options.onVisitor({ wasKnown: before !== undefined });
  };
  document.addEventListener("visibilitychange", options.onVisibility);
  window.addEventListener("beforeunload", onUnload);
  window.addEventListener("storage", onStorage);
  return () => {
    document.removeEventListener("visibilitychange", options.onVisibility);
    window.removeEventListener("beforeunload", onUnload);
    window.removeEventListener("storage", onStorage);
  };
}

function visitorIn(stored: string | null): unknown {
  try {
    return JSON.parse(stored ?? "null")?.visitor_id;
  } catch {
    return undefined;
  }
}
