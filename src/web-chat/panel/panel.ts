import { createApiClient } from "../chat/api-client.ts";
import type { CallError } from "../chat/call-error.ts";
import { createConversation } from "../chat/conversation.ts";
import { tellDevelopers } from "../chat/tell-developers.ts";
import { createVisitor } from "../chat/visitor.ts";
import { createVisitorStore } from "../chat/visitor-store.ts";
import type { WireMessage } from "../chat/wire.ts";
import { plainText } from "../markdown/plain-text.ts";
import { createDrawing } from "./drawing.tsx";
import type { ChatOptions } from "./options.ts";
import { listenToPage } from "./page-events.ts";

/** The chat behind an element. */
export interface Panel {
  /** @param takesFocus true if a person has just asked for it. */
  setShown(isShown: boolean, takesFocus?: boolean): void;
  configure(options: ChatOptions): void;
  send(content: string): void;
  newSession(): void;
  switchSession(sessionId: string): Promise<void>;
  reset(choice?: { prompt?: string; triggerEvents?: boolean }): Promise<void>;
  identify(identityToken: string): Promise<void>;
  logout(): void;
  /** Removed from the page: no connections, but no data is lost. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface PanelDeps {
  host: HTMLElement;
  root: ShadowRoot;
  options: ChatOptions;
  /** The name of the browser's stored data. */
  scope: string;
  onClose: () => void;
  onUnread: (count: number) => void;
}

/** Builds the chat into an element's shadow root. */
export async function createPanel(deps: PanelDeps): Promise<Panel> {
  const { host, root, scope } = deps;
  let { options } = deps;
  const access = createAccess({ options, scope, onRefusal });
  const conversation = createConversation({
    ...access,
    scope,
    listener: {
      onChange: () => drawing.drawSoon(),
      onMessage,
      onSession: (id) => emit("session", { id }),
      onEnded: (id) => emit("session-ended", { id }),
      onIdentityExpired: () => emit("identity-expired", {}),
      onForgotten: () => drawing.announce(""),
    },
  });
  const drawing = createDrawing({
    root,
    model: { api: access.api, conversation },
    options: () => options,
    title,
    onClose: deps.onClose,
    onUnread(count) {
      deps.onUnread(count);
      emit("unread", { count });
    },
  });

  function title(): string {
    return options.heading || conversation.state().channel?.title || "Chat";
  }

  function onRefusal(refusal: CallError | null): void {
    conversation.setRefused(refusal !== null);
    if (!refusal) return;
    void import("./how-to-admit.ts").then(({ howToAdmit }) => tellDevelopers(howToAdmit(refusal, options)));
  }

  function emit(name: string, detail: Record<string, unknown>): void {
    host.dispatchEvent(new CustomEvent(`causeway:${name}`, { detail, bubbles: true, composed: true }));
  }

  function onMessage(message: WireMessage): void {
    const { id, session_id, role, content } = message;
    emit("message", { id, sessionId: session_id, role, content });
    if (role === "assistant") drawing.announce(`${title()}: ${plainText(content)}`);
  }

  /** The page may name the user in an attribute. */
  async function signIn(): Promise<void> {
    const token = host.getAttribute("identity-token");
    if (token) await conversation.identify(token).catch(() => emit("identity-expired", {}));
  }

  function listen() {
    return listenToPage({
      storageKey: `causeway:${scope}:visitor`,
      onVisibility: drawing.drawSoon,
      hasUnsent: conversation.hasUnsent,
      onVisitor: (change) => void conversation.visitorChanged(change),
    });
  }

  await drawing.speak();
  let unlisten = listen();
  await signIn();
  drawing.draw();
  void conversation.start();
  emit("ready", {});

  return {
    setShown: (isShown, asked = true) => drawing.setShown(isShown, asked),
    configure(next) {
      const isOther = next.locale !== options.locale;
      options = next;
      if (isOther) void drawing.speak();
      drawing.drawSoon();
    },
    send: (content) => conversation.send({ content }),
    newSession: () => conversation.startNew(),
    switchSession: async (sessionId) => void (await conversation.open(sessionId)),
    async reset(choice) {
      if (!choice) return drawing.openResetDialog();
      const { prompt = null, triggerEvents = true } = choice;
      return conversation.reset({ prompt, triggerEvents });
    },
    identify: (identityToken) => conversation.identify(identityToken),
    logout: () => conversation.logout(),
    pause() {
      unlisten();
      conversation.destroy();
    },
    resume() {
      unlisten = listen();
      void conversation.start();
    },
    destroy() {
      unlisten();
      conversation.destroy();
      drawing.remove();
    },
  };
}

/** The calls of a channel, as the visitor that this browser knows. */
function createAccess(of: {
  options: ChatOptions;
  scope: string;
  onRefusal: (refusal: CallError | null) => void;
}) {
  const { options, scope, onRefusal } = of;
  const base = `${options.base}web/${encodeURIComponent(options.channel)}`;
  const store = createVisitorStore(scope, options.persist);
  const visitor = createVisitor({ base, store, lockName: `causeway:${scope}:admission` });
  return { store, visitor, api: createApiClient({ base, visitor, onRefusal }) };
}
