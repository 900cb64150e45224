"""A real Spark on loopback: a master, two workers of one core and a thrift server.

From pyspark's own scripts, on free ports, with everything it writes in one folder. Its own zone is
Oslo, as a strange cluster's may be. Not here: what is built on it (`conftest.py`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

WORKERS = 2
ZONE = "Europe/Oslo"
_DRIVER_MEMORY, _WORKER_MEMORY, _DAEMON_MEMORY = "2500m", "1g", "256m"
_SECONDS_TO_START = 150
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_THRIFT = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


@dataclass
class Cluster:
    """A running Spark: the port of its thrift server, and its processes by name."""

    folder: Path
    port: int = 0
    master_port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Variables that lead a build to it."""
        return {
            "PLL_ENGINE": "spark",
            "PLL_ENGINE_FOLDER": str(self.folder / "shared"),
            "PLL_SPARK_HOST": "127.0.0.1",
            "PLL_SPARK_PORT": str(self.port),
            "PLL_SPARK_USER": "pll",
        }

    def tasks_by_worker(self) -> dict[str, int]:
        """How many tasks each worker has finished, from Spark's own log of events."""
        finished: Counter[str] = Counter()
        for path in sorted((self.folder / "events").iterdir()):
            for line in path.read_text(encoding="utf-8").splitlines():
                event = json.loads(line)
                if event["Event"] == "SparkListenerTaskEnd":
                    finished[event["Task Info"]["Executor ID"]] += 1
        return dict(finished)

    def log(self, name: str) -> str:
        """The end of the log of a process."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")[-3000:]

    def start(self, name: str, *command: str, memory: str = _DAEMON_MEMORY) -> None:
        """Start a process of the cluster in a group of its own."""
        with (self.folder / f"{name}.log").open("w", encoding="utf-8") as log:
            self.processes[name] = subprocess.Popen(
                command,
                env=self._environment_of_processes() | {"SPARK_DAEMON_MEMORY": memory},
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        """End a process and all that it started."""
        process = self.processes.pop(name)
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            return
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def start_worker(self, name: str) -> None:
        """Start a worker of one core."""
        self.start(
            name,
            *_spark("spark-class", _WORKER, "--host", "127.0.0.1"),
            *("--webui-port", str(free_port()), "--cores", "1", "--memory", _WORKER_MEMORY),
            f"spark://127.0.0.1:{self.master_port}",
        )

    def kill_worker(self, name: str) -> None:
        """Kill a worker and its executor at once, as when a machine loses its power."""
        children = psutil.Process(self.processes[name].pid).children(recursive=True)
        self.end(name, signal.SIGKILL)
        for child in children:
            if child.is_running():
                child.kill()

    def start_thrift(self, **settings: str) -> None:
        """Start a thrift server on the cluster; wait until it answers."""
        self.port = free_port()
        options = {**self._settings(), **settings}
        conf = [word for name, value in options.items() for word in ("--conf", f"{name}={value}")]
        self.start(
            "thrift",
            *_spark("spark-submit", "--class", _THRIFT, *conf, "spark-internal"),
            memory=_DRIVER_MEMORY,
        )
        self.wait_for("thrift", self.port)

    def wait_for(self, name: str, port: int) -> None:
        """Wait until a process listens on its port."""
        end = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < end and self.processes[name].poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.3)
        raise AssertionError(f"{name} does not listen on {port}: {self.log(name)}")

    def _settings(self) -> dict[str, str]:
        metastore = f"jdbc:derby:;databaseName={self.folder / 'metastore'};create=true"
        return {
            "spark.master": f"spark://127.0.0.1:{self.master_port}",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": _DRIVER_MEMORY,
            "spark.executor.memory": "700m",
            "spark.executor.cores": "1",
            "spark.cores.max": str(WORKERS),
            "spark.ui.enabled": "false",
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": metastore,
            "spark.hadoop.hive.server2.thrift.bind.host": "127.0.0.1",
            "spark.hadoop.hive.server2.thrift.port": str(self.port),
            "spark.hadoop.hive.server2.logging.operation.log.location": str(
                self.folder / "operations"
            ),
            "spark.sql.session.timeZone": ZONE,
            "spark.sql.shuffle.partitions": "2",
            # small tables: compiling a plan takes longer than running it
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": f"file:{self.folder / 'events'}",
            "spark.eventLog.compress": "false",
            "spark.eventLog.rolling.enabled": "false",
            "spark.log.level": "WARN",
        }

    def _environment_of_processes(self) -> dict[str, str]:
        return os.environ | {
            "SPARK_HOME": str(_home()),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.folder / "spill"),
            "SPARK_WORKER_DIR": str(self.folder / "work"),
            "SPARK_SCALA_VERSION": "2.13",
            "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",
            # the compiler of the JVM that starts fast
            "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster for as long as the block runs. Every process is ended, whatever happens."""
    assert shutil.which("java"), "make test-engine needs Java 17: Debian's openjdk-17-jre-headless"
    for name in ("shared", "events"):
        (folder / name).mkdir(parents=True)
    cluster = Cluster(folder, master_port=free_port())
    try:
        cluster.start(
            "master",
            *_spark("spark-class", _MASTER, "--host", "127.0.0.1"),
            *("--port", str(cluster.master_port), "--webui-port", str(free_port())),
        )
        cluster.wait_for("master", cluster.master_port)
        for number in range(1, WORKERS + 1):
            cluster.start_worker(f"worker{number}")
        cluster.start_thrift()
        yield cluster
    finally:
        for name in reversed(list(cluster.processes)):
            cluster.end(name)


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def _home() -> Path:
    spec = importlib.util.find_spec("pyspark")
    assert spec, "make test-engine installs pyspark: `uv sync --extra spark --group engine`"
    assert spec.origin
    return Path(spec.origin).parent


def _spark(script: str, *arguments: str) -> tuple[str, ...]:
    return (str(_home() / "bin" / script), *arguments)
