"""Corruption when a batch is formed (section 17.4.4): pure functions of (clean, generator), and a recipe's mixture."""

from denoisectl_training.corruption.basic import blur, gaussian, knockout, poisson, salt_and_pepper
from denoisectl_training.corruption.developed_noise import developed
from denoisectl_training.corruption.mixture import corrupt, corrupt_one_kind, greyed
from denoisectl_training.corruption.simulated_camera import camera

__all__ = [
    "blur",
    "camera",
    "corrupt",
    "corrupt_one_kind",
    "developed",
    "gaussian",
    "greyed",
    "knockout",
    "poisson",
    "salt_and_pepper",
]
