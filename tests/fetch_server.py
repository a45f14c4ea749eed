"""A web server on localhost for the tests of downloads: fetch_server.py FOLDER

Prints its port, ends when its standard input ends. The first part of a path chooses how a file of the folder is served:
good (parts of it too), whole (never parts), cut (the first half, then the connection closes), slow (ten bytes a second),
other (other bytes of the same size). FOLDER/log gets a line a request: the path and the range asked for.
"""
import http.server
import os
import sys
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked = self.headers.get("Range", "")
        with open(os.path.join(folder, "log"), "a") as log:
            log.write(f"{self.path} {asked}\n")
        way, _, name = self.path[1:].partition("/")
        path = os.path.join(folder, name)
        if way not in ("good", "whole", "cut", "slow", "other") or not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            contents = file.read()
        start = 0
        if asked and way != "whole":
            start = int(asked.split("=")[1].split("-")[0])
            if start >= len(contents):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(contents) - 1}/{len(contents)}")
        else:
            self.send_response(200)
        if way == "other":
            contents = bytes(255 - byte for byte in contents)
        self.send_header("Content-Length", str(len(contents) - start))
        self.end_headers()
        self.send_contents(way, contents[start:])

    def send_contents(self, way, contents):
        if way == "cut":
            self.wfile.write(contents[: len(contents) // 2])
            self.close_connection = True
        elif way == "slow":
            for i in range(0, len(contents), 10):
                self.wfile.write(contents[i : i + 10])
                time.sleep(1)
        else:
            self.wfile.write(contents)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *arguments):
        """Clients that go away are a part of the tests."""


def end_with_input():
    sys.stdin.read()
    os._exit(0)


folder = sys.argv[1]
server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=end_with_input, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
