import type { ChatState } from "./conversation.ts";
import { button, element, setChildren } from "./dom.ts";
import type { Draft } from "./draft.ts";
import { createMarkdownView } from "./markdown-view.ts";
import type { OutboxItem } from "./outbox.ts";
import { dayOf, timeOf } from "./times.ts";
import type { WireMessage } from "./wire.ts";

export interface TranscriptActions {
  retry(): void;
  discard(clientId: string): void;
  loadEarlier(): void;
}

/** A bubble that is drawn again only when what it shows has changed. */
interface Bubble {
  node: HTMLElement;
  shown: unknown;
  draw: (text: string) => void;
}

/** Draws a session: stored messages, what is being sent, answers being written. */
export function createTranscriptView(options: {
  botName: string;
  greeting: string;
  actions: TranscriptActions;
}) {
  const { botName, actions } = options;
  const list = element("div", { class: "messages" });
  let bubbles = new Map<string, Bubble>();

  function bubble(key: string, next: Map<string, Bubble>, make: () => Bubble): Bubble {
    const known = bubbles.get(key) ?? make();
    next.set(key, known);
    return known;
  }

  function storedNode(message: WireMessage, next: Map<string, Bubble>): HTMLElement {
    // An answer goes on in the bubble it was written in, so that nothing jumps and a selection stays.
    const isAnswer = message.role === "assistant" && message.execution_id !== null;
    const draftKey = isAnswer ? `draft ${message.execution_id}` : "";
    const key = bubbles.has(draftKey) && !next.has(draftKey) ? draftKey : message.id;
    const known = bubble(key, next, () => newBubble(message.role));
    if (known.shown !== message) {
      known.shown = message;
      known.draw(message.content);
      finish(known.node, message, botName);
    }
    return known.node;
  }

  function draftNode(draft: Draft, next: Map<string, Bubble>): HTMLElement | null {
    if (draft.text === "" && draft.failure === null) return null;
    const known = bubble(`draft ${draft.executionId}`, next, () => newBubble("assistant"));
    if (known.shown !== draft) {
      known.shown = draft;
      known.draw(draft.text);
      known.node.classList.toggle("writing", draft.failure === null);
      known.node.setAttribute("aria-busy", String(draft.failure === null));
      known.node.setAttribute("aria-label", botName);
      known.node.querySelector(".failure")?.remove();
      if (draft.failure !== null)
        known.node.append(element("p", { class: "failure", role: "alert" }, draft.failure));
    }
    return known.node;
  }

  function outboxNode(item: OutboxItem, next: Map<string, Bubble>): HTMLElement {
    const known = bubble(`sending ${item.clientId}`, next, () => newBubble("user"));
    if (known.shown !== item) {
      known.shown = item;
      known.draw(item.content);
      known.node.classList.toggle("failed", item.state === "failed");
      known.node.classList.toggle("sending", item.state !== "failed");
      known.node.setAttribute("aria-label", item.state === "failed" ? "You, not sent" : "You, sending");
      known.node.querySelector(".meta")?.replaceWith(sendState(item, actions));
    }
    return known.node;
  }

  return {
    node: list,
    draw(state: ChatState): void {
      const next = new Map<string, Bubble>();
      const nodes: Node[] = [];
      const { transcript } = state;
      if (transcript.hasEarlier) nodes.push(earlier(actions));
      else if (options.greeting !== "" && !state.loading)
        nodes.push(greeting(options.greeting, botName, next));
      let day = "";
      for (const message of transcript.messages) {
        const today = dayOf(message.created_at);
        if (today !== day) nodes.push(element("p", { class: "day" }, today));
        day = today;
        nodes.push(storedNode(message, next));
      }
      const stored = new Set(transcript.messages.map((message) => message.client_message_id));
      for (const item of state.outbox) if (!stored.has(item.clientId)) nodes.push(outboxNode(item, next));
      for (const draft of transcript.drafts) {
        const node = draftNode(draft, next);
        if (node) nodes.push(node);
      }
      const dots = waitingFor(state);
      if (dots !== null) nodes.push(typing(dots, botName));
      if (transcript.status === "completed") nodes.push(ended());
      bubbles = next;
      setChildren(list, nodes);
    },
  };

  function greeting(text: string, name: string, next: Map<string, Bubble>): HTMLElement {
    const known = bubble("greeting", next, () => {
      const made = newBubble("assistant");
      made.draw(text);
      made.node.setAttribute("aria-label", name);
      return made;
    });
    return known.node;
  }
}

function newBubble(role: "user" | "assistant"): Bubble {
  const body = element("div", { class: "body", dir: "auto" });
  const node = element("article", { class: `message ${role}` }, body, element("p", { class: "meta" }));
  // What people typed is shown as they typed it.
  const draw = role === "user" ? (text: string) => body.replaceChildren(text) : createMarkdownView(body);
  return { node, shown: null, draw };
}

function finish(node: HTMLElement, message: WireMessage, botName: string): void {
  const time = timeOf(message.created_at);
  node.classList.remove("writing", "sending", "failed");
  node.removeAttribute("aria-busy");
  node.querySelector(".failure")?.remove();
  node.setAttribute("aria-label", `${message.role === "user" ? "You" : botName}, ${time}`);
  node.dataset.seq = String(message.seq);
  node.querySelector(".meta")?.replaceChildren(element("time", { datetime: message.created_at }, time));
}

function sendState(item: OutboxItem, actions: TranscriptActions): HTMLElement {
  if (item.state !== "failed")
    return element("p", { class: "meta" }, item.state === "sending" ? "Sending…" : "Waiting…");
  return element(
    "p",
    { class: "meta", role: "alert" },
    `Not sent. ${item.reason ?? ""} `,
    button("Try again", { class: "link" }, () => actions.retry()),
    " ",
    button("Delete", { class: "link" }, () => actions.discard(item.clientId)),
  );
}

/** What to say while an answer is due of which nothing can be read yet; null: nothing to wait for. */
function waitingFor({ transcript }: ChatState): string | null {
  if (transcript.waiting.length === 0) return null;
  const current = transcript.drafts.find((draft) => draft.failure === null);
  if (current?.activity?.kind === "tool") return `Using ${current.activity.name}…`;
  if (current?.activity?.kind === "thinking") return "Thinking…";
  return current && current.text !== "" ? null : "";
}

function typing(label: string, botName: string): HTMLElement {
  const dots = element(
    "span",
    { class: "dots", "aria-hidden": "true" },
    element("i"),
    element("i"),
    element("i"),
  );
  const words = label === "" ? element("span", { class: "hidden" }, `${botName} is writing`) : label;
  return element("p", { class: "typing" }, dots, words);
}

function ended(): HTMLElement {
  return element("p", { class: "day" }, "This chat has ended. Your next message starts a new one.");
}

function earlier(actions: TranscriptActions): HTMLElement {
  return element(
    "p",
    { class: "day" },
    button("Show earlier messages", { class: "link" }, () => actions.loadEarlier()),
  );
}
