"""`denoisectl doctor`: what this machine can do, proven by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from denoisectl.cli import console
from denoisectl.cli.options import DeviceOpt, JsonOpt
from denoisectl.errors import DeviceError

if TYPE_CHECKING:
    from denoisectl.diagnosis import Diagnosis


def doctor(device: DeviceOpt = "auto", json: JsonOpt = False) -> None:
    """Show what is installed, and which devices of this machine really compute.

    Each device runs a small network to prove it. The exit code is 3 if one that was asked for does not.

    [bold]Examples[/bold]

      # what works here, and how to mend what does not
      denoisectl doctor

      # go on only with a GPU that computes
      denoisectl doctor --device cuda && denoisectl run a -o b --device cuda

      # for scripts
      denoisectl doctor --json | jq '.devices[] | select(.works)'
    """
    from dataclasses import asdict
    from json import dumps

    from denoisectl.diagnosis import diagnose

    diagnosis = diagnose(device)
    if json:
        console.emit(dumps({"v": 1, **asdict(diagnosis)}))
    else:
        _show(diagnosis)
    reasons = [check.reason for check in diagnosis.checks(device) if not check.works]
    if reasons:
        raise DeviceError("\n".join(dict.fromkeys(reasons)))  # GPUs often lack one thing together


def _show(diagnosis: Diagnosis) -> None:
    # Lines and no table: a command that is to be copied must not be broken.
    _row("system", diagnosis.system)
    integers = (
        "fast at 8-bit integers" if diagnosis.fast_at_8_bits else "not known to be fast at 8-bit integers"
    )
    _row("processors", f"{diagnosis.processors}, {integers}")
    for name, number in diagnosis.packages.items():
        _row(name, number)
    _row("models", ", ".join(diagnosis.models) or "none")
    for check in diagnosis.devices:
        reason = check.reason.removeprefix(f"{check.device} cannot be used: ")
        _row(check.device, reason or "works, proven", "yellow" if reason else "green")
    if len(diagnosis.devices) == 1:
        _row("gpu", "none found; denoisectl doctor --device cuda says what one would need")
    for problem in diagnosis.problems:
        _row("problem", problem, "red")


def _row(name: str, value: str, style: str = "") -> None:
    from rich.text import Text

    console.show(Text.assemble(f"{name:<24}", (value, style)))
