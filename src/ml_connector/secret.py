"""
Values that do not print themselves: credentials (`Secret`) and pay (`Pay`).

The only way to the value is a method whose name says so, which makes every use easy to find.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

MASK = "***"


class _Unprintable:
    """Shared refusal to be shown: `repr`, `str`, `format` give the mask, `pickle` and `copy` refuse."""

    __slots__ = ()

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return MASK

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} does not leave the process")


class Secret(_Unprintable):
    """A credential. `reveal()` is for the one line that puts it on the wire or under a cipher."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


class Pay(_Unprintable):
    """
    An amount of pay, exact to the minor unit. `disclose()` is for the ledger and for people with the right to see it.

    Raises:
        ValueError: not a plain decimal (`1e3`, `1,000.00`, `NaN` are refused: CO-08).
    """

    __slots__ = ("_amount",)

    def __init__(self, amount: Decimal | str) -> None:
        text = format(amount, "f") if isinstance(amount, Decimal) else amount.strip()
        digits = text.removeprefix("-").removeprefix("+").replace(".", "", 1)
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("not a plain decimal amount")
        try:
            self._amount = Decimal(text)
        except InvalidOperation:
            raise ValueError("not a plain decimal amount") from None

    def disclose(self) -> Decimal:
        return self._amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pay) and self._amount == other._amount

    def __hash__(self) -> int:
        return hash((Pay, self._amount))
