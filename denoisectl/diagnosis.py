"""What this machine can do, proven by doing it, and what would mend what it cannot."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from denoisectl.engine.cuda import INSTALL_GPU_RUNTIME
from denoisectl.engine.probe import prove
from denoisectl.errors import DeviceError, ModelError
from denoisectl.machine.devices import AUTO, CPU, Device, parse_devices
from denoisectl.machine.nvidia import driver_devices
from denoisectl.machine.processors import fast_at_8_bits, usable_cpus
from denoisectl.model_file.card_in_file import read_card
from denoisectl.model_file.shipped import shipped_models

_PACKAGES = ("denoisectl", "numpy", "opencv-python-headless", "torch")
# They install into one folder, so the one installed last replaces files of the other.
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino")
_CODECS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


@dataclass(frozen=True, slots=True)
class DeviceCheck:
    """One device and whether it ran a convolution."""

    device: str
    works: bool
    reason: str = ""
    """What is missing and the command that installs it; empty if it works."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything `denoisectl doctor` reports."""

    system: str
    processors: int
    fast_at_8_bits: bool
    """Whether `--precision auto` runs shipped models in 8-bit integers here."""
    gpus: int
    packages: dict[str, str]
    """Installed versions by name; a package that is not installed is left out."""
    models: tuple[str, ...]
    devices: tuple[DeviceCheck, ...]
    problems: tuple[str, ...]

    def checks(self, device: str) -> tuple[DeviceCheck, ...]:
        """The results for the devices that were asked for; for "auto" the best one that works."""
        if device != "auto":
            names = [str(each) for each in parse_devices(device)]
            return tuple(check for check in self.devices if check.device in names)
        return (next((check for check in reversed(self.devices) if check.works), self.devices[0]),)


def diagnose(device: str = "auto") -> Diagnosis:
    """Try the processor, every GPU that the driver shows, and what `device` names whether or not it seems to be there.

    Raises:
        UsageError: no such device name.
    """
    asked = parse_devices(device)
    gpus = driver_devices()
    tried = [CPU, *(Device("cuda", index) for index in range(gpus))]
    tried += [each for each in asked if each not in (AUTO, *tried)]
    return Diagnosis(
        system=f"{platform.platform()}, Python {platform.python_version()}",
        processors=usable_cpus(),
        fast_at_8_bits=fast_at_8_bits(),
        gpus=gpus,
        packages=_installed((*_PACKAGES, *_RUNTIMES)),
        models=tuple(shipped_models()),
        devices=tuple(_check(each) for each in tried),
        problems=tuple(_problems()),
    )


def _check(device: Device) -> DeviceCheck:
    try:
        prove(device)
    except DeviceError as error:
        return DeviceCheck(str(device), works=False, reason=str(error))
    return DeviceCheck(str(device), works=True)


def _problems() -> Iterator[str]:
    yield from _doubles(_RUNTIMES, INSTALL_GPU_RUNTIME)
    yield from _doubles(_CODECS, "pip uninstall -y {} && pip install opencv-python-headless")
    for path in shipped_models().values():
        try:
            read_card(path)
        except ModelError as error:
            yield f"{error}; install again: pip install --force-reinstall denoisectl"


def _doubles(names: tuple[str, ...], mend: str) -> Iterator[str]:
    found = _installed(names)
    if len(found) > 1:
        both = " and ".join(f"{name} {number}" for name, number in found.items())
        yield f"{both} overwrite each other's files; keep one: {mend.format(' '.join(found))}"


def _installed(names: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
