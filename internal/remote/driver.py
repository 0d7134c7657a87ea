"""Runs the workers of a fanout as actors of a Ray cluster.

fanout starts this program with the user's Python and talks to it by frames on standard input
and output: the number of a worker, a kind, the length of the body, the body. Each worker is one
actor, which starts a shell script and passes on its input and output; fanout decides all else.
When standard input ends, this program ends, and Ray ends its actors.

To the driver:  C settings, once, as the first frame (JSON)    L start a worker: its script
                W input of the worker   E end of its input     M one more piece of output is wanted
                K end the worker
From it:        R it is connected    F it cannot connect: why    S the worker's shell runs
                A the worker has read a piece of input    D output of the worker
                X its standard error
                Z it has ended: four bytes of status, and why if it had to
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import sys
import threading
from typing import Any, Callable

HEAD = struct.Struct(">IcI")
STATUS = struct.Struct(">i")
CHUNK = 256 << 10
LOST = 255  # the status of a worker whose actor is gone


class Frames:
    """The connection to fanout, on descriptors that nothing else writes to."""

    def __init__(self) -> None:
        self.source, self.sink = os.dup(0), os.dup(1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)

    def exactly(self, size: int) -> bytes | None:
        parts = []
        while size > 0:
            part = os.read(self.source, min(size, 1 << 20))
            if not part:
                return None
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def receive(self) -> tuple[int, bytes, bytes] | None:
        head = self.exactly(HEAD.size)
        if head is None:
            return None
        worker, kind, size = HEAD.unpack(head)
        body = self.exactly(size)
        return None if body is None else (worker, kind, body)

    def send(self, worker: int, kind: bytes, body: bytes = b"") -> None:
        data = memoryview(HEAD.pack(worker, kind, len(body)) + body)
        while data:
            data = data[os.write(self.sink, data) :]


class Shell:
    """What runs in the actor: a shell that becomes a fanout worker."""

    def __init__(self, script: str, kept: tuple[str, ...]) -> None:
        import subprocess

        env = {name: os.environ[name] for name in kept if name in os.environ}
        self.child = subprocess.Popen(
            ["/bin/sh", "-c", script],
            bufsize=0,
            cwd="/",
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def started(self) -> None:
        """Returns when the actor runs."""

    def feed(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.child.stdin.fileno(), view) :]  # type: ignore[union-attr]
        except (OSError, ValueError):
            pass  # the shell reads no more

    def shut(self) -> None:
        self.child.stdin.close()  # type: ignore[union-attr]

    def output(self, size: int) -> bytes:
        return os.read(self.child.stdout.fileno(), size)  # type: ignore[union-attr]

    def errors(self, size: int) -> bytes:
        return os.read(self.child.stderr.fileno(), size)  # type: ignore[union-attr]

    def status(self) -> int:
        code = self.child.wait()
        return 128 - code if code < 0 else code


# One thread for each direction keeps the order within it.
GROUPS = {"feed": ["feed", "shut"], "output": ["output", "status"], "errors": ["errors"]}


class Worker:
    """The driver's side of one worker."""

    def __init__(self, driver: Driver, number: int) -> None:
        self.driver, self.number = driver, number
        self.wanted = asyncio.Semaphore(2)  # pieces of output on their way to fanout
        self.orders: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.actor: Any = None
        self.killed = False

    async def run(self, script: str) -> None:
        status, why = LOST, ""
        try:
            self.actor = self.driver.start(self.number, script)
            await self.actor.started.remote()
            self.driver.send(self.number, b"S")
            feeding = asyncio.ensure_future(self.feed())
            saying = asyncio.ensure_future(self.errors())
            try:
                await self.output()
                status = await self.actor.status.remote()
                await saying
            finally:
                feeding.cancel()
                saying.cancel()
        except Exception as error:  # whatever Ray reports, the worker is gone
            why = "it was ended" if self.killed else brief(error)
        self.end()
        self.driver.send(self.number, b"Z", STATUS.pack(status) + why.encode())

    async def output(self) -> None:
        while True:
            await self.wanted.acquire()
            piece = await self.actor.output.remote(CHUNK)
            if not piece:
                return
            self.driver.send(self.number, b"D", piece)

    async def errors(self) -> None:
        while piece := await self.actor.errors.remote(CHUNK):
            self.driver.send(self.number, b"X", piece)

    async def feed(self) -> None:
        while (piece := await self.orders.get()) is not None:
            await self.actor.feed.remote(piece)
            self.driver.send(self.number, b"A")
        await self.actor.shut.remote()

    def end(self) -> None:
        if self.actor is not None:
            try:
                self.driver.ray.kill(self.actor, no_restart=True)
            except Exception:  # it is gone already
                pass

    def obey(self, kind: bytes, body: bytes) -> None:
        if kind == b"W":
            self.orders.put_nowait(body)
        elif kind == b"E":
            self.orders.put_nowait(None)
        elif kind == b"M":
            self.wanted.release()
        elif kind == b"K":
            self.killed = True
            self.end()


def brief(error: BaseException) -> str:
    """Returns the lines of an error that are not blank, as one."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(line for line in lines if line)[:500] or type(error).__name__


class Driver:
    def __init__(self, frames: Frames, settings: dict[str, Any], ray: Any) -> None:
        self.frames, self.settings, self.ray = frames, settings, ray
        self.workers: dict[int, Worker] = {}
        self.tasks: set[asyncio.Future[None]] = set()
        self.send: Callable[..., None] = frames.send
        self.options: dict[str, Any] = {
            "num_cpus": settings["cpus"],
            "num_gpus": settings["gpus"] or None,
            "memory": settings["memory"] or None,
            "resources": settings["resources"] or None,
            "max_restarts": 0,
            "max_task_retries": 0,
            "scheduling_strategy": "SPREAD",
        }
        for group, methods in GROUPS.items():
            for name in methods:
                setattr(Shell, name, ray.method(concurrency_group=group)(getattr(Shell, name)))
        groups = dict.fromkeys(GROUPS, 1)
        self.shell = ray.remote(concurrency_groups=groups)(Shell)

    def start(self, number: int, script: str) -> Any:
        name = f"fanout-{self.settings['run']}-{number}"
        return self.shell.options(name=name, **self.options).remote(script, tuple(self.settings["environment"]))

    def obey(self, number: int, kind: bytes, body: bytes) -> None:
        if kind == b"L":
            worker = self.workers[number] = Worker(self, number)
            task = asyncio.ensure_future(worker.run(body.decode()))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif number in self.workers:
            self.workers[number].obey(kind, body)

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def listen() -> None:
            while (frame := self.frames.receive()) is not None:
                loop.call_soon_threadsafe(self.obey, *frame)
            loop.call_soon_threadsafe(over.set)

        threading.Thread(target=listen, daemon=True).start()
        await over.wait()


def reachable(address: str) -> None:
    """Fails if nobody listens at an address: Ray itself would take a minute to say so."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def connect(settings: dict[str, Any]) -> Any:
    """Connects to a running cluster; it never starts one."""
    try:
        import ray
    except ImportError as error:
        sys.exit(f"{sys.executable} has no module ray ({error}): install ray for it, or name another Python with --ray-python")
    address = settings["address"]
    try:
        reachable(address)
    except OSError as error:
        sys.exit(f"no Ray at {address}: {brief(error)}")
    try:
        ray.init(address=address, namespace="fanout", log_to_driver=False, logging_level="ERROR")
    except Exception as error:
        hint = ""
        if isinstance(error, ConnectionError):  # all that Ray reports of a wrong token
            hint = " (RAY_AUTH_MODE and RAY_AUTH_TOKEN must be the cluster's)"
        sys.exit(f"no Ray at {address} that {sys.executable} can use: {brief(error)}{hint}")
    return ray


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # only the end of its input ends this program
    frames = Frames()
    first = frames.receive()
    if first is None:
        return
    settings = json.loads(first[2])
    try:
        ray = connect(settings)
    except SystemExit as error:
        frames.send(0, b"F", str(error).encode())
        return
    frames.send(0, b"R")
    asyncio.run(Driver(frames, settings, ray).serve())
    os._exit(0)  # the cluster sees it at once; ray.shutdown takes half a second


if __name__ == "__main__":
    main()
