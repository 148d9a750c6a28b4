import type { ChatState } from "./conversation.ts";
import { button, element, setChildren } from "./dom.ts";
import { dayOf } from "./times.ts";

/** The visitor's chats: beside the open one on a wide screen, over it on a narrow one. */
export function createSessionListView(actions: { open(sessionId: string): void; startNew(): void }) {
  const list = element("ul", { class: "sessions" });
  const node = element(
    "nav",
    { class: "sidebar", id: "chats", "aria-label": "Your chats" },
    button("New chat", { class: "new-chat" }, () => {
      show(false);
      actions.startNew();
    }),
    list,
  );
  const toggle = button(
    "Chats",
    { class: "toggle", "aria-expanded": "false", "aria-controls": "chats" },
    () => show(!node.classList.contains("open")),
  );
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !node.classList.contains("open")) return;
    show(false);
    toggle.focus();
  });

  function show(open: boolean): void {
    node.classList.toggle("open", open);
    toggle.setAttribute("aria-expanded", String(open));
  }

  let shown: unknown[] = [];
  return {
    node,
    toggle,
    draw({ sessions, sessionId }: ChatState): void {
      // Drawn again only when needed: a press must not lose the button it is on.
      if (shown[0] === sessions && shown[1] === sessionId) return;
      shown = [sessions, sessionId];
      const items = sessions.map((session) => {
        const label = element("span", { class: "title", dir: "auto" }, session.title ?? "New chat");
        const day = element("span", { class: "when" }, dayOf(session.last_activity_at));
        const current = session.id === sessionId ? "true" : null;
        const opener = element("button", { type: "button", "aria-current": current }, label, day);
        opener.addEventListener("click", () => {
          show(false);
          actions.open(session.id);
        });
        return element("li", {}, opener);
      });
      setChildren(list, items);
    },
  };
}
