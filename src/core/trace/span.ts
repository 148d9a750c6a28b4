/** Attributes of a span. Undefined ones are left out. */
export type SpanAttributes = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export type SpanKind = "internal" | "client" | "consumer" | "producer";

/** One step of a trace that is under way. */
export interface Span {
  /** The W3C header by which another service continues the trace below this span. */
  readonly traceparent: string;
  /** True if the text of messages may be traced. */
  readonly showsText: boolean;
  /** Begins a step within this one. It gets the attributes that all steps of the message share. */
  child(name: string, kind: SpanKind, attributes: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** Marks the step as failed. `type` is a short code. */
  fail(type: string, reason: string): void;
  /** Ends the step now, or at the given time. Only the first end counts. A span that never ends is never sent. */
  end(at?: Date): void;
}

/** The message to which a trace belongs. */
export interface TraceSource {
  messageId: string;
  /** The caller's own header, which its trace continues; null for most. */
  traceparent: string | null;
}

/** One step on the way of a message. Any process can name it, because its ids follow from those of stored rows. */
export interface Step {
  name: string;
  kind: SpanKind;
  source: TraceSource;
  /** The id of the span. */
  id: string;
  /** The id of the previous step, which any process may have made. Null: this is the first step. */
  parent: string | null;
  startedAt?: Date;
  attributes: SpanAttributes;
  /** Attributes of this step and of all steps within it. */
  shared: SpanAttributes;
  /** Steps of other messages that this step goes on with. */
  alsoAfter?: readonly Pick<Step, "source" | "id">[];
}

/** Makes spans. It is null if tracing is off. */
export interface Tracing {
  begin(step: Step): Span;
}
