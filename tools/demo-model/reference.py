"""A second, independent forward pass in plain NumPy, one position at a time with a KV cache.

Written apart from model.py on purpose: the golden logits come from here and are checked against the JAX pass.
`precision` is float64 for goldens, float32 where only text is wanted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from files import Weights
from model import Config


class Reference:
    """One sequence; `step` takes the next token and returns the logits after it."""

    def __init__(self, config: Config, weights: Weights, precision: Any = np.float64):
        self.config = config
        self.weights = {name: weight.astype(precision) for name, weight in weights.items()}
        self.precision = precision
        self.clear()

    def clear(self) -> None:
        self.keys: list[list[np.ndarray]] = [[] for _ in range(self.config.layers)]
        self.values: list[list[np.ndarray]] = [[] for _ in range(self.config.layers)]

    @property
    def position(self) -> int:
        return len(self.keys[0])

    def _norm(self, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return weight * x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + self.precision(self.config.norm_eps))

    def _rope(self, heads: np.ndarray) -> np.ndarray:
        """Turns each pair of every head [heads, headDim] as complex numbers."""
        size = self.config.head_dim
        angle = self.position / self.config.rope_theta ** (np.arange(size // 2) * 2 / size)
        turn = np.cos(angle) + 1j * np.sin(angle)
        out = np.empty_like(heads)
        if self.config.arch == "llama":
            turned = (heads[:, 0::2] + 1j * heads[:, 1::2]) * turn
            out[:, 0::2], out[:, 1::2] = turned.real, turned.imag
        else:
            turned = (heads[:, : size // 2] + 1j * heads[:, size // 2 :]) * turn
            out[:, : size // 2], out[:, size // 2 :] = turned.real, turned.imag
        return out

    def step(self, token: int) -> np.ndarray:
        config, weights = self.config, self.weights
        x = weights["embedding"][token]  # [dim]
        new_keys, new_values = [], []
        for layer in range(config.layers):
            w = {name.split(".")[1]: value for name, value in weights.items() if name.startswith(f"{layer}.")}
            h = self._norm(x, w["attention_norm"])
            q = (w["q"] @ h).reshape(config.heads, config.head_dim)
            k = (w["k"] @ h).reshape(config.kv_heads, config.head_dim)
            v = (w["v"] @ h).reshape(config.kv_heads, config.head_dim)
            if config.arch == "qwen3":
                q, k = self._norm(q, w["q_norm"]), self._norm(k, w["k_norm"])
            q, k = self._rope(q), self._rope(k)
            new_keys.append(k)
            new_values.append(v)
            keys = np.stack(self.keys[layer] + [k])  # [positions, kvHeads, headDim]
            values = np.stack(self.values[layer] + [v])
            mixed = np.empty_like(q)
            for head in range(config.heads):
                source = head // (config.heads // config.kv_heads)
                scores = keys[:, source] @ q[head] / math.sqrt(config.head_dim)
                shares = np.exp(scores - scores.max())
                mixed[head] = shares / shares.sum() @ values[:, source]
            x = x + w["wo"] @ mixed.reshape(-1)
            h = self._norm(x, w["ffn_norm"])
            gate = w["w1"] @ h
            x = x + w["w2"] @ (gate / (1 + np.exp(-gate)) * (w["w3"] @ h))
        for layer in range(config.layers):
            self.keys[layer].append(new_keys[layer])
            self.values[layer].append(new_values[layer])
        return weights["output"] @ self._norm(x, weights["final_norm"])

    def generate(
        self, prompt: list[int], eos: tuple[int, ...], limit: int, temperature: float = 0.0, seed: int = 0
    ) -> list[int]:
        """The ids after a prompt, without the closing eos; greedy at temperature 0."""
        self.clear()
        rng = np.random.default_rng(seed)
        for token in prompt:
            logits = self.step(token)
        answer: list[int] = []
        while len(answer) < limit:
            if temperature == 0:
                token = int(logits.argmax())
            else:
                shares = np.exp((logits - logits.max()) / temperature)
                token = int(rng.choice(len(shares), p=shares / shares.sum()))
            if token in eos:
                break
            answer.append(token)
            if len(answer) < limit:
                logits = self.step(token)
        return answer
