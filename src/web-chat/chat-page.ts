import { createComposerView } from "./composer-view.ts";
import type { Conversation } from "./conversation.ts";
import { button, element } from "./dom.ts";
import { createScrollKeeper } from "./scroll-keeper.ts";
import { createSessionListView } from "./session-list-view.ts";
import { createTranscriptView } from "./transcript-view.ts";

export interface PageText {
  title: string;
  greeting: string;
}

const CONNECTION = { connecting: "Connecting…", live: "", offline: "No connection. Trying again…" } as const;

/** Builds the page and draws it again, at most once a frame, whenever the conversation changes. */
export function createChatPage(host: HTMLElement, text: PageText, conversation: Conversation) {
  const connection = element("p", { class: "connection", role: "status" });
  const notice = element("p", { class: "notice", role: "alert" });
  const announced = element("div", { class: "hidden", "aria-live": "polite" });
  const composer = createComposerView((content) => {
    scroll.toEnd();
    conversation.send(content);
  });
  const transcript = createTranscriptView({
    botName: text.title,
    greeting: text.greeting,
    actions: {
      retry: () => conversation.retry(),
      discard: (clientId) => conversation.discard(clientId),
      loadEarlier: () => void conversation.loadEarlier(),
    },
  });
  const startNew = () => {
    conversation.startNew();
    composer.focus();
  };
  const sessions = createSessionListView({ open: (id) => void conversation.open(id), startNew });
  // The log is read, not announced: a streaming answer would be spoken again with every word.
  const pane = element(
    "div",
    { class: "pane", role: "log", "aria-live": "off", "aria-label": "Messages", tabindex: "0" },
    transcript.node,
  );
  const scroll = createScrollKeeper(pane);
  const newChat = button("New chat", { class: "toggle" }, startNew);
  host.append(
    sessions.node,
    element(
      "main",
      { class: "chat" },
      element("header", {}, sessions.toggle, element("h1", {}, text.title), newChat),
      connection,
      pane,
      element("div", { class: "jump-place" }, scroll.jump),
      notice,
      composer.node,
      announced,
    ),
  );

  let due = false;
  function draw(): void {
    due = false;
    const state = conversation.state();
    scroll.around(() => transcript.draw(state));
    sessions.draw(state);
    setText(connection, state.loading ? "Loading…" : CONNECTION[state.connection]);
    setText(notice, state.notice ?? "");
    host.dataset.connection = state.connection;
  }

  return {
    draw,
    drawSoon(): void {
      if (due) return;
      due = true;
      // A hidden page gets no frames; what it shows can wait until it is seen.
      requestAnimationFrame(draw);
    },
    announce(content: string): void {
      announced.replaceChildren(element("p", {}, `${text.title}: ${content}`));
    },
    focus: () => composer.focus(),
  };
}

function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
