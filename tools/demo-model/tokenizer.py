"""The two tokenizers: training them, encoding with them, and the chat marks of each family.

`LlamaTokenizer` follows Llama 2 (SentencePiece-like: characters, byte fallback, a dummy space before a text);
`QwenTokenizer` follows Qwen 3 (byte-level, split by its regular expression first).
In both, encoding merges the adjacent pair whose joined piece has the highest score, leftmost first.
Does not know: file layouts (see export.py) or what the texts are about.
"""

from __future__ import annotations

import collections
import functools
import json
import pathlib
from collections.abc import Iterable

import regex

from dialogue import Document

QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Merges are learnt inside these parts only: a word or a run of marks, each with at most one space in front.
# A line break is in none of them, so it always stays a byte token.
LLAMA_SPLIT = r" ?[A-Za-z]+| ?[^A-Za-z\s]+| "

LLAMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|user|>' + message['content'] | trim + '<|end|>' }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>' + message['content'] | trim + '<|end|>' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
QWEN_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def learn_merges(words: dict[tuple[bytes, ...], int], count: int) -> list[bytes]:
    """Byte-pair encoding: the `count` joined pieces in the order in which the most frequent pairs were joined."""
    words = dict(words)
    pieces: list[bytes] = []
    while len(pieces) < count:
        pairs: collections.Counter[tuple[bytes, bytes]] = collections.Counter()
        for word, frequency in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += frequency
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        joined = best[0] + best[1]
        if joined not in pieces:
            pieces.append(joined)
        merged: collections.Counter[tuple[bytes, ...]] = collections.Counter()
        for word, frequency in words.items():
            merged[_join(word, best)] += frequency
        words = merged
    return pieces


def _join(word: tuple[bytes, ...], pair: tuple[bytes, bytes]) -> tuple[bytes, ...]:
    result: list[bytes] = []
    for piece in word:
        if result and (result[-1], piece) == pair:
            result[-1] += piece
        else:
            result.append(piece)
    return tuple(result)


class Tokenizer:
    """What both families share: the vocabulary and the merging rule."""

    family: str
    specials: tuple[str, ...]  # recognised in a text, never made by merging
    add_bos: bool
    bos: int
    eos: tuple[int, ...]
    template: str

    def __init__(self, pieces: list[bytes], scores: list[float]):
        self.pieces, self.scores = pieces, scores
        self.special_ids = {text: pieces.index(text.encode()) for text in self.specials}
        self.mergeable = {piece: i for i, piece in enumerate(pieces) if self._may_merge(i)}
        self.encode_part = functools.lru_cache(maxsize=100_000)(self.merge)
        self._special_pattern = regex.compile("(" + "|".join(regex.escape(text) for text in self.specials) + ")")

    def _may_merge(self, token: int) -> bool:
        raise NotImplementedError

    def _start(self, text: str) -> list[int]:
        """The ids of a text before any merge."""
        raise NotImplementedError

    def split(self, text: str, starts: bool) -> list[str]:
        """Parts of a text without specials that merges cannot cross; `starts`: nothing came before it."""
        raise NotImplementedError

    def merge(self, text: str) -> tuple[int, ...]:
        ids = self._start(text)
        while True:
            best, best_at = None, -1
            for at in range(len(ids) - 1):
                joined = self.mergeable.get(self.pieces[ids[at]] + self.pieces[ids[at + 1]])
                if joined is not None and (best is None or self.scores[joined] > self.scores[best]):
                    best, best_at = joined, at
            if best is None:
                return tuple(ids)
            ids[best_at : best_at + 2] = [best]

    def encode(self, text: str) -> list[int]:
        """Ids of a text that may contain special marks; no bos is added."""
        ids: list[int] = []
        for index, segment in enumerate(self._special_pattern.split(text)):
            if segment in self.special_ids:
                ids.append(self.special_ids[segment])
            elif segment:
                for part in self.split(segment, starts=index == 0):
                    ids += self.encode_part(part)
        return ids

    def encode_document(self, document: Document) -> list[int]:
        """A whole training document with its beginning and its end."""
        raise NotImplementedError

    def chat_prompt(self, request: str) -> list[int]:
        """One user request, ready for the model's answer."""
        raise NotImplementedError

    def decode(self, ids: Iterable[int]) -> str:
        raise NotImplementedError

    def save(self, path: pathlib.Path) -> None:
        rows = [[piece.decode("latin-1"), score] for piece, score in zip(self.pieces, self.scores)]
        path.write_text(json.dumps({"family": self.family, "pieces": rows}))


class LlamaTokenizer(Tokenizer):
    family = "llama2"
    specials = ("<s>", "</s>", "<|user|>", "<|assistant|>", "<|end|>")
    add_bos, bos = True, 1
    template = LLAMA_TEMPLATE
    first_merge = 259

    def __init__(self, pieces: list[bytes], scores: list[float]):
        super().__init__(pieces, scores)
        self.eos = (self.special_ids["<|end|>"], self.special_ids["</s>"])

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> LlamaTokenizer:
        characters = [bytes([code]) for code in range(0x20, 0x7F)]
        added = [b"<|user|>", b"<|assistant|>", b"<|end|>"]
        words: collections.Counter[tuple[bytes, ...]] = collections.Counter()
        for text in texts:
            for part in regex.findall(LLAMA_SPLIT, " " + text):
                words[tuple(character.encode() for character in part)] += 1
        first = [b"<unk>", b"<s>", b"</s>"] + [b"<0x%02X>" % byte for byte in range(256)]
        merges = learn_merges(words, size - len(first) - len(characters) - len(added))
        ranked = merges + characters
        scores = [0.0] * len(first) + [-float(rank) for rank in range(len(ranked))] + [0.0] * len(added)
        return cls(first + ranked + added, scores)

    def _may_merge(self, token: int) -> bool:
        return token >= self.first_merge and self.pieces[token].decode() not in self.specials

    def _start(self, text: str) -> list[int]:
        ids: list[int] = []
        for character in text:
            whole = self.mergeable.get(character.encode())
            ids += [whole] if whole is not None else [3 + byte for byte in character.encode()]
        return ids

    def split(self, text: str, starts: bool) -> list[str]:
        # No piece reaches across these parts, so merging them apart gives the same ids as merging all at once.
        return regex.findall(LLAMA_SPLIT + r"|\s", " " + text if starts else text)

    def encode_document(self, document: Document) -> list[int]:
        if isinstance(document, str):
            return [self.bos] + self.encode(document) + self.encode("</s>")
        marks = [f"<|user|>{request}<|end|><|assistant|>{answer}<|end|>" for request, answer in document]
        return [self.bos] + self.encode("".join(marks))

    def chat_prompt(self, request: str) -> list[int]:
        return self.encode(f"<s><|user|>{request}<|end|><|assistant|>")

    def decode(self, ids: Iterable[int]) -> str:
        data = b"".join(bytes([i - 3]) if 3 <= i < self.first_merge else self.pieces[i] for i in ids)
        return data.decode(errors="replace")


class QwenTokenizer(Tokenizer):
    family = "qwen3"
    specials = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    add_bos = False
    template = QWEN_TEMPLATE

    def __init__(self, pieces: list[bytes], scores: list[float]):
        super().__init__(pieces, scores)
        self.bos = self.special_ids["<|endoftext|>"]
        self.eos = (self.special_ids["<|im_end|>"], self.special_ids["<|endoftext|>"])

    @classmethod
    def train(cls, texts: Iterable[str], size: int) -> QwenTokenizer:
        words: collections.Counter[tuple[bytes, ...]] = collections.Counter()
        for text in texts:
            for part in regex.findall(QWEN_SPLIT, text):
                words[tuple(bytes([byte]) for byte in part.encode())] += 1
        alphabet = [bytes([byte]) for byte in range(256)]
        pieces = alphabet + learn_merges(words, size - 256 - len(cls.specials)) + [s.encode() for s in cls.specials]
        return cls(pieces, [-float(rank) for rank in range(len(pieces))])

    def _may_merge(self, token: int) -> bool:
        return self.pieces[token] not in [special.encode() for special in self.specials]

    def _start(self, text: str) -> list[int]:
        return list(text.encode())

    def split(self, text: str, starts: bool) -> list[str]:
        return regex.findall(QWEN_SPLIT, text)

    def encode_document(self, document: Document) -> list[int]:
        if isinstance(document, str):
            return self.encode(document + "<|endoftext|>")
        turns = [
            f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n"
            for request, answer in document
        ]
        return self.encode("".join(turns))

    def chat_prompt(self, request: str) -> list[int]:
        return self.encode(f"<|im_start|>user\n{request}<|im_end|>\n<|im_start|>assistant\n")

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(self.pieces[i] for i in ids).decode(errors="replace")


def load_tokenizer(path: pathlib.Path) -> Tokenizer:
    data = json.loads(path.read_text())
    kind = LlamaTokenizer if data["family"] == "llama2" else QwenTokenizer
    return kind([piece.encode("latin-1") for piece, _ in data["pieces"]], [score for _, score in data["pieces"]])
