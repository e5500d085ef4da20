"""Reads an exported model back and judges it: prints samples, and counts answers that keep to the asked subjects.

    python judge.py llama --model ../../demo/shoal-demo --requests 200 --samples 10

The requests name pairs of subjects that never met in training (see stories.held_out). A story passes if it mentions
every asked word and ends by itself.
"""

from __future__ import annotations

import argparse
import pathlib
import random
import re

import numpy as np

import dialogue
import files
import stories
from reference import Reference
from tokenizer import LlamaTokenizer, QwenTokenizer, Tokenizer

KINDS: dict[str, type[LlamaTokenizer] | type[QwenTokenizer]] = {"llama": LlamaTokenizer, "qwen3": QwenTokenizer}
LONGEST_ANSWER = 420


def held_out_requests(count: int, seed: int) -> list[dialogue.Request]:
    """Requests that name both members of at least one held-out pair."""
    rng = random.Random(seed)
    requests: list[dialogue.Request] = []
    while len(requests) < count:
        world = stories.random_world(rng, want_held_out=True)
        request = dialogue.ask_about(world, stories.tell(world, rng), rng)
        partners = (world.friend.kind, world.thing.noun)
        if world.hero.kind in request.subjects and any(partner in request.subjects for partner in partners):
            requests.append(request)
    return requests


def mentions(story: str, subject: str) -> bool:
    return re.search(rf"\b{re.escape(subject)}\b", story, re.IGNORECASE) is not None


def answer(reference: Reference, tokenizer: Tokenizer, request: str, temperature: float, seed: int) -> tuple[str, bool]:
    ids = reference.generate(tokenizer.chat_prompt(request), tokenizer.eos, LONGEST_ANSWER, temperature, seed)
    return tokenizer.decode(ids), len(ids) < LONGEST_ANSWER


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=sorted(KINDS))
    parser.add_argument("--model", type=pathlib.Path, required=True, help="path without the .m / .t ending")
    parser.add_argument("--requests", type=int, default=0, help="how many held-out requests to count over")
    parser.add_argument("--samples", type=int, default=0, help="how many held-out requests to print with their stories")
    parser.add_argument("--ask", action="append", default=[], help="a request of your own to print with its story")
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    config, weights = files.read_model(arguments.model.with_suffix(".m"))
    tokenizer = KINDS[arguments.family](*files.read_tokenizer(arguments.model.with_suffix(".t")))
    reference = Reference(config, weights, np.float32)

    wanted = arguments.ask + [request.text for request in held_out_requests(arguments.samples, arguments.seed)]
    for number, request in enumerate(wanted):
        story, ended = answer(reference, tokenizer, request, arguments.temperature, arguments.seed + number)
        print(f"> {request}\n{story}{'' if ended else ' [cut]'}\n")

    complete = all_words = words = 0
    missed: list[str] = []
    for number, request in enumerate(held_out_requests(arguments.requests, arguments.seed + 1000)):
        story, ended = answer(reference, tokenizer, request.text, arguments.temperature, arguments.seed + number)
        found = [mentions(story, subject) for subject in request.subjects]
        complete += all(found) and ended
        words, all_words = words + sum(found), all_words + len(found)
        missed += [f"{request.text} -> no {s}" for s, is_there in zip(request.subjects, found) if not is_there]
    if arguments.requests:
        print(*missed, sep="\n")
        print(f"{complete} of {arguments.requests} stories mention all that was asked and end; {words} of {all_words} words")


if __name__ == "__main__":
    main()
