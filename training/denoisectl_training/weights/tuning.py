"""Fine-tuning (section 18.4.5): go on from a trained network, on other photos, in small steps."""

from __future__ import annotations

from denoisectl.errors import ConfigError
from denoisectl_training.photos.photo_set import usually_held_out
from denoisectl_training.recipes import Recipe, ScheduleSettings, first_rate, with_first_rate

_SHARE = 0.1


def tuned(recipe: Recipe, photos: int) -> Recipe:
    """The recipe that tunes a network of `recipe`: a tenth of its rate, constant, for a tenth of its images.

    Of so many `photos`, a fifth is held out, and no more than in the first training: the same photos are shuffled
    alike, so that what is held out of them then was held out before.

    The text says no more than "quite small learning rates"; `--lr` and `--set` say otherwise where wished.
    """
    slower = with_first_rate(recipe, _SHARE * first_rate(recipe))
    training = recipe.training.model_copy(update={"images": max(1, int(_SHARE * recipe.training.images))})
    held = recipe.data.validation_photos
    fewer = held is not None and held < usually_held_out(photos, recipe.data)
    # Where it is not fewer, a fifth of those that can be used: some files may be copies, or unreadable.
    data = recipe.data.model_copy(update={"validation_photos": held if fewer else None})
    return slower.model_copy(
        update={
            "name": f"{recipe.name}-tuned",
            "schedule": ScheduleSettings(),
            "data": data,
            "training": training,
        }
    )


def refuse_other_network(recipe: Recipe, trained: Recipe, source: str) -> None:
    """Weights fit the network that they were trained in.

    Raises:
        ConfigError: the recipe asks for another one; the message names the first key that differs.
    """
    mine, theirs = recipe.model.model_dump(), trained.model.model_dump()
    for key, value in theirs.items():
        if mine[key] != value:
            raise ConfigError(
                f"--from {source}: its network has model.{key} = {value!r}, the recipe asks for {mine[key]!r}; "
                f"leave --recipe, or --set model.{key}, out to tune it as it is"
            )
