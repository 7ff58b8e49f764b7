"""Muon for the kernels of convolutions, AdamW for every other parameter, as one optimiser.

Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024) makes every step of a matrix
equally long in all its directions. Its cost, some products of small matrices, does not grow with the crops: it pays
where a step is expensive, as it is here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from denoisectl.errors import ConfigError

_NARROW = 16  # kernels with a shorter side, such as those that make pixels, have few directions to even out


class Muon(torch.optim.Optimizer):
    """Steps have the length that AdamW's would have, so one learning rate serves both (Liu et al., 2025)."""

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        *,
        lr: float,
        momentum: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
    ) -> None:
        """Sort the parameters.

        Args:
            parameters: of one network; kernels in either memory format, which must not change afterwards.
            lr: of both.
            momentum: of Muon.
            betas: of AdamW.
            eps: of AdamW.
            weight_decay: of both.

        Raises:
            ConfigError: no convolution is wide enough for Muon.
        """
        everything = list(parameters)
        self._kernels = [parameter for parameter in everything if _is_wide_kernel(parameter)]
        if not self._kernels:
            raise ConfigError(
                f"optimizer.name = muon: no convolution has {_NARROW} features; take adamw, or wider model.widths"
            )
        wide = set(map(id, self._kernels))
        rest = [parameter for parameter in everything if id(parameter) not in wide]
        super().__init__([{"params": self._kernels}, {"params": rest}], {"lr": lr})
        # torch's Muon takes matrices: views of the kernels, a row for each output feature.
        self._matrices = [_matrix(kernel.detach(), like=kernel) for kernel in self._kernels]
        self._muon = torch.optim.Muon(
            self._matrices,
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        self._adamw = torch.optim.AdamW(
            rest, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, fused=True
        )

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override] # no closure is called here
        """One step of both, at the rates of `param_groups`."""
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            matrix.grad = None if kernel.grad is None else _matrix(kernel.grad, like=kernel)
        for optimizer, group in zip((self._muon, self._adamw), self.param_groups, strict=True):
            optimizer.param_groups[0]["lr"] = group["lr"]
            optimizer.step()

    def state_dict(self) -> dict[str, Any]:
        """Plain data, for a checkpoint."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what `state_dict` gave."""
        self._muon.load_state_dict(state_dict["muon"])
        self._adamw.load_state_dict(state_dict["adamw"])


def _is_wide_kernel(parameter: Tensor) -> bool:
    return parameter.ndim == 4 and min(len(parameter), parameter[0].numel()) >= _NARROW


def _matrix(tensor: Tensor, *, like: Tensor) -> Tensor:
    """`(O, I, h, w)` as `(O, I h w)`; of `like` itself a view. The columns' order depends on its memory format."""
    if not like.is_contiguous():
        tensor = tensor.permute(0, 2, 3, 1)
    return tensor.reshape(len(tensor), -1)
