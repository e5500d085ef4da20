"""Turns a checkpoint of train.py into `NAME.m` (Q40) and `NAME.t`.

    python export.py llama --work /tmp/shoal-demo --to ../../demo/shoal-demo
"""

from __future__ import annotations

import argparse
import pathlib
import pickle

import numpy as np

import files
from tokenizer import load_tokenizer
from train import CONFIGS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=sorted(CONFIGS))
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder that train.py wrote")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="path without the .m / .t ending")
    arguments = parser.parse_args()

    step, *_, params, _ = pickle.loads((arguments.work / f"{arguments.family}-checkpoint.pickle").read_bytes())
    weights = {name: np.asarray(value) for name, value in params.items() if name != "layers"}
    for index, layer in enumerate(params["layers"]):
        weights |= {f"{index}.{name}": np.asarray(value) for name, value in layer.items()}
    files.write_model(arguments.to.with_suffix(".m"), CONFIGS[arguments.family], weights)

    tokenizer = load_tokenizer(arguments.work / f"{arguments.family}-tokenizer.json")
    files.write_tokenizer(
        arguments.to.with_suffix(".t"), tokenizer.pieces, tokenizer.scores, tokenizer.bos, tokenizer.eos,
        tokenizer.add_bos, tokenizer.template,
    )
    sizes = [arguments.to.with_suffix(ending).stat().st_size for ending in (".m", ".t")]
    print(f"step {step}: {sizes[0]:,} + {sizes[1]:,} bytes")


if __name__ == "__main__":
    main()
