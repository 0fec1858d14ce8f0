"""What `guankou bus` does, as the terminal shows it. Exit codes: 0 all well, 1 not so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.bus.dead import DeadLetters, Letter
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import Difference, check_topics, create_topics, wanted_topics


def create(bus: BusSettings, screen: Console) -> int:
    """Make what is missing, then check. BusError when the broker does not answer."""
    made = set(create_topics(bus))
    table = Table("topic", "", "partitions", "retention", title=f"bus at {bus.bootstrap}")
    for topic in wanted_topics(bus, 1):
        hours = int(topic.configuration["retention.ms"]) // 3_600_000
        table.add_row(topic.name, "made now" if topic.name in made else "was there", str(topic.partitions), f"{hours} h")
    screen.print(table)
    return _print_differences(check_topics(bus), screen)


def check(bus: BusSettings, screen: Console) -> int:
    """Say what is not as it should be. BusError when the broker does not answer."""
    differences = check_topics(bus)
    if not differences:
        screen.print(f"bus at {bus.bootstrap}: all topics are as they should be", highlight=False, soft_wrap=True)
    return _print_differences(differences, screen)


def list_letters(bus: BusSettings, form: str, screen: Console, output: Console) -> int:
    """All dead letters; ValueError names what was asked wrongly."""
    letters = DeadLetters(bus).letters()
    if form == "json":
        output.print_json(json.dumps([_told(letter) for letter in letters]))
        return 0
    if form != "table":
        raise ValueError(f"--format: {form!r} is neither table nor json")
    table = Table("number", "put (UTC)", "message", "reason", "octets", "times", "fed again (UTC)")
    for one in letters:
        place = f"{one.origin.topic} {one.origin.partition} at {one.origin.offset}"
        table.add_row(str(one.number), one.at, place, f"{one.reason}: {one.detail}"[:120], f"{one.octets:,}", str(one.times), one.fed)
    output.print(table) if letters else screen.print("no dead letters", highlight=False)
    return 0


def show_letter(bus: BusSettings, number: int, file: Path | None, output: Console) -> int:
    """One letter with its headers; its value into `file` where one is named."""
    dead = DeadLetters(bus)
    (letter,) = _choose(dead.letters(), [number])
    if file is not None:
        file.write_bytes(dead.value(letter) or b"")
    output.print_json(json.dumps(_told(letter)))
    return 0


def feed_letters(bus: BusSettings, numbers: Sequence[int], every: bool, screen: Console) -> int:
    """Send letters to their topics again: those named, or every one that was not yet."""
    if every == bool(numbers):
        raise ValueError("name letters, or say --all")
    dead = DeadLetters(bus)
    letters = dead.letters()
    chosen = [one for one in letters if not one.fed] if every else _choose(letters, numbers)
    try:
        for letter in chosen:
            dead.feed(letter)
            screen.print(f"{letter.number}: to {letter.origin.topic} again", highlight=False)
    finally:
        dead.close()
    screen.print(f"{len(chosen)} fed again", highlight=False)
    return 0


def _choose(letters: Sequence[Letter], numbers: Sequence[int]) -> list[Letter]:
    by_number = {letter.number: letter for letter in letters}
    for number in numbers:
        if number not in by_number:
            raise ValueError(f"no dead letter has the number {number}")
    return [by_number[number] for number in numbers]


def _told(letter: Letter) -> dict[str, Any]:
    """As JSON has it: octets as text, with escapes where they are none."""
    key = None if letter.key is None else letter.key.decode("utf-8", "backslashreplace")
    headers = {name: value.decode("utf-8", "backslashreplace") for name, value in letter.headers}
    told = {**letter._asdict(), **letter.origin._asdict(), "key": key, "headers": headers}
    del told["origin"]
    return told


def _print_differences(differences: Sequence[Difference], screen: Console) -> int:
    if not differences:
        return 0
    table = Table("topic", "what", "is", "should be", title="not as it should be")
    for one in differences:
        table.add_row(*one)
    screen.print(table)
    if any("." in one.what for one in differences):
        how = "kafka-configs --alter --entity-type topics --entity-name TOPIC --add-config WHAT=VALUE"
        screen.print(f"set by {how}", style="yellow", highlight=False, soft_wrap=True)
    if any(one.what == "partitions" for one in differences):
        screen.print("more partitions move keys: drain ingest before you add any (kafka-topics --alter)", style="yellow", highlight=False)
    return 1

