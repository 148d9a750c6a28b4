import { createOpenChat, type OpenChatDeps } from "./open-chat.ts";
import type { Saying } from "./outbox.ts";
import type { WireResetOffer } from "./wire.ts";

export type Conversation = ReturnType<typeof createConversation>;

/** What a visitor of one channel can do in their chats; what comes of it is in `state()`. */
export function createConversation(deps: OpenChatDeps) {
  const { api, visitor, store, listener } = deps;
  const chat = createOpenChat(deps);
  const { boxes, open, attempt } = chat;

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
    async start() {
      api.channel().then(
        (channel) => chat.change({ channel }),
        () => undefined,
      );
      await resume();
    },
    send(saying: Saying) {
      chat.change({ notice: null });
      chat.box().outbox.add(saying);
    },
    retry: () => chat.box().outbox.retry(),
    discard: (clientId: string) => chat.box().outbox.remove(clientId),
    open,
    startNew: () => chat.leave(),
    /** The session that files are uploaded to, opened where there is none yet. */
    currentSession: () => boxes.sessionOf(chat.box()),
    loadEarlier: chat.loadEarlier,
    see: chat.see,
    async stop() {
      const { sessionId } = chat.state();
      if (sessionId !== null) await attempt(async () => void (await api.stop(sessionId)), "notDone");
    },
    /** What starting over asks for; null where that cannot be told, which the notice says. */
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
    /** The host site says who this is: nothing of whoever was here before stays on the screen. */
    async identify(identityToken: string) {
      const before = visitor.known()?.visitor_id;
      const known = await visitor.identify(identityToken);
      if (known.visitor_id === before) return;
      chat.clear();
      store.setSession(null);
      await resume();
    },
    /** Another tab has changed who the visitor is. */
    async visitorChanged({ wasKnown }: { wasKnown: boolean }) {
      // Nobody becoming somebody takes nothing away: what is being written here is theirs.
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
