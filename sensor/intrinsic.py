"""What LLVM can do and numba has no word for; each with a NumPy twin for kernels that are not compiled.

All are hints or pure functions of memory that the caller knows to be readable.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from detectors.trigger import lowest_bit

if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def prefetch(array, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """A hint; nothing without a compiler."""

    def equal_mask(tags, start, tag):  # type: ignore[no-untyped-def]
        """Bit i: tags[start + i] == tag, for 32 tags."""
        equal = tags[start : start + 32] == tag
        return int(np.packbits(equal, bitorder="little").view(np.uint32)[0])

    def copy_octets(to_array, to, from_array, start, n):  # type: ignore[no-untyped-def]
        """from_array[start:start + n] → to_array[to:to + n]; the ranges must not overlap."""
        to_array[to : to + n] = from_array[start : start + n]

else:

    @intrinsic
    def prefetch(typingctx, array, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bring the cache line of array[at] near."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            array_type, _ = signature.args
            data = context.make_array(array_type)(context, builder, args[0])
            place = cgutils.get_item_pointer(context, builder, array_type, data, [args[1]], wraparound=False, boundscheck=False)
            pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
            i32 = ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32])
            hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
            builder.call(hint, [pointer, i32(0), i32(3), i32(1)])
            return context.get_dummy_value()

        return types.void(array, types.int64), codegen

    @intrinsic
    def equal_mask(typingctx, tags, start, tag):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """Bit i: tags[start + i] == tag, for 32 tags."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            array_type = signature.args[0]
            data = context.make_array(array_type)(context, builder, args[0])
            place = cgutils.get_item_pointer(context, builder, array_type, data, [args[1]], wraparound=False, boundscheck=False)
            vector = ir.VectorType(ir.IntType(16), 32)
            load = builder.load(builder.bitcast(place, vector.as_pointer()), align=2)
            one = builder.insert_element(ir.Constant(vector, ir.Undefined), args[2], ir.IntType(32)(0))
            lanes = ir.Constant(ir.VectorType(ir.IntType(32), 32), [0] * 32)
            same = builder.icmp_unsigned("==", load, builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), lanes))
            return builder.zext(builder.bitcast(same, ir.IntType(32)), ir.IntType(64))

        return types.int64(tags, types.int64, types.uint16), codegen

    @intrinsic
    def copy_octets(typingctx, to_array, to, from_array, start, n):  # type: ignore[no-untyped-def]  # noqa: ARG001
        """from_array[start:start + n] → to_array[to:to + n] (uint8); the ranges must not overlap."""

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            places = []
            for array, at in ((0, 1), (2, 3)):
                array_type = signature.args[array]
                data = context.make_array(array_type)(context, builder, args[array])
                places.append(cgutils.get_item_pointer(context, builder, array_type, data, [args[at]], wraparound=False, boundscheck=False))
            cgutils.raw_memcpy(builder, places[0], places[1], args[4], 1)
            return context.get_dummy_value()

        return types.void(to_array, types.int64, from_array, types.int64, types.int64), codegen

__all__ = ["copy_octets", "equal_mask", "lowest_bit", "prefetch"]
