#!/bin/sh
# The chapters' findings (docs/experiments.md): trains what is not trained yet, one recipe after the other.
#
#     sh benchmarks/experiments.sh PHOTOS RUNS [RECIPE...]
#
# A run that was stopped is taken up again; one that is done, or diverged as exp-steplength-large may, is left as it is.
set -u
ended() {
    python -c '
import sys
from pathlib import Path
from denoisectl_training.records.run_folder import RunFolder
run = RunFolder(Path(sys.argv[1]))
total = run.recipe().training.images
sys.exit(not any(record.get("diverged") or record["images"] >= total for record in run.records()))' "$1"
}
photos=$1 runs=$2
shift 2
[ $# -gt 0 ] || set -- exp-steplength-large exp-steplength-medium exp-steplength-small exp-steplength-tiny \
    exp-base exp-sgd exp-momentum-gentle exp-schedule-constant exp-schedule-geometric \
    exp-noskip-sgd exp-noskip-adam exp-small exp-loss-ssd exp-loss-l1 exp-blur-without \
    exp-output-identity exp-output-sigmoid exp-output-tanh exp-output-relu-pair exp-output-hard-clamp \
    exp-block-identity exp-block-no-shortcut exp-block-no-batch-norm exp-block-plain \
    exp-deeper-levels exp-deeper-blocks exp-cheating
for recipe in "$@"; do
    if [ ! -d "$runs/$recipe" ]; then
        denoisectl train "$photos" --recipe "$recipe" --runs "$runs" --device cpu
    elif ! ended "$runs/$recipe"; then
        denoisectl train "$photos" --resume "$runs/$recipe"
    fi
done
