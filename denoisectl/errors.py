"""Every error that a user can mend, in one tree.

DenoiseError
├── UsageError       flags that contradict each other, nothing matched, outputs that collide
│   └── ConfigError  a recipe or settings key that is unknown, ill-typed or out of range
├── ImageError       one image that cannot be read, processed or written
├── DeviceError      a requested device or provider that does not work here
├── ModelError       a model file that is missing, unreadable, without a card or incompatible
├── TrainingError    training data or a checkpoint that cannot be used
│   └── DivergedError  a run whose loss blew up
├── ExportError      a network that cannot be exported, or whose export does not agree with it
├── MissingExtraError  a command whose optional dependencies are not installed
└── StoppedError     a batch that ended early: its failure limit was reached, or the disk is full

A message says what went wrong, with which file or flag, and what to do. In those of a `Denoiser` a flag stands for
the argument of the same name: `--bit-depth 16` is `bit_depth=16`. The exceptions know nothing of the terminal:
`denoisectl.cli.exits` alone turns them into words and exit codes.
"""

from __future__ import annotations


class DenoiseError(Exception):
    """Base class: something the user can mend, said in one message."""


class UsageError(DenoiseError):
    """The request itself cannot be carried out."""


class ConfigError(UsageError):
    """A setting is unknown, ill-typed or out of range; the message names the key path."""


class ImageError(DenoiseError):
    """One image cannot be read, processed or written."""


class DeviceError(DenoiseError):
    """The requested device or execution provider does not work on this machine."""


class ModelError(DenoiseError):
    """The model file is missing, unreadable, has no card or does not fit this version."""


class TrainingError(DenoiseError):
    """Training cannot start or go on."""


class DivergedError(TrainingError):
    """The loss is no longer a number, or has blown up; the message names the setting to change."""


class ExportError(DenoiseError):
    """A network cannot be exported, or the exported file disagrees with it."""


class MissingExtraError(DenoiseError):
    """Optional dependencies are not installed; the message holds the install command."""


class StoppedError(DenoiseError):
    """A batch ended early: its failure limit was reached, or the disk is full."""
