import hashlib
import hmac
import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ["BOT_SECRET"].encode()


def signed(header, body):
    parts = re.fullmatch(r"t=(\d+),v1=(\w{64})", header or "")
    if not parts or abs(time.time() - int(parts[1])) > 300:
        return False
    expected = hmac.new(SECRET, parts[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts[2])


def answer(turn):
    words = " ".join(message["content"] for message in turn["messages"])
    if re.search(r"\bhuman\b", words, re.IGNORECASE):
        return {
            "messages": [{"content": "I am getting a person."}],
            "handoff": {"reason": "The user asks for a person."},
        }
    visits = turn["participant_data"].get("visits", 0) + 1
    content = f"Hello number {visits}! You wrote: {words}"
    return {"messages": [{"content": content}], "set_participant_data": {"visits": visits}}


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if not signed(self.headers.get("x-causeway-signature"), body):
            return self.reply(401)
        turn = json.loads(body)
        if turn["type"] != "turn":
            return self.reply(204)
        self.reply(200, json.dumps(answer(turn)).encode())

    def reply(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Bot).serve_forever()
