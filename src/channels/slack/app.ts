import { App, type AppOptions, type CodedError, type Receiver, type ReceiverEvent } from "@slack/bolt";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import { storableData } from "../../core/text/text.ts";
import type { Later } from "../kit/later.ts";
import { quietSlackLogger, type SlackWebApi } from "./web-api.ts";

/** Our part of a listener's context. The receiver sets it for each body. */
export interface SlackContext {
  /** Takes what a body contains for us. Over a socket it resolves when that is stored, and rejects if it cannot be. */
  hand(content: ChannelEvent[] | Later): Promise<void>;
}

/** Runs the task of a body: at once, or after the tasks of earlier bodies. */
export type Run = (body: unknown, task: () => Promise<void>) => Promise<void>;

export interface SlackAppDeps {
  clientOptions: SlackWebApi["clientOptions"];
  authorize: NonNullable<AppOptions["authorize"]>;
  log: Logger;
}

/**
 * Bolt's app behind any receiver. Bolt acknowledges an event before its listeners run. This app acknowledges each body
 * after its listeners, and only if none of them failed. A body that Bolt cannot read is not acknowledged either: an
 * `UnreadableBody` is thrown.
 */
export class SlackApp extends App<SlackContext> {
  readonly #log: Logger;
  readonly #run: Run;

  constructor(receiver: Receiver, deps: SlackAppDeps, run: Run = (_body, task) => task()) {
    super({
      receiver,
      authorize: deps.authorize,
      // Our own rules tell which bots are ignored, and the database has all state.
      ignoreSelf: false,
      convoStore: false,
      clientOptions: deps.clientOptions,
      logger: quietSlackLogger,
    });
    this.#log = deps.log;
    this.#run = run;
    this.error((error: CodedError) => Promise.reject(new ListenerFailed(error)));
  }

  override processEvent(event: ReceiverEvent): Promise<void> {
    return this.#run(event.body, async () => {
      let answer: unknown;
      const ack = async (given?: unknown) => {
        answer = given;
      };
      try {
        // Ids are looked up in the database, where one NUL would fail the event each time that Slack repeats it.
        await super.processEvent({ ...event, body: storableData(event.body), ack });
      } catch (error) {
        if (error instanceof ListenerFailed) throw error.cause;
        this.#log.warn({ err: error }, "a slack body could not be read, and is refused");
        throw new UnreadableBody("Bolt cannot read this body", { cause: error });
      }
      await event.ack(answer);
    });
  }
}

/** A body of a shape that Bolt does not know. */
export class UnreadableBody extends Error {}

/** The content of a body could not be read or stored now. */
class ListenerFailed extends Error {
  constructor(error: CodedError) {
    super("a listener failed", { cause: error.original ?? error });
  }
}
