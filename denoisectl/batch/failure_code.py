"""The kinds of failure that one input can have, as scripts read them."""

from __future__ import annotations

from enum import StrEnum


class FailureCode(StrEnum):
    """`error.code` of a line of `--json`."""

    MISSING = "missing"
    """No such file."""
    UNREADABLE = "unreadable"
    """It, or the folder that it is in, cannot be read."""
    NOT_AN_IMAGE = "not-an-image"
    """It is of no format that is read."""
    UNFIT = "unfit"
    """It cannot be converted to what was asked for."""
    COLLISION = "collision"
    """Its output's name belongs to another photo's."""
    DECODE = "decode"
    """It is damaged, or of a kind that is refused."""
    INFERENCE = "inference"
    """The network cannot take it."""
    ENCODE = "encode"
    """The output's format cannot hold it."""
    WRITE = "write"
    """The output cannot be written."""
