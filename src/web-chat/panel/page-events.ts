/** Events of the page that a chat needs. Returns a function that stops listening. */
export function listenToPage(options: {
  /** The key under which the browser stores the visitor. */
  storageKey: string;
  onVisibility(): void;
  /** Returns true if leaving now would lose something. */
  hasUnsent(): boolean;
  /** Another tab signed a user in or out. */
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
