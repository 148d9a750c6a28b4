import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Answers that get lost on their way. */
export interface Loss {
  /** Number of lost answers so far. */
  count(): number;
  /** Stops losing answers. */
  stop(): void;
}

/** A proxy before Postgres that loses the answers to selected statements. */
export interface LossyPostgres extends AsyncDisposable {
  /** Connects to the same database. */
  url: string;
  /**
   * Breaks the connection of a matching statement: `after` it was executed, or `before` it arrives.
   * @param options.commit loses the answer to the commit of the statement's transaction.
   */
  lose(statement: RegExp, options?: { when?: "before" | "after"; times?: number; commit?: boolean }): Loss;
}

interface Wanted {
  statement: RegExp;
  when: "before" | "after";
  left: number;
  lost: number;
  commit: boolean;
}

/** Starts a proxy between an application and a test's database, which reads the traffic. */
export async function startLossyPostgres(databaseUrl: string): Promise<LossyPostgres> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const wanted: Wanted[] = [];
  const server = createServer((near) => {
    const far = connect({ path: `${target.searchParams.get("host")}/.s.PGSQL.5432` });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    pass(near, far, wanted);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(databaseUrl);
  url.searchParams.delete("host");
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    lose(statement, { when = "after", times = 1, commit = false } = {}) {
      const loss: Wanted = { statement, when, left: times, lost: 0, commit };
      wanted.push(loss);
      return {
        count: () => loss.lost,
        stop() {
          loss.left = 0;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(near: Socket, far: Socket, wanted: readonly Wanted[]): void {
  const prepared = new Map<string, string>();
  /** Losses whose commit has not come yet. */
  let committing: Wanted[] = [];
  let losing = false;

  function cut(loss: Wanted): void {
    loss.left -= 1;
    loss.lost += 1;
    if (loss.when === "before") return void near.destroy();
    losing = true;
  }

  function onStatement(text: string): void {
    if (/^\s*COMMIT/i.test(text)) {
      const loss = committing.find(({ left }) => left > 0);
      committing = [];
      if (loss) cut(loss);
      return;
    }
    if (/^\s*(BEGIN|ROLLBACK)/i.test(text)) committing = [];
    const loss = wanted.find(({ left, statement }) => left > 0 && statement.test(text));
    if (loss?.commit) committing.push(loss);
    else if (loss) cut(loss);
  }

  const fromClient = reader(true, (type, body) => {
    if (type === "Q") onStatement(textAt(body, 0));
    if (type === "P") {
      const name = textAt(body, 0);
      prepared.set(name, textAt(body, name.length + 1));
    }
    if (type === "B") {
      const portal = textAt(body, 0);
      onStatement(prepared.get(textAt(body, portal.length + 1)) ?? "");
    }
  });
  const fromServer = reader(false, (type) => {
    // "Ready for query": every earlier statement is executed and committed.
    if (type === "Z" && losing) near.destroy();
  });
  near.on("data", (chunk) => {
    fromClient(chunk);
    if (!near.destroyed) far.write(chunk);
  });
  far.on("data", (chunk) => {
    fromServer(chunk);
    if (!losing && !near.destroyed) near.write(chunk);
  });
}

/** Splits a stream into protocol messages. */
function reader(startsUntyped: boolean, onMessage: (type: string, body: Buffer) => void) {
  let rest = Buffer.alloc(0);
  let untyped = startsUntyped;
  return (chunk: Buffer): void => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const heading = untyped ? 0 : 1;
      if (rest.length < heading + 4) return;
      const end = heading + rest.readInt32BE(heading);
      if (rest.length < end) return;
      if (!untyped) onMessage(String.fromCharCode(rest[0] ?? 0), rest.subarray(5, end));
      untyped = false;
      rest = rest.subarray(end);
    }
  };
}

function textAt(body: Buffer, start: number): string {
  return body.toString("utf8", start, body.indexOf(0, start));
}
