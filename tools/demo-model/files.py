"""Writes and reads `.m` (model) and `.t` (tokenizer) files, with matrices as Q40 blocks.

Knows byte layouts only. A model's weights are a dict from tensor name to a float32 array; names are those of
`tensor_order`. Reading gives the dequantised values, that is, exactly what an engine computes with.
"""

from __future__ import annotations

import pathlib
import struct
from collections.abc import Iterator

import numpy as np

from model import Config

MODEL_MAGIC = 0x0A00ABCD
TOKENIZER_MAGIC = 0x567124
ARCHITECTURES = {"llama": 0xABCD00, "qwen3": 0xABCD01}
ROPE_TYPES = {"llama": 0, "qwen3": 1}  # neighbour pairs, half-split pairs
SILU, Q40 = 1, 2
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 values in 18 bytes

Weights = dict[str, np.ndarray]


def encode_q40(values: np.ndarray) -> bytes:
    blocks = values.astype(np.float32).reshape(-1, 32)
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]
    scale = largest / np.float32(-8)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    nibbles = np.clip(np.floor(blocks * inverse[:, None] + np.float32(8.5)), 0, 15).astype(np.uint8)
    packed = np.empty(len(blocks), BLOCK)
    packed["scale"] = scale
    packed["nibbles"] = nibbles[:, :16] | nibbles[:, 16:] << 4
    return packed.tobytes()


def decode_q40(data: bytes, shape: tuple[int, ...]) -> np.ndarray:
    packed = np.frombuffer(data, BLOCK)
    nibbles = np.concatenate([packed["nibbles"] & 15, packed["nibbles"] >> 4], axis=1).astype(np.float32)
    return ((nibbles - 8) * packed["scale"].astype(np.float32)[:, None]).reshape(shape)


def tensor_order(config: Config) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """(name, shape, stored as Q40) in the file's order."""
    q_rows, kv_rows = config.heads * config.head_dim, config.kv_heads * config.head_dim
    yield "embedding", (config.vocab, config.dim), False
    for layer in range(config.layers):
        yield f"{layer}.q", (q_rows, config.dim), True
        yield f"{layer}.k", (kv_rows, config.dim), True
        yield f"{layer}.v", (kv_rows, config.dim), True
        yield f"{layer}.wo", (config.dim, q_rows), True
        yield f"{layer}.w1", (config.hidden, config.dim), True
        yield f"{layer}.w2", (config.dim, config.hidden), True
        yield f"{layer}.w3", (config.hidden, config.dim), True
        if config.arch == "qwen3":
            yield f"{layer}.q_norm", (config.head_dim,), False
            yield f"{layer}.k_norm", (config.head_dim,), False
        yield f"{layer}.attention_norm", (config.dim,), False
        yield f"{layer}.ffn_norm", (config.dim,), False
    yield "final_norm", (config.dim,), False
    yield "output", (config.vocab, config.dim), True


def _header(magic: int, pairs: list[tuple[int, int]]) -> bytes:
    return struct.pack("<II", magic, 8 + 8 * len(pairs)) + b"".join(struct.pack("<ii", *pair) for pair in pairs)


def write_model(path: pathlib.Path, config: Config, weights: Weights) -> None:
    pairs = [
        (0, 0), (1, ARCHITECTURES[config.arch]), (2, config.dim), (3, config.hidden), (4, config.layers), (5, config.heads),
        (6, config.kv_heads), (7, 0), (8, 0), (9, config.vocab), (10, config.seq_len), (11, SILU),
        (12, config.rope_theta), (13, Q40), (18, ROPE_TYPES[config.arch]), (19, config.head_dim),
        (20, config.norm_eps_exponent),
    ]
    with path.open("wb") as file:
        file.write(_header(MODEL_MAGIC, pairs))
        for name, shape, is_q40 in tensor_order(config):
            weight = weights[name]
            if weight.shape != shape:
                raise ValueError(f"Cannot write {name}: its shape is {weight.shape}, not {shape}; check the config")
            file.write(encode_q40(weight) if is_q40 else weight.astype("<f4").tobytes())


def read_model(path: pathlib.Path) -> tuple[Config, Weights]:
    data = path.read_bytes()
    magic, size = struct.unpack_from("<II", data)
    if magic != MODEL_MAGIC:
        raise ValueError(f"Cannot read {path}: it does not begin as a .m file does; export it again")
    keys = dict(struct.iter_unpack("<ii", data[8:size]))
    config = Config(
        arch=next(name for name, number in ARCHITECTURES.items() if number == keys[1]),
        dim=keys[2], hidden=keys[3], layers=keys[4], heads=keys[5], kv_heads=keys[6], vocab=keys[9], seq_len=keys[10],
        rope_theta=keys[12], head_dim=keys[19], norm_eps_exponent=keys[20],
    )
    weights: Weights = {}
    at = size
    for name, shape, is_q40 in tensor_order(config):
        length = int(np.prod(shape)) // 32 * 18 if is_q40 else int(np.prod(shape)) * 4
        piece = data[at : at + length]
        weights[name] = decode_q40(piece, shape) if is_q40 else np.frombuffer(piece, "<f4").reshape(shape)
        at += length
    if at != len(data):
        raise ValueError(f"Cannot read {path}: it has {len(data)} bytes, not {at}; export it again")
    return config, weights


def write_tokenizer(
    path: pathlib.Path, pieces: list[bytes], scores: list[float], bos: int, eos: tuple[int, ...], add_bos: bool,
    template: str,
) -> None:
    template_bytes = template.encode()
    pairs = [
        (0, 1), (1, len(pieces)), (2, max(map(len, pieces))), (3, bos), (7, len(template_bytes)), (9, len(eos)),
        (10, int(add_bos)),
    ]
    with path.open("wb") as file:
        file.write(_header(TOKENIZER_MAGIC, pairs))
        file.write(template_bytes)
        file.write(struct.pack(f"<{len(eos)}i", *eos))
        for piece, score in zip(pieces, scores):
            file.write(struct.pack("<fI", score, len(piece)) + piece)


def read_tokenizer(path: pathlib.Path) -> tuple[list[bytes], list[float]]:
    """The pieces and scores (the rest of the header is for others)."""
    data = path.read_bytes()
    magic, size = struct.unpack_from("<II", data)
    if magic != TOKENIZER_MAGIC:
        raise ValueError(f"Cannot read {path}: it does not begin as a .t file does; export it again")
    keys = dict(struct.iter_unpack("<ii", data[8:size]))
    at = size + keys[7] + 4 * keys[9]
    pieces, scores = [], []
    for _ in range(keys[1]):
        score, length = struct.unpack_from("<fI", data, at)
        pieces.append(data[at + 8 : at + 8 + length])
        scores.append(score)
        at += 8 + length
    return pieces, scores
