import type { PlannedDelivery } from "../access/cards-repository.ts";
import { forgetInvites } from "../access/invites-repository.ts";
import { forgetRequests } from "../access/requests-repository.ts";
import { overloaded } from "../core/faults/errors.ts";
import type { AdmissionLimit } from "../core/process/admission-limit.ts";
import type { Logger } from "../core/process/logger.ts";
import type { ReconcilerStep } from "../core/process/reconciler.ts";
import type { Metrics } from "../observability/metrics.ts";
import type { Database } from "../storage/database.ts";
import { createGroupCommit } from "../storage/group-commit.ts";
import { writeOnce } from "../storage/write-once.ts";
import { createUserAliases } from "../users/alias-repository.ts";
import { createIngest, type Ingest } from "./accept-inbound.ts";
import { createAdmissions } from "./admissions-repository.ts";
import { forgetHeldParts } from "./album-repository.ts";
import { type BeginTurnsDeps, createBeginTurns } from "./begin-turns.ts";
import { forgetEarlyEdits } from "./early-edit-repository.ts";
import { createInboundLookups } from "./inbound-lookups-repository.ts";
import type { InboundOutcome, InboundRow, LeaseClaim } from "./inbound-row.ts";
import { applyMissedEdits } from "./missed-edits-repository.ts";
import { type ArrivalNotesDeps, createArrivalNotes } from "./note-arrivals.ts";
import { createOtherEvents, type OtherEventsDeps } from "./other-events.ts";
import { storeMessages } from "./store-repository.ts";
import type { TraceArrival } from "./trace-arrival.ts";

/** A lost connection is retried for this long before the platform is asked to send again, milliseconds. */
const STORE_PATIENCE_MS = 1_000;

export interface IntakeDeps {
  database: Pick<Database, "intake">;
  /** The leases that this process takes. It takes none if it runs no turns. */
  lease: LeaseClaim;
  delivery: OtherEventsDeps["delivery"] &
    ArrivalNotesDeps["delivery"] & {
      queues: { enqueue(channelId: string, deliveryIds: readonly string[]): void };
    };
  turns: OtherEventsDeps["turns"] &
    Pick<BeginTurnsDeps, "turnEngine" | "handoffs" | "interruptElsewhere"> & {
      wakeSoon(sessionId: string): void;
      /** A message is being stored in a session, so its turn may soon need the prompt. */
      expectTurn(sessionId: string, agentId: string, version: number): Promise<void>;
    };
  /** The limit for messages on their way into the database. */
  capacity: AdmissionLimit;
  /** `trace` traces a stored message; null: tracing is off. */
  observed: { metrics: Pick<Metrics, "inbound">; trace: TraceArrival | null; log: Logger };
}

/** The path of an event into the service: it is admitted, committed with others, and begins its turn. */
export function createIntake(deps: IntakeDeps) {
  const { database, lease, delivery, turns, capacity } = deps;
  const { metrics, trace, log } = deps.observed;
  const { intake: pool } = database;
  const lookups = createInboundLookups(pool);
  const aliases = createUserAliases(pool);

  const { onStored, onOutcome } = createArrivalNotes({ delivery, metrics, log });
  const beginTurns = createBeginTurns({ ...turns, runsTurns: lease.claim, enqueue: turns.wakeSoon, log });

  const commit = createGroupCommit({
    run: commitTogether,
    maxBatch: 200,
    partitions: 1,
    partitionOf: (row: InboundRow) => row.sessionId ?? `${row.channelId}/${row.address}`,
  });

  async function commitTogether(rows: InboundRow[]): Promise<InboundOutcome[]> {
    const storing = writeOnce(rows, (fresh) => storeMessages(pool, fresh, lease), {
      findWritten: (lost) => lookups.stored(lost, lease.owner),
      patienceMs: STORE_PATIENCE_MS,
    });
    expectTurns(rows);
    const outcomes = await storing;
    beginTurns(rows, outcomes);
    tell(outcomes.flatMap((outcome) => (outcome.kind === "pending" ? outcome.planned : [])));
    return outcomes;
  }

  /** Sends the texts for people without access and for approvers. If this fails, the reconciler does it later. */
  function tell(planned: readonly PlannedDelivery[]): void {
    for (const { id, channelId } of planned) delivery.queues.enqueue(channelId, [id]);
  }

  /** A slow database must not fill the memory. At the limit, the message stays with its sender. */
  async function store(row: InboundRow): Promise<InboundOutcome> {
    const leave = capacity.take(row.channelId, Buffer.byteLength(row.content));
    if (leave === null) throw overloaded();
    const startedAt = trace && new Date();
    try {
      const outcome = await commit(row);
      if (trace && startedAt) trace(row, outcome, startedAt);
      return outcome;
    } finally {
      leave();
    }
  }

  /** If the session is known in advance, the bot's data is read during the commit. */
  function expectTurns(rows: InboundRow[]): void {
    for (const { sessionId, agentId, agentVersion } of rows) {
      // An error here occurs again in the turn, which handles it.
      if (sessionId !== null) turns.expectTurn(sessionId, agentId, agentVersion).catch(() => undefined);
    }
  }

  const admissions = createAdmissions(pool, {
    lease,
    tell,
    onReleased(released) {
      for (const { row, outcome } of released) trace?.(row, outcome, new Date());
      beginTurns(
        released.map(({ row }) => row),
        released.map(({ outcome }) => outcome),
      );
    },
  });

  const ingest: Ingest = createIngest({
    store,
    press: (channel, event) => admissions.answerPress(channel, event),
    identify: (channel, names) => aliases.identify(channel.id, names),
    ownMessages: (channel, address, externalIds) => lookups.ownMessages(channel.id, address, externalIds),
    others: createOtherEvents({ database, aliases, delivery, turns, onStored, log }),
    onOutcome,
  });

  return {
    ingest,
    admissions,
    messageOfEvent: lookups.messageOfEvent,
    drain: commit.drain,
    steps: intakeSteps(pool),
  };
}

function intakeSteps(pool: Database["intake"]): ReconcilerStep[] {
  return [
    { name: "parts of albums", run: () => forgetHeldParts(pool) },
    { name: "edits that missed their message", run: () => applyMissedEdits(pool) },
    { name: "edits without a message", run: () => forgetEarlyEdits(pool) },
    { name: "requests of strangers", run: () => forgetRequests(pool) },
    { name: "old invites", run: () => forgetInvites(pool) },
  ];
}
