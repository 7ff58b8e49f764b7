"""Evaluation: any number of models side by side on the same images, under a protocol that is stated.

    candidates = [*baselines(), *open_models(["photo", "runs/book-skip"])]
    scores = measure(literature(photos(find_photos([folder])), sigmas=(25,)), candidates)
    table = summarise(scores)

Images are `(H, W, 3)` float32 sRGB, nominally [0, 1].
"""
