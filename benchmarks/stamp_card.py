"""Write a changed card file into a model that is exported already: new scores and limits need no new weights.

    python benchmarks/stamp_card.py cards/photo.toml models/photo.onnx

Scores come from `benchmarks/model_scores.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from denoisectl_exports.facts import read_facts
from denoisectl_exports.write import restamp


def main() -> None:
    """Replace name, version, summary, data, scores and limits; the rest of the card was measured at export."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("card", type=Path)
    parser.add_argument("model", type=Path)
    asked = parser.parse_args()
    made = restamp(asked.model, read_facts(asked.card))
    print(f"{asked.model}: {made.name} {made.version}, {len(made.scores)} scores")


if __name__ == "__main__":
    main()
