"""Where in a text something may begin: 32 positions at a time, as generic vector IR, each with a NumPy twin.

A bit of a trigger mask is set where `@` stands, where a Latin capital follows a Han character, where a Han character follows a quote, an
equals sign, a colon or a tag's end, and where one of TRIPLES begins. Reads 34 octets from `at`; the caller sees to it that they are
readable.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Octets that open a standalone literal, or end a label: 号 名 人 者 构 ★ 纬, BEG LTA AKI CHN, lat Lat LAT.
TRIPLES = tuple(word.encode() for word in ("号", "名", "人", "者", "构", "★", "纬", "BEG", "LTA", "AKI", "CHN", "lat", "Lat", "LAT"))
HAN_TRIPLES = tuple(triple for triple in TRIPLES if triple[0] >= 0x80)
ASCII_TRIPLES = tuple(triple for triple in TRIPLES if triple[0] < 0x80)
LANES = 32

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def _begins(triples, text, at):  # type: ignore[no-untyped-def]
        """Bit i, as booleans: one of `triples` begins at at + i."""
        first, second, third = text[at : at + LANES], text[at + 1 : at + 1 + LANES], text[at + 2 : at + 2 + LANES]
        bits = np.zeros(LANES, bool)
        for a, b, c in triples:
            bits |= (first == a) & (second == b) & (third == c)
        return bits

    def ascii_trigger_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: `@` or one of TRIPLES in ASCII stands at at + i."""
        bits = _begins(ASCII_TRIPLES, text, at) | (text[at : at + LANES] == 0x40)
        return int(np.packbits(bits, bitorder="little").view(np.uint32)[0])

    def han_trigger_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: at + i is a trigger for whose sake it, or the octet behind it, is no ASCII."""
        first, second = text[at : at + LANES], text[at + 1 : at + 1 + LANES]
        bits = _begins(HAN_TRIPLES, text, at) | ((first >= 0x80) & (second >= 65) & (second <= 90))
        opens = (first == 0x22) | (first == 0x3D) | (first == 0x3A) | (first == 0x3E)
        bits |= opens & (second >= 0xE4) & (second <= 0xE9)
        return int(np.packbits(bits, bitorder="little").view(np.uint32)[0])

    def code_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is 0–9 or A–Z."""
        octets = text[at : at + LANES]
        bits = (octets >= 48) & (octets <= 57) | (octets >= 65) & (octets <= 90)
        return int(np.packbits(bits, bitorder="little").view(np.uint32)[0])

    def spread_digits(digits, text, at):  # type: ignore[no-untyped-def]
        """text[at + i] - 48 → digits[i] (int64) for twenty octets, digits or not."""
        digits[:20] = text[at : at + 20].astype(np.int64) - 48

    def digit_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is 0–9."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets >= 48) & (octets <= 57), bitorder="little").view(np.uint32)[0])

    def break_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] ends a line or an object: newline, closing brace."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets == 10) | (octets == 125), bitorder="little").view(np.uint32)[0])

    def han_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] may begin a Han character: E4 and above."""
        return int(np.packbits(text[at : at + LANES] >= 0xE4, bitorder="little").view(np.uint32)[0])

    def upper_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is A–Z."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets >= 65) & (octets <= 90), bitorder="little").view(np.uint32)[0])

    def gap_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is a space or a hyphen."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets == 32) | (octets == 45), bitorder="little").view(np.uint32)[0])

    def loud_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is no ASCII, or NUL, or a sign that begins escapes: % & and the backslash."""
        octets = text[at : at + LANES]
        bits = (octets >= 0x80) | (octets == 0) | (octets == 0x25) | (octets == 0x26) | (octets == 0x5C)
        return int(np.packbits(bits, bitorder="little").view(np.uint32)[0])

    def lead_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] begins a UTF-8 character of three octets whose second one may be any: E1-EC, EE, EF."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets >= 0xE1) & (octets <= 0xEF) & (octets != 0xED), bitorder="little").view(np.uint32)[0])

    def tail_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] continues a UTF-8 character."""
        octets = text[at : at + LANES]
        return int(np.packbits((octets >= 0x80) & (octets < 0xC0), bitorder="little").view(np.uint32)[0])

    def high_mask(text, at):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] is no ASCII."""
        return int(np.packbits(text[at : at + LANES] >= 0x80, bitorder="little").view(np.uint32)[0])

    def octet_mask(text, at, octet):  # type: ignore[no-untyped-def]
        """Bit i: text[at + i] == octet."""
        return int(np.packbits(text[at : at + LANES] == octet, bitorder="little").view(np.uint32)[0])

    def count_bits(mask):  # type: ignore[no-untyped-def]
        """Set bits of a uint64."""
        return int(mask).bit_count()

    def load_word(octets, at):  # type: ignore[no-untyped-def]
        """The eight octets from `at` on, the first one lowest."""
        return octets[at : at + 8].view("<u8")[0]

    def copy_lanes(to_array, to, from_array, start):  # type: ignore[no-untyped-def]
        """LANES octets of from_array from `start` on → to_array from `to` on."""
        to_array[to : to + LANES] = from_array[start : start + LANES]

    def lowest_bit(mask):  # type: ignore[no-untyped-def]
        """Index of the lowest set bit of a non-zero mask."""
        mask = int(mask)
        return (mask & -mask).bit_length() - 1

    def highest_bit(mask):  # type: ignore[no-untyped-def]
        """Index of the highest set bit of a non-zero mask."""
        return int(mask).bit_length() - 1

else:

    def _load(context, builder, signature, args):  # type: ignore[no-untyped-def]
        """A function offset → LANES octets from text[at + offset] on, and one value → a vector of it."""
        array_type = signature.args[0]
        data = context.make_array(array_type)(context, builder, args[0])
        place = cgutils.get_item_pointer(context, builder, array_type, data, [args[1]], wraparound=False, boundscheck=False)
        i8 = ir.IntType(8)
        vector = ir.VectorType(i8, LANES)
        base = builder.bitcast(place, i8.as_pointer())

        def lanes(offset):  # type: ignore[no-untyped-def]
            moved = builder.gep(base, [ir.IntType(64)(offset)])
            return builder.load(builder.bitcast(moved, vector.as_pointer()), align=1)

        def all_of(value):  # type: ignore[no-untyped-def]
            return ir.Constant(vector, [value] * LANES)

        return lanes, all_of

    def _as_mask(builder, bits):  # type: ignore[no-untyped-def]
        # Behind an empty instruction: LLVM would make vectors of bits again of masks that are joined (scan of dense rows: a tenth).
        i64 = ir.IntType(64)
        mask = builder.zext(builder.bitcast(bits, ir.IntType(LANES)), i64)
        return builder.asm(ir.FunctionType(i64, [i64]), "", "=r,0", [mask], False)

    @intrinsic
    def digit_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is 0–9."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            return _as_mask(builder, builder.icmp_unsigned("<", builder.sub(lanes(0), all_of(48)), all_of(10)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def break_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] ends a line or an object: newline, closing brace."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            octets = lanes(0)
            bits = (builder.icmp_unsigned("==", octets, all_of(sign)) for sign in (10, 125))
            return _as_mask(builder, builder.or_(*bits))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def han_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] may begin a Han character: E4 and above."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            return _as_mask(builder, builder.icmp_unsigned(">=", lanes(0), all_of(0xE4)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def upper_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is A–Z."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            return _as_mask(builder, builder.icmp_unsigned("<", builder.sub(lanes(0), all_of(65)), all_of(26)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def gap_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is a space or a hyphen."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            octets = lanes(0)
            bits = (builder.icmp_unsigned("==", octets, all_of(sign)) for sign in (32, 45))
            return _as_mask(builder, builder.or_(*bits))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def loud_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is no ASCII, or NUL, or a sign that begins escapes: % & and the backslash."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            octets = lanes(0)
            bits = builder.icmp_unsigned(">=", octets, all_of(0x80))
            for sign in (0, 0x25, 0x26, 0x5C):
                bits = builder.or_(bits, builder.icmp_unsigned("==", octets, all_of(sign)))
            return _as_mask(builder, bits)

        return types.int64(text, types.int64), codegen

    @intrinsic
    def lead_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] begins a UTF-8 character of three octets whose second one may be any: E1-EC, EE, EF."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            octets = lanes(0)
            within = builder.icmp_unsigned("<", builder.sub(octets, all_of(0xE1)), all_of(0xF0 - 0xE1))
            return _as_mask(builder, builder.and_(within, builder.icmp_unsigned("!=", octets, all_of(0xED))))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def tail_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] continues a UTF-8 character."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            return _as_mask(builder, builder.icmp_signed("<", lanes(0), all_of(0xC0)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def high_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is no ASCII."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            return _as_mask(builder, builder.icmp_signed("<", lanes(0), all_of(0)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def octet_mask(typingctx, text, at, octet):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] == octet."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            one = builder.insert_element(all_of(0), args[2], ir.IntType(32)(0))
            same = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))
            return _as_mask(builder, builder.icmp_unsigned("==", lanes(0), same))

        return types.int64(text, types.int64, types.uint8), codegen

    @intrinsic
    def count_bits(typingctx, mask):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Set bits of a uint64."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]  # noqa: ARG001
            return builder.ctpop(args[0])

        return types.int64(types.uint64), codegen

    @intrinsic
    def load_word(typingctx, octets, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """The eight octets from `at` on, the first one lowest."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            array_type = signature.args[0]
            data = context.make_array(array_type)(context, builder, args[0])
            place = cgutils.get_item_pointer(context, builder, array_type, data, [args[1]], wraparound=False, boundscheck=False)
            return builder.load(builder.bitcast(place, ir.IntType(64).as_pointer()), align=1)

        return types.uint64(octets, types.int64), codegen

    @intrinsic
    def copy_lanes(typingctx, to_array, to, from_array, start):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """LANES octets of from_array (uint8) from `start` on → to_array from `to` on."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            array_type, vector = signature.args[0], ir.VectorType(ir.IntType(8), LANES)
            lanes, _ = _load(context, builder, signature.replace(args=signature.args[2:]), args[2:])
            data = context.make_array(array_type)(context, builder, args[0])
            place = cgutils.get_item_pointer(context, builder, array_type, data, [args[1]], wraparound=False, boundscheck=False)
            builder.store(lanes(0), builder.bitcast(place, vector.as_pointer()), align=1)
            return context.get_dummy_value()

        return types.void(to_array, types.int64, from_array, types.int64), codegen

    def _beginnings(builder, lanes, all_of, triples):  # type: ignore[no-untyped-def]
        """Where one of `triples` begins, as a vector of bits."""
        places, bits = (lanes(0), lanes(1), lanes(2)), None
        for triple in triples:
            a, b, c = (builder.icmp_unsigned("==", lane, all_of(octet)) for lane, octet in zip(places, triple, strict=True))
            same = builder.and_(a, builder.and_(b, c))
            bits = same if bits is None else builder.or_(bits, same)
        return bits

    @intrinsic
    def ascii_trigger_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: `@` or one of TRIPLES in ASCII stands at at + i."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            bits = builder.icmp_unsigned("==", lanes(0), all_of(0x40))
            return _as_mask(builder, builder.or_(bits, _beginnings(builder, lanes, all_of, ASCII_TRIPLES)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def han_trigger_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: at + i is a trigger for whose sake it, or the octet behind it, is no ASCII."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            first, second = lanes(0), lanes(1)

            def within(lane, low, high):  # type: ignore[no-untyped-def]
                return builder.icmp_unsigned("<=", builder.sub(lane, all_of(low)), all_of(high - low))

            bits = builder.and_(within(first, 0x80, 0xFF), within(second, 65, 90))
            opens = builder.icmp_unsigned("==", first, all_of(0x22))
            for sign in (0x3D, 0x3A, 0x3E):
                opens = builder.or_(opens, builder.icmp_unsigned("==", first, all_of(sign)))
            bits = builder.or_(bits, builder.and_(opens, within(second, 0xE4, 0xE9)))
            return _as_mask(builder, builder.or_(bits, _beginnings(builder, lanes, all_of, HAN_TRIPLES)))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def code_mask(typingctx, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: text[at + i] is 0–9 or A–Z."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            lanes, all_of = _load(context, builder, signature, args)
            octets = lanes(0)
            digit = builder.icmp_unsigned("<", builder.sub(octets, all_of(48)), all_of(10))
            return _as_mask(builder, builder.or_(digit, builder.icmp_unsigned("<", builder.sub(octets, all_of(65)), all_of(26))))

        return types.int64(text, types.int64), codegen

    @intrinsic
    def spread_digits(typingctx, digits, text, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """text[at + i] - 48 → digits[i] (int64) for twenty octets, digits or not."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            i64, four, narrow = ir.IntType(64), ir.VectorType(ir.IntType(64), 4), ir.VectorType(ir.IntType(8), 4)
            to = context.make_array(signature.args[0])(context, builder, args[0]).data
            data = context.make_array(signature.args[1])(context, builder, args[1])
            place = cgutils.get_item_pointer(context, builder, signature.args[1], data, [args[2]], wraparound=False, boundscheck=False)
            for i in range(0, 20, 4):
                octets = builder.load(builder.bitcast(builder.gep(place, [i64(i)]), narrow.as_pointer()), align=1)
                values = builder.sub(builder.zext(octets, four), ir.Constant(four, [48] * 4))
                builder.store(values, builder.bitcast(builder.gep(to, [i64(i)]), four.as_pointer()), align=8)
            return context.get_dummy_value()

        return types.void(digits, text, types.int64), codegen

    @intrinsic
    def lowest_bit(typingctx, mask):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Index of the lowest set bit of a non-zero mask."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]  # noqa: ARG001
            return builder.cttz(args[0], ir.IntType(1)(1))

        return types.int64(types.int64), codegen

    @intrinsic
    def highest_bit(typingctx, mask):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Index of the highest set bit of a non-zero mask."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]  # noqa: ARG001
            return builder.sub(ir.IntType(64)(63), builder.ctlz(args[0], ir.IntType(1)(1)))

        return types.int64(types.int64), codegen
