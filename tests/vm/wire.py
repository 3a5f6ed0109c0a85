# SPDX-License-Identifier: GPL-2.0-only
"""The D-Bus wire protocol, as little as tests need: well-formed calls, many at once, and deliberately malformed ones."""

import os
import select
import socket
import struct
import time

NAME = "org.scx.Manager1"
PATH = "/org/scx/Manager1"
INTERFACE = "org.scx.Manager1"

CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
ALIGN = {"y": 1, "b": 4, "n": 2, "q": 2, "i": 4, "u": 4, "x": 8, "t": 8, "d": 8, "s": 4, "o": 4, "g": 1, "a": 4, "v": 1, "(": 8,
         "{": 8, "h": 4}
NUMBER = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d", "h": "I"}


class DBusError(Exception):
    def __init__(self, name, message):
        super().__init__("%s: %s" % (name, message))
        self.name, self.message = name, message


class Gone(Exception):
    """The other side has closed the connection."""


def end_of_type(signature, i):
    """The index behind the complete type that begins at i."""
    if signature[i] == "a":
        return end_of_type(signature, i + 1)
    if signature[i] in "({":
        close = {"(": ")", "{": "}"}[signature[i]]
        i += 1
        while signature[i] != close:
            i = end_of_type(signature, i)
    return i + 1


def types_of(signature):
    i = 0
    while i < len(signature):
        j = end_of_type(signature, i)
        yield signature[i:j]
        i = j


class Writer:
    def __init__(self):
        self.data = bytearray()

    def pad(self, n):
        self.data += bytes(-len(self.data) % n)

    def put(self, t, v):
        c = t[0]
        self.pad(ALIGN[c])
        if c in NUMBER:
            self.data += struct.pack("<" + NUMBER[c], v)
        elif c in "so":
            b = v if isinstance(v, bytes) else v.encode()
            self.data += struct.pack("<I", len(b)) + b + b"\0"
        elif c == "g":
            self.data += bytes([len(v)]) + v.encode() + b"\0"
        elif c == "v":                          # a value is (type, value)
            self.put("g", v[0])
            self.put(v[0], v[1])
        elif c == "a":
            at = len(self.data)
            self.data += bytes(4)
            self.pad(ALIGN[t[1]])
            begin = len(self.data)
            for item in v.items() if t[1] == "{" else v:
                self.put(t[1:], item)
            self.data[at:at + 4] = struct.pack("<I", len(self.data) - begin)
        else:                                   # struct or dictionary entry
            for inner, item in zip(types_of(t[1:-1]), v):
                self.put(inner, item)


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def pad(self, n):
        self.at += -self.at % n

    def get(self, t):
        """The value; variants come as (type, value)."""
        c = t[0]
        self.pad(ALIGN[c])
        if c in NUMBER:
            f = "<" + NUMBER[c]
            v = struct.unpack_from(f, self.data, self.at)[0]
            self.at += struct.calcsize(f)
            return bool(v) if c == "b" else v
        if c in "sog":
            n = self.get("y" if c == "g" else "u")
            v = self.data[self.at:self.at + n].decode()
            self.at += n + 1
            return v
        if c == "v":
            inner = self.get("g")
            return inner, self.get(inner)
        if c == "a":
            n = self.get("u")
            self.pad(ALIGN[t[1]])
            end = self.at + n
            items = []
            while self.at < end:
                items.append(self.get(t[1:]))
            return dict(items) if t[1] == "{" else items
        return tuple(self.get(inner) for inner in types_of(t[1:-1]))


class Message:
    def __init__(self, kind, fields, body):
        self.kind, self.body = kind, body
        self.path, self.interface, self.member = fields.get(1), fields.get(2), fields.get(3)
        self.error, self.reply_to, self.signature = fields.get(4), fields.get(5), fields.get(8, "")

    def values(self):
        r = Reader(self.body)
        return [r.get(t) for t in types_of(self.signature)]


class Bus:
    def __init__(self, address=None):
        address = address or os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
        path = dict(p.split("=", 1) for p in address.split(";")[0].split(":", 1)[1].split(","))["path"]
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.serial = 0
        self.buffer = b""
        self.pending = []                       # messages that were not what somebody waited for
        self.socket.sendall(b"\0AUTH EXTERNAL %s\r\n" % str(os.geteuid()).encode().hex().encode())
        line = b""
        while not line.endswith(b"\r\n"):
            c = self.socket.recv(1)
            if not c:
                raise Gone("during authentication")
            line += c
        if not line.startswith(b"OK"):
            raise RuntimeError("authentication: %r" % line)
        self.socket.sendall(b"BEGIN\r\n")
        self.name = self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")[0]

    def close(self):
        self.socket.close()

    def send(self, destination, path, interface, member, signature="", *args, raw=None, flags=0):
        """Sends a call and returns its serial. raw: these bytes as the body, whatever the signature says."""
        self.serial += 1
        body = Writer()
        for t, v in zip(types_of(signature), args) if raw is None else ():
            body.put(t, v)
        body = bytes(body.data) if raw is None else raw
        fields = [(1, ("o", path)), (3, ("s", member)), (6, ("s", destination))]
        if interface:
            fields.append((2, ("s", interface)))
        if signature:
            fields.append((8, ("g", signature)))
        head = Writer()
        head.data += struct.pack("<cBBBII", b"l", CALL, flags, 1, len(body), self.serial)
        head.put("a(yv)", fields)
        head.pad(8)
        self.socket.sendall(bytes(head.data) + body)
        return self.serial

    def _need(self, n, deadline):
        while len(self.buffer) < n:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise TimeoutError("no message within the time limit")
            data = self.socket.recv(65536)
            if not data:
                raise Gone("the bus has closed the connection")
            self.buffer += data

    def receive(self, timeout=60):
        """The next message of any kind."""
        deadline = time.monotonic() + timeout
        self._need(16, deadline)
        n_body, _, n_fields = struct.unpack_from("<III", self.buffer, 4)
        start = 16 + n_fields + -n_fields % 8
        self._need(start + n_body, deadline)
        data, self.buffer = self.buffer[:start + n_body], self.buffer[start + n_body:]
        fields = {k: v[1] for k, v in Reader(data, 12).get("a(yv)")}
        return Message(data[1], fields, data[start:])

    def wait(self, serial, timeout=60):
        """The answer to the call of this serial, whatever it is."""
        deadline = time.monotonic() + timeout
        for m in self.pending:
            if m.reply_to == serial:
                self.pending.remove(m)
                return m
        while True:
            m = self.receive(max(deadline - time.monotonic(), 0))
            if m.reply_to == serial:
                return m
            self.pending.append(m)

    def call(self, destination, path, interface, member, signature="", *args, timeout=60):
        """Calls and returns the values of the answer, or raises DBusError."""
        m = self.wait(self.send(destination, path, interface, member, signature, *args), timeout)
        if m.kind == ERROR:
            raise DBusError(m.error, m.values()[0] if m.signature.startswith("s") else "")
        return m.values()

    def subscribe(self, rule):
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", rule)

    # The manager.

    def manager(self, member, signature="", *args, timeout=60):
        return self.call(NAME, PATH, INTERFACE, member, signature, *args, timeout=timeout)

    def send_manager(self, member, signature="", *args, **more):
        return self.send(NAME, PATH, INTERFACE, member, signature, *args, **more)

    def properties(self):
        """All of them: name → (type, value)."""
        return self.call(NAME, PATH, "org.freedesktop.DBus.Properties", "GetAll", "s", INTERFACE)[0]

    def get(self, name):
        return self.properties()[name][1]
