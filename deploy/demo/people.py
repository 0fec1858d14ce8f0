"""Made-up persons for the demonstration: every identifier passes its check digit, none belongs to anyone on purpose."""

from __future__ import annotations

import random
from typing import NamedTuple

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚桂英华玉兰红梅建国志强晓东文博雨桐梦琪子涵浩然"
DIVISIONS = ("110105", "110108", "310104", "320508", "330106", "420106", "440305", "510107", "610113")
STREETS = (
    ("110105", "北京市朝阳区建国路"), ("110108", "北京市海淀区学院路"), ("310104", "上海市徐汇区漕溪北路"),
    ("330106", "浙江省杭州市西湖区文三路"), ("440305", "广东省深圳市南山区高新四路"), ("510107", "四川省成都市武侯区天府大道"),
)
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
VIN_VALUES = {**{c: i + 1 for i, c in enumerate("ABCDEFGH")}, **{c: i + 1 for i, c in enumerate("JKLMN")}, "P": 7, "R": 9,
              **{c: i + 2 for i, c in enumerate("STUVWXYZ")}, **{str(i): i for i in range(10)}}
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


class Person(NamedTuple):
    """One made-up person."""

    name: str
    resident_id: str
    mobile: str
    email: str
    address: str
    bank_card: str
    plate: str
    vin: str


def make_persons(n: int, seed: int) -> list[Person]:
    """`n` persons; the same seed gives the same persons."""
    rng = random.Random(seed)  # noqa: S311 - made-up data, no secret
    return [_person(rng) for _ in range(n)]


def _person(rng: random.Random) -> Person:
    name = rng.choice(SURNAMES) + "".join(rng.choice(GIVEN) for _ in range(rng.choice((1, 2, 2))))
    street = rng.choice(STREETS)[1]
    return Person(
        name=name,
        resident_id=_resident_id(rng),
        mobile=f"{rng.choice((138, 139, 150, 159, 186, 188, 199))}{rng.randrange(10**8):08d}",
        email=f"u{rng.randrange(10**6):06d}@mail{rng.randrange(9)}.cn",
        address=f"{street}{rng.randint(1, 400)}号{rng.randint(1, 30)}栋{rng.randint(101, 2899)}室",
        bank_card=_luhn(f"{rng.choice((622202, 621700, 621226))}{rng.randrange(10**12):012d}"),
        plate=f"京A{rng.choice('ABCDEFGHJKLMN')}{rng.randrange(10**4):04d}",
        vin=_vin(f"LSVAA4{rng.choice('12345')}8", f"{rng.choice('EFGH')}2{rng.randrange(10**6):06d}"),
    )


def _resident_id(rng: random.Random) -> str:
    body = f"{rng.choice(DIVISIONS)}{rng.randint(1955, 2006)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}{rng.randrange(1000):03d}"
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, ID_WEIGHTS, strict=True)) % 11]


def _luhn(body: str) -> str:
    total = 0
    for i, c in enumerate(reversed(body)):
        d = int(c) * (1 if i % 2 else 2)
        total += d - 9 if d > 9 else d
    return body + str(-total % 10)


def _vin(head: str, tail: str) -> str:
    digits = head + "0" + tail
    rest = sum(VIN_VALUES[c] * w for c, w in zip(digits, VIN_WEIGHTS, strict=True)) % 11
    return f"{head}{'X' if rest == 10 else rest}{tail}"
