"""Makes the golden data of test/golden/ from the exported files, read back and dequantised.

    python make_goldens.py --demo ../../demo/shoal-demo --qwen ../../test/golden/qwen3-tiny --to ../../test/golden

Logits come from the float64 NumPy pass (reference.py) and are checked here against the float32 JAX pass (model.py).
"""

from __future__ import annotations

import argparse
import json
import pathlib

import jax
import jax.numpy as jnp
import numpy as np

import files
import model
from judge import KINDS
from reference import Reference
from tokenizer import LlamaTokenizer, Tokenizer

REQUEST = "Tell me a story about a cat and a red ball."
POSITIONS = 48
GREEDY = 40
LARGEST_DIFFERENCE = 1e-4

TEXTS = [
    "",
    " ",
    "Once upon a time",
    "Tell me a story about a cat and a red ball.",
    " leading and trailing spaces ",
    "two  spaces   and more",
    "line one\nline two\n\nline four\r\n",
    "tab\tand\tmore",
    '"Where are you?" asked Pip. "Here!"',
    "I'd say it's the friend's kite, isn't it?",
    "12 + 30 = 42, or 3.14159",
    "UPPER lower MiXeD camelCase",
    "café naïve Ærø Straße",
    "안녕하세요, 작은 물고기!",
    "日本語のテキスト",
    "emoji 🐟🐠 and 👩‍👧",
    "snake_case(call, [1, 2]) { return; }",
    "<|user|>Hello<|end|><|assistant|>",
    "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n",
    "a</s> <0x0A> <|nothing|> <|endoftext|>",
    "an owl named Zorgblat-Quix lived by the river…",
    "aaaaaaaaaaaa      \n   end",
]


def jax_logits(config: model.Config, weights: files.Weights, tokens: list[int]) -> np.ndarray:
    params: model.Params = {name: jnp.asarray(weight) for name, weight in weights.items() if "." not in name}
    params["layers"] = [
        {name.split(".")[1]: jnp.asarray(w) for name, w in weights.items() if name.startswith(f"{layer}.")}
        for layer in range(config.layers)
    ]
    with jax.default_matmul_precision("highest"):
        return np.asarray(model.forward(config, params, jnp.asarray([tokens])))[0]


def model_golden(family: str, path: pathlib.Path, to: pathlib.Path) -> Tokenizer:
    config, weights = files.read_model(path.with_suffix(".m"))
    tokenizer = KINDS[family](*files.read_tokenizer(path.with_suffix(".t")))
    reference = Reference(config, weights)
    prompt = tokenizer.chat_prompt(REQUEST)
    greedy = reference.generate(prompt, (), GREEDY)

    tokens = (prompt + greedy)[:POSITIONS]
    reference.clear()
    every = np.stack([reference.step(token) for token in prompt + greedy])  # [prompt + greedy, vocab]
    logits = every[:POSITIONS]
    difference = float(np.abs(logits - jax_logits(config, weights, tokens)).max())
    if difference > LARGEST_DIFFERENCE:
        raise ValueError(f"The two forward passes differ by {difference}; one of reference.py and model.py is wrong")
    best_two = np.sort(every[len(prompt) - 1 : -1], axis=1)[:, -2:]

    name = f"{path.name}.logits.f32"
    (to / name).write_bytes(logits.astype("<f4").tobytes())
    golden = {
        "model": path.with_suffix(".m").name,
        "tokenizer": path.with_suffix(".t").name,
        "weights": "the Q40 file dequantised to f32; activations not quantised",
        "computedIn": "float64 (NumPy), rounded to float32",
        "largestDifferenceToJaxFloat32": difference,
        "request": REQUEST,
        "promptLength": len(prompt),
        "tokens": tokens,
        "logitsFile": name,
        "logitsShape": [len(tokens), config.vocab],
        "greedy": greedy,
        "greedyText": tokenizer.decode(greedy),
        "greedySmallestMargin": float((best_two[:, 1] - best_two[:, 0]).min()),
    }
    (to / f"{path.name}.json").write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{path.name}: {len(tokens)} positions, differs from JAX by {difference:.1e}: {golden['greedyText']!r}")
    return tokenizer


def tokenizer_golden(tokenizer: Tokenizer) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for text in TEXTS:
        ids = tokenizer.encode(text)
        if isinstance(tokenizer, LlamaTokenizer) and text and not any(mark in text for mark in tokenizer.specials):
            # The parts are only a way to be quick: merging the whole text at once must give the same.
            assert tuple(ids) == tokenizer.merge(" " + text), text
        rows.append({"text": text, "ids": ids})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=pathlib.Path, required=True, help="the Llama model, without its ending")
    parser.add_argument("--qwen", type=pathlib.Path, required=True, help="the Qwen3 model, without its ending")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="folder for the golden data")
    arguments = parser.parse_args()
    tokenizers = {
        arguments.demo.name: model_golden("llama", arguments.demo, arguments.to),
        arguments.qwen.name: model_golden("qwen3", arguments.qwen, arguments.to),
    }
    golden = {
        "about": "ids as the tokenizer gives them for a whole text with special marks recognised and no bos added",
        **{name: tokenizer_golden(tokenizer) for name, tokenizer in tokenizers.items()},
    }
    text = json.dumps(golden, ensure_ascii=False)
    (arguments.to / "tokenizers.json").write_text(text.replace('{"text"', '\n{"text"').replace("]}]", "]}\n]") + "\n")


if __name__ == "__main__":
    main()
