"""Rounds of faults, and after each the store against one that nothing happened to.

    python -m tests.faults --rounds 200 --seed 1 [--minutes 20] [--brokers 3] [--shards 2]

Each round a few sensors write while one to four faults happen at random moments. When everything runs again and nothing is under way, every
sum of the store (tests/store_sums.py) must be that of an embedded store that took the same outboxes in. One store goes through all rounds,
so what a round left behind is seen by the next.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from kafka.errors import KafkaError
from rich.console import Console

from pipeline.bus.message import to_headers, to_key
from pipeline.ingest.body import Identity
from pipeline.ingest.ingest import Ingest
from pipeline.schema.outbox import open_outbox, unsigned
from pipeline.store.opened import open_configured
from pipeline.store.store import Store, open_store
from tests.faults import sensor
from tests.faults.house import BROKERS, HOSTS, House, Part, wait_until
from tests.small_disk import describe, fill_disk
from tests.store_sums import sums

LIMIT_S = 120.0  # for everything to come in when the faults are over
JUMPS_S = (-90_000, -30, 0, 45, 90_000)  # more than a day, and less than anybody looks at; it stays so until the next jump
ALL = "SELECT record, sensor, worker, epoch, sequence, rows, made_ns, body FROM batch ORDER BY id"
Act = Callable[[], Callable[[], None] | None]  # gives what ends the fault, where it lasts


class Round:
    """One round of faults in a running house."""

    def __init__(self, house: House, rng: random.Random, expected: Store, number: int) -> None:
        self.house, self.rng, self.expected = house, rng, expected
        self.sensors: list[Part] = []
        pause_s = rng.choice((0.0, 0.05, 0.2))
        for i in range(rng.randint(1, 3)):
            seed, host = f"{rng.getrandbits(64)}-{number}-{i}", rng.randrange(HOSTS)
            words = ["-m", "tests.faults.sensor", str(house.host(host)), seed, str(pause_s)]
            self.sensors.append(house.make(f"sensor-{number}-{i}", words, host, ends=True))
        self.seeds = [part._words[4] for part in self.sensors]
        self.messages = self._expect()

    def _expect(self) -> list[tuple[str, bytes | None, list[tuple[str, bytes]], bytes]]:
        """Write the same batches where nothing happens, take them in, and keep them as messages."""
        found: list[tuple[str, bytes | None, list[tuple[str, bytes]], bytes]] = []
        with tempfile.TemporaryDirectory() as place:
            for seed in self.seeds:
                sensor.write(Path(place), seed, 0)
            for path in sorted((Path(place) / "outbox").glob("*.sqlite")):
                with closing(open_outbox(path)) as outbox:
                    for record, name, worker, epoch, sequence, rows, made_ns, body in outbox.execute(ALL):
                        identity = Identity(record, name, worker, unsigned(epoch))
                        found.append((record, to_key(identity), to_headers(identity, sequence, rows, made_ns), body))
            Ingest(Path(place), self.expected).run_all()
        return found

    def run(self) -> list[str]:
        """Faults until the sensors are done; their names."""
        faults = self._faults()
        chosen = [self.rng.choice(sorted(faults)) for _ in range(self.rng.randint(1, 4))]
        begun, span = time.monotonic(), self.rng.choice((0.8, 1.5, 3.0))
        plan = sorted((begun + self.rng.random() * span, name) for name in chosen)
        ending: list[tuple[float, Callable[[], None]]] = []
        while True:
            done = sum(part.keep() for part in self.sensors) == len(self.sensors)  # each is looked at
            self.house.keep()
            now = time.monotonic()
            while plan and plan[0][0] <= now:
                name = plan.pop(0)[1]
                end = faults[name]()
                if end is not None:
                    ending.append((now + self.rng.choice((0.3, 1.0, 2.5)), end))
            for moment, end in list(ending):
                if moment <= now:
                    end()
                    ending.remove((moment, end))
            if done and not plan and not ending:
                return chosen
            if now - begun > LIMIT_S:
                logs = "\n".join(part.log for part in self.sensors)
                raise TimeoutError(f"sensors do not come to an end\n{logs}\n" + "\n".join(map(describe, self.house.mounts)))
            time.sleep(0.03)

    def _faults(self) -> dict[str, Act]:
        house, rng = self.house, self.rng
        faults: dict[str, Act] = {
            "kill sensor": lambda: rng.choice(self.sensors).send(signal.SIGKILL),
            "kill forwarder": lambda: rng.choice(house.forwarders).send(signal.SIGKILL),
            "kill ingest": lambda: rng.choice(house.ingests).send(signal.SIGKILL),
            "stop ingest": lambda: rng.choice(house.ingests).send(signal.SIGTERM),
            "kill broker": lambda: house.kill_service(rng.choice(house.lab.kafka)),
            "kill store": lambda: house.kill_service(rng.choice(house.lab.clickhouse)),
            "slow broker": lambda: self._freeze(rng.choice(house.lab.kafka)),
            "slow store": lambda: self._freeze(rng.choice(house.lab.clickhouse)),
            "frozen ingest": lambda: self._hold(rng.choice(house.ingests)),
            "repeated, reordered": self._repeat,
            "damaged": self._damage,
        }
        for name in house.clocks:
            faults[f"clock jumps: {name}"] = lambda name=name: self._jump(name)  # type: ignore[misc]
        if len(house.lab.kafka) > 1:
            faults["partitions moved"] = self._move
        for place in house.mounts:
            faults[f"disk full: {place.name}"] = lambda place=place: self._fill(place)  # type: ignore[misc]
        return faults

    def _jump(self, name: str) -> None:
        """Set a host's clock, and start brokers that vote again where theirs went back, as README tells an operator to: decision 0011."""
        clock, wrong_s = self.house.clocks[name], self.rng.choice(JUMPS_S)
        is_back = wrong_s < clock.wrong_s
        clock.set(wrong_s)
        if name == BROKERS and is_back and len(self.house.lab.kafka) > 1:
            for broker in self.house.lab.kafka:
                self.house.kill_service(broker)

    def _move(self) -> None:
        """Every partition to other brokers, in an order of its own."""
        with suppress(KafkaError):
            self.house.move_partitions(self.rng)

    def _freeze(self, service: object) -> Callable[[], None]:
        self.house.freeze(service, signal.SIGSTOP)  # type: ignore[arg-type]
        return lambda: self.house.freeze(service, signal.SIGCONT)  # type: ignore[arg-type]

    def _hold(self, part: Part) -> Callable[[], None]:
        part.send(signal.SIGSTOP)
        return lambda: part.send(signal.SIGCONT)

    def _fill(self, place: Path) -> Callable[[], None]:
        filler, house = fill_disk(place), self.house

        def end() -> None:
            filler.unlink(missing_ok=True)
            if place == house.store_disk:  # as README tells an operator to: decision 0014
                house.kill_service(house.lab.clickhouse[0])

        return end

    def _repeat(self) -> None:
        """Batches of this round come beside the forwarders, in any order, before or after them."""
        some = self.rng.sample(self.messages, self.rng.randint(1, len(self.messages)))
        with suppress(KafkaError):
            self.house.send(some)

    def _damage(self) -> None:
        record, key, headers, body = self.rng.choice(self.messages)
        at = self.rng.randrange(len(body))
        bad = (body[:at], bytes(100), b"", body[:at] + bytes(min(64, len(body) - at)) + body[at + 64 :])
        wrong = [(record, key, headers, self.rng.choice(bad[:3])), (record, key, headers[:2], body)]
        with suppress(KafkaError):
            self.house.send(wrong)


def settle(house: House) -> None:
    """Until nothing is under way; TimeoutError says what is."""

    def is_done() -> bool:
        house.keep()
        if house.waiting() or not house.store_answers():
            return False
        try:
            return house.behind() == 0
        except (KafkaError, KeyError, TypeError):
            return False

    try:
        wait_until(is_done, LIMIT_S, "")
    except TimeoutError:
        logs = "\n".join(f"--- {part.name}, started {part.starts} times\n{part.log}" for part in (*house.forwarders, *house.ingests))
        raise TimeoutError(f"{house.waiting()} batches in outboxes, the bus is not empty after {LIMIT_S:.0f} s\n{logs}") from None


def run(rounds: int, seed: int, minutes: float, brokers: int, shards: int, folder: Path, screen: Console) -> int:
    """The exit code; 1 names the round that went wrong, and leaves everything in `folder` to be looked at."""
    begun, counted, code, number = time.monotonic(), Counter[str](), 1, 0
    house = House(folder, brokers, shards)
    screen.print(f"seed {seed}, {brokers} brokers, {shards} shards; small disks: {len(house.mounts)}; {folder}", highlight=False)
    try:
        with closing(open_store(folder / "expected")) as expected:
            for number in range(rounds):
                if (time.monotonic() - begun) / 60 > minutes:
                    rounds = number
                    break
                one = Round(house, random.Random(f"{seed} {number}"), expected, number)
                started = time.monotonic()
                faults = one.run()
                counted.update(faults)
                settle(house)
                with closing(open_configured(folder, house.store)) as store:
                    found, wanted = sums(store), sums(expected)
                wrong = {table: (found[table], wanted[table]) for table in wanted if found[table] != wanted[table]}
                took = time.monotonic() - started
                screen.print(f"{number:4d}  {took:5.1f} s  {', '.join(faults)}", highlight=False)
                if wrong:
                    screen.print(f"round {number} of seed {seed}: {wrong}", style="bold red", highlight=False)
                    return 1
        spent = time.monotonic() - begun
        screen.print(f"{rounds} rounds in {spent:.0f} s, seed {seed}: nothing lost, nothing twice", style="bold green", highlight=False)
        screen.print(", ".join(f"{name} {times}" for name, times in sorted(counted.items())), highlight=False)
        code = 0
    except (TimeoutError, RuntimeError) as error:  # the latter is the store's
        screen.print(f"round {number} of seed {seed}: {error}", style="bold red", markup=False, highlight=False)
    finally:
        house.close(keep=code != 0)
    return code


def main() -> int:
    """Read the command line."""
    words = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.split("\n")[0] if __doc__ else "")
    words.add_argument("--rounds", type=int, default=20)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--minutes", type=float, default=1e9, help="begin no round after this long")
    words.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    words.add_argument("--shards", type=int, choices=(1, 2), default=1)
    words.add_argument("--folder", type=Path, default=Path("build") / "faults" / str(os.getpid()))
    asked = words.parse_args()
    folder, screen = asked.folder.resolve(), Console(width=200)
    code = run(asked.rounds, asked.seed, asked.minutes, asked.brokers, asked.shards, folder, screen)
    if code:
        screen.print(f"left to be looked at: {folder}", highlight=False)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
