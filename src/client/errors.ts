/** The only error class that the client throws. */
export class CausewayError extends Error {
  /** The HTTP status; 0 if no answer came (network, timeout, interrupted stream). */
  readonly status: number;
  /** A stable code for programs: `session_not_found`, `bot_failed`, `connection_failed`. */
  readonly code: string;
  /** More details from the server; null if there are none. */
  readonly details: unknown;
  /** Id of the request for questions to the operator; null if no answer came. */
  readonly requestId: string | null;

  constructor(
    message: string,
    options: { status: number; code: string; details?: unknown; requestId?: string | null; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = "CausewayError";
    this.status = options.status;
    this.code = options.code;
    this.details = options.details ?? null;
    this.requestId = options.requestId ?? null;
  }
}

/** Reads the server's error. For an answer of another server in between (a proxy), the error contains its status. */
export async function errorOf(response: Response): Promise<CausewayError> {
  const text = await response.text().catch(() => "");
  const error = bodyError(text);
  return new CausewayError(error?.message ?? `The server answered ${response.status}.`, {
    status: response.status,
    code: error?.code ?? `http_${response.status}`,
    details: error?.details,
    requestId: error?.requestId ?? response.headers.get("x-request-id"),
  });
}

function bodyError(text: string) {
  try {
    const body: unknown = JSON.parse(text);
    if (!isRecord(body) || !isRecord(body.error)) return null;
    const { code, message, details, request_id: requestId } = body.error;
    return {
      code: String(code),
      message: String(message),
      details,
      requestId: typeof requestId === "string" ? requestId : null,
    };
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
