#!/usr/bin/env python3
"""A server that fails as told, for test_send.c.

Usage: test_server.py PORT LOG STEP...

Each request takes the next step; when all are taken, it is 200. A step is a status, or
  cut      the connection ends without an answer
  lost     the report is taken, but the answer never arrives
  slow     the answer comes after three seconds
  want     200, and the section "os" is asked for
  garbage  an answer that is not HTTP
  507      with a problem document that gives reasons
  large    200 with two megabytes of answer
Prints its port, then writes a line to LOG for each request: step, report id, Idempotency-Key, token, names of the
sections sent. Ends when its standard input does.
"""
import http.server
import json
import os
import socketserver
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    steps = []
    log = None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        step = self.steps.pop(0) if self.steps else "200"
        report = json.loads(body)
        sections = sorted(name for name in report["digests"] if name in report)
        good = self.path == "/api/inventory/report" and self.headers.get("Content-Type") == "application/json"
        self.log.write(" ".join([step if good else "bad", report["id"], self.headers.get("Idempotency-Key", "-"),
                                 self.headers.get("Authorization", "-").split(" ")[-1], ",".join(sections)]) + "\n")
        self.log.flush()
        self.close_connection = True
        if step == "slow":
            time.sleep(3)
        if step in ("cut", "lost"):
            return
        if step == "garbage":
            self.wfile.write(b"\x00\xff not http\r\n\r\n")
            return
        answer = {"want": b'{"want":["os","no_such"]}', "large": b'"' + b"x" * 2000000 + b'"',
                  "507": json.dumps({"title": "Busy", "detail": "The disk is full",
                                     "errors": [{"pointer": "/entity", "detail": "is required"}]}).encode()}.get(step, b"{}")
        self.send_response(int(step) if step.isdigit() else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        try:
            self.wfile.write(answer)
        except OSError:
            pass

    def log_message(self, *arguments):
        pass


def end_with_input():
    while os.read(0, 4096):
        pass
    os._exit(0)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


Handler.log = open(sys.argv[2], "a")
Handler.steps = sys.argv[3:]
server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
threading.Thread(target=end_with_input, daemon=True).start()
print(server.server_address[1], flush=True)
server.serve_forever()
