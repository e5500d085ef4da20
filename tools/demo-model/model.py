"""The two small transformers (Llama and Qwen3 shape) as plain JAX functions.

Knows: shapes, initial weights, the forward pass, and what rounding a weight to Q40 does to it.
Does not know: files, tokens' meaning, or how the weights are trained.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Params = dict[str, Any]

MATRICES = ("q", "k", "v", "wo", "w1", "w2", "w3")


@dataclasses.dataclass(frozen=True)
class Config:
    """The hyper-parameters that the `.m` header carries."""

    arch: str  # "llama" | "qwen3"
    dim: int
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    seq_len: int
    rope_theta: int = 10000
    norm_eps_exponent: int = 5

    @property
    def norm_eps(self) -> float:
        return 10.0**-self.norm_eps_exponent


LLAMA_DEMO = Config("llama", dim=256, hidden=512, layers=3, heads=8, kv_heads=8, head_dim=32, vocab=1408, seq_len=1024)
QWEN3_TINY = Config("qwen3", dim=128, hidden=256, layers=3, heads=8, kv_heads=4, head_dim=32, vocab=1024, seq_len=512,
                    norm_eps_exponent=6)


def init_params(config: Config, seed: int) -> Params:
    """Random weights; matrices are stored [rows, columns] = [out, in], exactly as the `.m` file stores them."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, gain: float = 1.0) -> np.ndarray:
        return rng.normal(0, gain / math.sqrt(columns), (rows, columns))

    residual_gain = 1 / math.sqrt(2 * config.layers)
    q_rows, kv_rows = config.heads * config.head_dim, config.kv_heads * config.head_dim
    layers = []
    for _ in range(config.layers):
        layer = {
            "q": matrix(q_rows, config.dim),
            "k": matrix(kv_rows, config.dim),
            "v": matrix(kv_rows, config.dim),
            "wo": matrix(config.dim, q_rows, residual_gain),
            "w1": matrix(config.hidden, config.dim),
            "w2": matrix(config.dim, config.hidden, residual_gain),
            "w3": matrix(config.hidden, config.dim),
            "attention_norm": np.ones(config.dim),
            "ffn_norm": np.ones(config.dim),
        }
        if config.arch == "qwen3":
            layer |= {"q_norm": np.ones(config.head_dim), "k_norm": np.ones(config.head_dim)}
        layers.append(layer)
    # Every embedding shares a part, which acts as the bias that these architectures do not have.
    shared = rng.choice((-0.25, 0.25), config.dim)
    own = rng.normal(0, 0.5, (config.vocab, config.dim))
    after_norm = float(shared @ shared) / math.sqrt(0.5**2 + 0.25**2)
    _start_copying(config, layers[0], layers[1], shared / after_norm, rng)
    params = {
        "embedding": own + shared,
        "layers": layers,
        "final_norm": np.ones(config.dim),
        "output": own / (0.5 * math.sqrt(config.dim)),  # so that copying an embedding raises its token's logit
    }
    return jax.tree.map(lambda weight: jnp.asarray(weight, jnp.float32), params)


def _orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def _pair_rows(config: Config, pairs: range) -> np.ndarray:
    """The rows inside a head that rotary pairs turn: [pairs, 2]."""
    index = np.array(pairs)[:, None]
    if config.arch == "llama":
        return np.concatenate([2 * index, 2 * index + 1], axis=1)
    return np.concatenate([index, index + config.head_dim // 2], axis=1)


def _start_copying(config: Config, first: Params, second: Params, shared: np.ndarray, rng: np.random.Generator) -> None:
    """Sets two layers' attention up so that the untrained model can already copy; training only has to use it.

    "Find where this token stood before and repeat what came after it" takes two layers: heads that fetch the token
    before (first layer), and heads that match it with the current token (second layer). In a first
    try, from random weights and with Muon, it had not formed after 650 steps; until it has, a story cannot keep to the
    asked subject.
    `shared` is the part that all embeddings have in common, scaled so that `shared @ rms_norm(embedding)` is 1.
    """
    size, group = config.head_dim, config.heads // config.kv_heads
    frequencies = config.rope_theta ** (-np.arange(size // 2) * 2 / size)
    fast, slow = _pair_rows(config, range(3)), _pair_rows(config, range(9, 16)).reshape(-1)
    look_back, induction = (1, 1, 1, 1, 2, 2), range(6)

    # First layer: the fastest pairs of a constant query and a constant key agree best at the wanted distance.
    for head, distance in enumerate(look_back):
        q = first["q"][head * size : (head + 1) * size]
        k = first["k"][head // group * size : (head // group + 1) * size]
        q *= 0.2
        k[:] = rng.normal(0, 0.2 / math.sqrt(config.dim), k.shape)
        angles = distance * frequencies[:3]
        q[fast[:, 0]] += 6 * np.cos(angles)[:, None] * shared
        q[fast[:, 1]] -= 6 * np.sin(angles)[:, None] * shared
        k[fast[:, 0]] += 6 * shared
    first["v"][:] = _orthogonal(rng, config.dim)[: config.kv_heads * size]
    writes = np.concatenate([_orthogonal(rng, config.dim) for _ in range(group)], axis=1)
    first["wo"][:] = 0.5 * writes[:, : config.heads * size]

    # Second layer: the slowest pairs, which distance hardly turns, compare this token with the one before each place.
    for head in induction:
        source = head % 4
        q = second["q"][head * size : (head + 1) * size]
        k = second["k"][head // group * size : (head // group + 1) * size]
        rows = np.arange(len(slow)) + len(slow) * (head // 4)  # another part of what the source head fetched
        q *= 0.2
        k *= 0.2
        q[slow] = 3.4 * first["v"][source // group * size : (source // group + 1) * size][rows]
        k[slow] = 3.4 * writes[:, source * size : (source + 1) * size].T[rows]
    copies = _orthogonal(rng, config.dim)[: config.kv_heads * size]
    second["v"][:] = copies
    second["wo"][:] = np.concatenate(
        [copies[head // group * size : (head // group + 1) * size].T for head in range(config.heads)], axis=1
    ) * 2 / group


def count_params(params: Params) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def _round_to_q40(weight: jnp.ndarray) -> jnp.ndarray:
    """The value each weight has after a trip through Q40 (blocks of 32 along a row)."""
    blocks = weight.reshape(-1, 32)
    largest = jnp.take_along_axis(blocks, jnp.argmax(jnp.abs(blocks), axis=1, keepdims=True), axis=1)
    scale = largest / -8
    inverse = jnp.where(scale == 0, 0, 1 / jnp.where(scale == 0, 1, scale))
    nibbles = jnp.clip(jnp.floor(blocks * inverse + 8.5), 0, 15)
    stored_scale = scale.astype(jnp.float16).astype(jnp.float32)
    return ((nibbles - 8) * stored_scale).reshape(weight.shape)


def quantised_view(params: Params) -> Params:
    """Weights as Q40 will hold them, with gradients passed straight through to the unrounded ones."""

    def straight_through(weight: jnp.ndarray) -> jnp.ndarray:
        return weight + jax.lax.stop_gradient(_round_to_q40(weight) - weight)

    layers = [{k: straight_through(w) if k in MATRICES else w for k, w in layer.items()} for layer in params["layers"]]
    return params | {"layers": layers, "output": straight_through(params["output"])}


def rms_norm(x: jnp.ndarray, weight: jnp.ndarray, eps: float) -> jnp.ndarray:
    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + eps) * weight


def rope_tables(config: Config, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, each [length, headDim / 2]."""
    frequencies = config.rope_theta ** (-np.arange(0, config.head_dim, 2) / config.head_dim)
    angles = np.arange(length)[:, None] * frequencies[None, :]
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def rotate(x: jnp.ndarray, cos: jnp.ndarray, sin: jnp.ndarray, neighbours: bool) -> jnp.ndarray:
    """Rotary embedding of x [batch, tokens, heads, headDim]; pairs are (2i, 2i+1) or (i, i + headDim/2)."""
    cos, sin = cos[None, :, None, :], sin[None, :, None, :]
    half = x.shape[-1] // 2
    if neighbours:
        first, second = x[..., 0::2], x[..., 1::2]
    else:
        first, second = x[..., :half], x[..., half:]
    turned = (first * cos - second * sin, first * sin + second * cos)
    return jnp.stack(turned, axis=-1).reshape(x.shape) if neighbours else jnp.concatenate(turned, axis=-1)


def forward(config: Config, params: Params, tokens: jnp.ndarray, compute: Any = jnp.float32) -> jnp.ndarray:
    """Logits [batch, tokens, vocab] for token ids [batch, tokens]; `compute` is the type of the matrix products."""
    batch, length = tokens.shape
    cos, sin = (jnp.asarray(table) for table in rope_tables(config, length))
    neighbours = config.arch == "llama"
    causal = jnp.tril(jnp.ones((length, length), bool))

    def product(x: jnp.ndarray, weight: jnp.ndarray) -> jnp.ndarray:
        return jnp.matmul(x.astype(compute), weight.astype(compute).T).astype(jnp.float32)

    def attention(layer: Params, x: jnp.ndarray) -> jnp.ndarray:
        q = product(x, layer["q"]).reshape(batch, length, config.heads, config.head_dim)
        k = product(x, layer["k"]).reshape(batch, length, config.kv_heads, config.head_dim)
        v = product(x, layer["v"]).reshape(batch, length, config.kv_heads, config.head_dim)
        if config.arch == "qwen3":
            q = rms_norm(q, layer["q_norm"], config.norm_eps)
            k = rms_norm(k, layer["k_norm"], config.norm_eps)
        q, k = rotate(q, cos, sin, neighbours), rotate(k, cos, sin, neighbours)
        group = config.heads // config.kv_heads
        k, v = jnp.repeat(k, group, axis=2), jnp.repeat(v, group, axis=2)
        q, k, v = (jnp.swapaxes(x, 1, 2).astype(compute) for x in (q, k, v))  # [batch, heads, tokens, headDim]
        scores = (q @ jnp.swapaxes(k, 2, 3)).astype(jnp.float32) / math.sqrt(config.head_dim)
        weights = jax.nn.softmax(jnp.where(causal, scores, -1e30))  # [batch, heads, tokens, tokens]
        mixed = jnp.swapaxes(weights.astype(compute) @ v, 1, 2)  # [batch, tokens, heads, headDim]
        return product(mixed.reshape(batch, length, -1), layer["wo"])

    x = params["embedding"][tokens]  # [batch, tokens, dim]
    for layer in params["layers"]:
        x = x + attention(layer, rms_norm(x, layer["attention_norm"], config.norm_eps))
        h = rms_norm(x, layer["ffn_norm"], config.norm_eps)
        x = x + product(jax.nn.silu(product(h, layer["w1"])) * product(h, layer["w3"]), layer["w2"])
    return product(rms_norm(x, params["final_norm"], config.norm_eps), params["output"])
