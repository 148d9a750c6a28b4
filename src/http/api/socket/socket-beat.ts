import type { WebSocket } from "ws";

const BEAT_MS = 30_000;

/**
 * Pings a client, and destroys the socket if it does not answer.
 * @param isHeld returns true while the client's frames wait in the network. Its answer to a ping waits there too.
 * @param check is called with each ping.
 * @returns a function that ends the pings.
 */
export function startBeat(socket: WebSocket, isHeld: () => boolean, check: () => void): () => void {
  let answersBeat = true;
  socket.on("pong", () => {
    answersBeat = true;
  });
  const beat = setInterval(() => {
    if (!answersBeat && !isHeld()) return socket.terminate();
    answersBeat = false;
    socket.ping();
    check();
  }, BEAT_MS);
  return () => clearInterval(beat);
}
