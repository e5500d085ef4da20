"""Trains one of the two models on stories made while it trains, and can be stopped and started again at any time.

    python train.py llama --work /tmp/shoal-demo
    python train.py qwen3 --work /tmp/shoal-demo

Knows: phases, the optimiser, checkpoints, the loss log. The work folder gets the tokenizer, the checkpoint and the log.
Every batch is made from (seed, step) alone, so a resumed run sees what an unbroken one would have seen.
"""

from __future__ import annotations

import os

# Must be set before the process starts, so `main` starts itself once more with them: without, glibc returns the big
# temporary buffers to the system after each step and their page faults halve the training speed (3.5k -> 7k tokens/s).
ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
    "MALLOC_TOP_PAD_": str(1 << 28),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

import argparse
import dataclasses
import functools
import pathlib
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

import dialogue
import model
import words
from tokenizer import LlamaTokenizer, QwenTokenizer, Tokenizer, load_tokenizer

SEED = 2024
TOKENIZER_DOCUMENTS = 6000
CHECKPOINT_EVERY = 50
EVAL_EVERY = 50


@dataclasses.dataclass(frozen=True)
class Phase:
    """Some steps of one kind. The rate runs from `rate_from` to `rate_to` (1 = the peak) over the phase."""

    steps: int
    window: int
    batch: int
    max_turns: int
    rate_from: float
    rate_to: float
    q40: bool = False  # train with weights as Q40 rounds them
    invent: float = 0.04  # share of asked subjects that are made-up words, which can only be copied
    template_weight: float = 1.0  # weight in the loss of tokens that are not subjects


PHASES = {
    "llama": [
        Phase(50, 256, 12, 1, 0.05, 1.0, invent=0.25, template_weight=0.3),
        Phase(450, 256, 12, 1, 1.0, 0.7, invent=0.25, template_weight=0.3),
        Phase(200, 128, 24, 1, 0.8, 0.7, invent=0.2, template_weight=0.1),
        Phase(350, 256, 12, 1, 0.8, 0.4, invent=0.1, template_weight=0.5),
        Phase(200, 288, 11, 1, 0.6, 0.4),
        Phase(80, 512, 6, 3, 0.4, 0.25),
        Phase(20, 1024, 3, 6, 0.25, 0.16, q40=True),
        Phase(80, 320, 10, 1, 0.5, 0.3, q40=True),
        Phase(60, 512, 6, 3, 0.3, 0.02, q40=True),
        Phase(40, 320, 10, 1, 0.02, 0.4, q40=True),
        Phase(300, 320, 10, 1, 0.4, 0.25, q40=True),
        Phase(110, 512, 6, 3, 0.25, 0.08, q40=True),
        Phase(50, 1024, 3, 6, 0.08, 0.01, q40=True),
    ],
    "qwen3": [
        Phase(50, 256, 12, 1, 0.05, 1.0, invent=0.25, template_weight=0.3),
        Phase(300, 256, 12, 1, 1.0, 0.7, invent=0.25, template_weight=0.3),
        Phase(150, 320, 10, 1, 0.7, 0.02, q40=True),
    ],
}
CONFIGS = {"llama": model.LLAMA_DEMO, "qwen3": model.QWEN3_TINY}
TOKENIZERS: dict[str, type[LlamaTokenizer] | type[QwenTokenizer]] = {"llama": LlamaTokenizer, "qwen3": QwenTokenizer}

PEAK_RATE = 2e-3


def training_texts(count: int) -> Iterator[str]:
    """What the tokenizer learns its pieces from."""
    rng = random.Random(f"{SEED}-tokenizer")
    for _ in range(count):
        document = dialogue.document(rng, max_turns=2)
        if isinstance(document, str):
            yield document
        else:
            for pair in document:
                yield from pair
    yield from [f" {word}" for word in words.SUBJECTS] * (2 * count)  # so that each becomes one piece


def make_batch(tokenizer: Tokenizer, phase: Phase, tag: str) -> np.ndarray:
    """Token ids [batch, window + 1]; each row starts with a document's beginning."""
    rng = random.Random(f"{SEED}-{tag}")
    rows = []
    for _ in range(phase.batch):
        row: list[int] = []
        while len(row) < phase.window + 1:
            row += tokenizer.encode_document(dialogue.document(rng, phase.max_turns, phase.invent))
        rows.append(row[: phase.window + 1])
    return np.asarray(rows, np.int32)


def rate_schedule(phases: list[Phase]) -> Callable[[Any], jnp.ndarray]:
    """The learning rate at a step as a share of the peak."""
    steps, rates = [0.0], [phases[0].rate_from]
    for phase in phases:
        steps += [steps[-1] + 1e-3, steps[-1] + phase.steps]
        rates += [phase.rate_from, phase.rate_to]
    return lambda step: jnp.interp(step, jnp.asarray(steps), jnp.asarray(rates))


def make_optimiser(phases: list[Phase]) -> optax.GradientTransformation:
    rate = rate_schedule(phases)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(lambda step: PEAK_RATE * rate(step), b2=0.98))


def loss_weights(tokenizer: Tokenizer, template_weight: float) -> np.ndarray:
    """The weight of each token id in the loss [vocab].

    Which sentence comes next is the grammar's free choice, so most of its loss is noise that no training removes;
    which subject is meant can be known. With less weight on the former, looking subjects up is learnt sooner.
    """
    subjects = {form.encode() for word in words.SUBJECTS for form in (word, f" {word}")}
    return np.asarray([1.0 if piece in subjects else template_weight for piece in tokenizer.pieces], np.float32)


def mean_loss(
    config: model.Config, q40: bool, params: model.Params, batch: jnp.ndarray, weights: jnp.ndarray | None = None
) -> jnp.ndarray:
    """Nats a token over a batch [rows, window + 1]; `weights` is [vocab]."""
    seen = model.quantised_view(params) if q40 else params
    logits = model.forward(config, seen, batch[:, :-1], compute=jnp.bfloat16)
    losses = optax.softmax_cross_entropy_with_integer_labels(logits, batch[:, 1:])
    return losses.mean() if weights is None else jnp.average(losses, weights=weights[batch[:, 1:]])


def phase_at(phases: list[Phase], step: int) -> Phase | None:
    for phase in phases:
        if step < phase.steps:
            return phase
        step -= phase.steps
    return None


def train(family: str, work: pathlib.Path) -> None:
    config, phases = CONFIGS[family], PHASES[family]
    tokenizer_path, checkpoint_path = work / f"{family}-tokenizer.json", work / f"{family}-checkpoint.pickle"
    log_path = work / f"{family}-loss.csv"
    if not tokenizer_path.exists():
        TOKENIZERS[family].train(training_texts(TOKENIZER_DOCUMENTS), config.vocab).save(tokenizer_path)
    tokenizer = load_tokenizer(tokenizer_path)

    optimiser = make_optimiser(phases)
    if checkpoint_path.exists():
        step, tokens, seconds, params, state = pickle.loads(checkpoint_path.read_bytes())
        params, state = jax.tree.map(jnp.asarray, (params, state))
    else:
        step, tokens, seconds, params = 0, 0, 0.0, model.init_params(config, SEED)
        state = optimiser.init(params)
        log_path.write_text("step,tokens,seconds,window,q40,train_loss,eval_loss_q40\n")
    print(f"{family}: {model.count_params(params):,} parameters, from step {step}", flush=True)

    @functools.partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
    def advance(q40: bool, params: model.Params, state: Any, batch: jnp.ndarray, weights: jnp.ndarray):
        loss, gradient = jax.value_and_grad(functools.partial(mean_loss, config, q40))(params, batch, weights)
        updates, state = optimiser.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, loss

    evaluate = jax.jit(functools.partial(mean_loss, config, True))
    eval_batch = make_batch(tokenizer, Phase(0, 512, 12, 3, 0, 0), "evaluation")

    recent: list[float] = []
    last = time.monotonic()
    phase = phase_at(phases, step)
    batch = make_batch(tokenizer, phase, str(step)) if phase else None
    while phase:
        params, state, loss = advance(phase.q40, params, state, batch, loss_weights(tokenizer, phase.template_weight))
        step, tokens = step + 1, tokens + phase.batch * phase.window
        next_phase = phase_at(phases, step)
        if next_phase:  # made while the step above still runs
            batch = make_batch(tokenizer, next_phase, str(step))
        recent.append(float(loss))
        now = time.monotonic()
        seconds, last = seconds + now - last, now
        if step % EVAL_EVERY == 0 or not next_phase:
            eval_loss = float(evaluate(params, eval_batch))
            with log_path.open("a") as log:
                mean = np.mean(recent)
                log.write(f"{step},{tokens},{seconds:.0f},{phase.window},{int(phase.q40)},{mean:.4f},{eval_loss:.4f}\n")
            print(f"step {step}: loss {np.mean(recent):.4f}, eval (q40) {eval_loss:.4f}, {seconds:.0f} s", flush=True)
            recent = []
        if step % CHECKPOINT_EVERY == 0 or not next_phase:
            as_numpy = jax.tree.map(np.asarray, (params, state))
            part = checkpoint_path.with_suffix(".part")
            part.write_bytes(pickle.dumps((step, tokens, seconds, *as_numpy)))
            part.replace(checkpoint_path)
        phase = next_phase


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", choices=sorted(CONFIGS))
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for tokenizer, checkpoint and log")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ALLOCATOR.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ALLOCATOR)
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments.family, arguments.work)


if __name__ == "__main__":
    main()
