import type { Notice } from "./chat-state.ts";
import { createOpenChat, type OpenChatDeps } from "./open-chat.ts";
import type { OutgoingMessage } from "./outbox.ts";
import type { WireResetOffer } from "./wire.ts";

export type Conversation = ReturnType<typeof createConversation>;

/** A visitor's actions in the chats of one channel. The results are in `state()`. */
export function createConversation(deps: OpenChatDeps) {
  const { api, visitor, store, listener } = deps;
  const chat = createOpenChat(deps);
  const { boxes, open, attempt } = chat;
  /** The outgoing messages of the open session. */
  const box = () => boxes.of(chat.state().sessionId);

  async function resume(): Promise<void> {
    chat.change({ place: boxes.of(null).place });
    const sessionId = store.session();
    if (visitor.known() === null) chat.change({ connection: "live" });
    else if (sessionId === null) chat.follow(null);
    else if (sessionId === chat.state().sessionId) chat.follow(sessionId);
    else await open(sessionId);
  }

  return {
    state: chat.state,
    /** The page may not use the channel, or may use it again. */
    setRefused(refused: boolean) {
      if (refused) chat.disconnect();
      chat.change({ refused, connection: "live", loading: false });
    },
    async start() {
      api.channel().then(
        (channel) => chat.change({ channel }),
        () => undefined,
      );
      await resume();
    },
    send(message: OutgoingMessage) {
      chat.change({ notice: null });
      box().outbox.add(message);
    },
    tell: (notice: Notice) => chat.change({ notice }),
    keptDraft: () => store.draft(chat.state().sessionId),
    keepDraft: (text: string) => store.setDraft(chat.state().sessionId, text),
    retry: () => box().outbox.retry(),
    discard: (clientId: string) => box().outbox.remove(clientId),
    open,
    attempt,
    /** Shows the state of stored messages of the open session. */
    take: chat.take,
    startNew: () => chat.leave(),
    /** The session for uploads, opened if there is none. */
    currentSession: () => boxes.sessionOf(box()),
    loadEarlier: chat.loadEarlier,
    see: chat.see,
    async stop() {
      const { sessionId } = chat.state();
      if (sessionId !== null) await attempt(async () => void (await api.stop(sessionId)), "notDone");
    },
    /** The question of the reset dialog; null if it cannot be loaded, which a notice then tells. */
    async resetOffer(): Promise<WireResetOffer | null> {
      const { sessionId } = chat.state();
      let offer: WireResetOffer | null = null;
      if (sessionId !== null) {
        await attempt(async () => {
          offer = await api.resetOffer(sessionId);
        }, "notDone");
      }
      return offer;
    },
    async reset(choice: { triggerEvents: boolean; prompt: string | null }) {
      const { sessionId } = chat.state();
      if (sessionId === null) return;
      const { triggerEvents, prompt } = choice;
      const body = { trigger_events: triggerEvents, ...(prompt === null ? {} : { prompt }) };
      const next = await api.reset(sessionId, body);
      await open(next.id);
    },
    async end(choice: { triggerEvents: boolean }) {
      const { sessionId } = chat.state();
      if (sessionId !== null) await api.end(sessionId, { trigger_events: choice.triggerEvents });
    },
    /** The host site signs in a user. Nothing of an earlier visitor stays on the screen. */
    async identify(identityToken: string) {
      const before = visitor.known()?.visitor_id;
      const known = await visitor.identify(identityToken);
      if (known.visitor_id === before) return;
      chat.clear();
      store.setSession(null);
      await resume();
    },
    /** Another tab has changed the visitor. */
    async visitorChanged({ wasKnown }: { wasKnown: boolean }) {
      // An anonymous visitor who signs in loses nothing: the text written here belongs to the same person.
      if (!wasKnown) chat.follow(chat.state().sessionId);
      else {
        chat.clear();
        await resume();
      }
    },
    logout() {
      chat.clear();
      visitor.forget();
      listener.onSession(null);
    },
    hasUnsent: boxes.hasUnsent,
    destroy: chat.disconnect,
  };
}
