"""What numba has no name for: two instructions of the processor, and whole numbers of one kind.

The instructions are asked of LLVM, which has them for every machine; without machine code the first
is done in Python and the second, which changes no result, is left out.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from propagation.compiling import inlined, settings

helpers: Any = cgutils


@intrinsic
def _lowest_bit(context: Any, word: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), generate


@intrinsic
def _prefetch(context: Any, array: Any, index: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, arguments[0]).data
        address = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        function = helpers.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [address, number(0), number(3), number(1)])  # read, keep, data
        return target.get_dummy_value()

    return types.void(array, types.int64), generate


@inlined
def whole(number: int) -> int:
    """Return a whole number as one of 64 bits, so that functions are compiled for no other kind."""
    return int(np.int64(number))


if settings.DISABLE_JIT:

    def lowest_bit(word: np.uint64) -> int:
        """Return the number of the lowest bit that is set; ``word`` must not be 0."""
        return int(word & (~word + np.uint64(1))).bit_length() - 1

    def prefetch(array: npt.NDArray[Any], index: int) -> None:
        """Do nothing: without machine code there is nothing to gain."""

else:

    @inlined
    def lowest_bit(word: np.uint64) -> int:
        """Return the number of the lowest bit that is set; ``word`` must not be 0."""
        return _lowest_bit(word)  # type: ignore[call-arg]

    @inlined
    def prefetch(array: npt.NDArray[Any], index: int) -> None:
        """Ask for an entry of an array ahead of its use, without waiting for it."""
        _prefetch(array, index)  # type: ignore[call-arg]
