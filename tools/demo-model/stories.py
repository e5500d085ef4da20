"""Invents story worlds and tells them.

Knows: the words, the plots and how to fill a template. Does not know: requests, chats or tokens.
Everything random comes from the `random.Random` that the caller hands in, so a seed decides a story.
"""

from __future__ import annotations

import dataclasses
import random
import re
import zlib

import plots
import words


@dataclasses.dataclass(frozen=True)
class Character:
    kind: str  # "cat"
    trait: str  # "shy", or "" for none
    name: str  # "Pip", or "" for none
    female: bool

    def phrase(self, with_trait: bool = True, with_name: str = "named") -> str:
        """"a shy cat named Pip"; `with_name` is the linking word, or "" to leave the name out."""
        parts = [self.trait if with_trait else "", self.kind]
        text = "a " + " ".join(part for part in parts if part)
        return f"{text} {with_name} {self.name}" if with_name and self.name else text


@dataclasses.dataclass(frozen=True)
class Thing:
    noun: str
    look: str

    @property
    def phrase(self) -> str:
        return f"a {self.look} {self.noun}"


@dataclasses.dataclass(frozen=True)
class World:
    """All that a story is about. Each of these is mentioned by every telling of it."""

    hero: Character
    friend: Character
    thing: Thing
    where: str
    place: str
    plot: str


def held_out(first: str, second: str) -> bool:
    """Whether the two words may never meet in a training story (about one pair in twelve)."""
    return zlib.crc32("+".join(sorted((first, second))).encode()) % 12 == 0


def invented_word(rng: random.Random) -> str:
    """A word nobody has seen: with these, copying the asked subject is learnt, not just a list of nouns."""
    onsets = "b bl br c ch cl d dr f fl g gl gr h j k l m n p pl pr r s sh sl sn sp st t th tr v w y z".split()
    vowels = "a e i o u ai ee oa oo".split()
    codas = ["", "", "n", "m", "r", "l", "t", "ck", "sh", "nd", "mp", "p", "b", "g"]
    syllables = rng.choice((1, 2, 2, 3))
    return "".join(rng.choice(onsets) + rng.choice(vowels) + rng.choice(codas) for _ in range(syllables))


def random_character(rng: random.Random, invent: float) -> Character:
    group = rng.choices(("animal", "person", "gendered", "fantasy"), (58, 16, 16, 10))[0]
    female = rng.random() < 0.5
    if rng.random() < invent:
        kind = invented_word(rng)
    elif group == "animal":
        kind = rng.choice(words.ANIMALS)
    elif group == "person":
        kind = rng.choice(words.PEOPLE)
    elif group == "fantasy":
        kind = rng.choice(words.FANTASY)
    else:
        kinds = words.FEMALE_KINDS if female else words.MALE_KINDS
        kind = rng.choice(kinds[:1] * 8 + kinds)  # girls and boys are asked for most
    trait = rng.choice(words.TRAITS) if rng.random() < 0.5 else ""
    if trait == "old" and kind in words.YOUNG_KINDS:
        trait = "young"
    if rng.random() < invent:
        name = invented_word(rng).capitalize()
    else:
        name = rng.choice(words.FEMALE_NAMES if female else words.MALE_NAMES) if rng.random() < 0.88 else ""
    return Character(kind, trait, name, female)


def random_thing(rng: random.Random, invent: float) -> Thing:
    if rng.random() < invent:
        return Thing(invented_word(rng), rng.choice(words.COLOURS + words.LOOKS))
    if rng.random() < 0.14:
        return Thing(rng.choice(words.FOODS), rng.choice(words.FOOD_LOOKS))
    return Thing(rng.choice(words.THINGS), rng.choice(words.COLOURS if rng.random() < 0.6 else words.LOOKS))


def random_world(rng: random.Random, invent: float = 0.0, want_held_out: bool = False) -> World:
    """A world whose pairs are all allowed in training; or, for the test, one whose pairs are all held out."""
    hero = random_character(rng, invent)
    while True:
        friend, thing = random_character(rng, invent), random_thing(rng, invent)
        if friend.kind == hero.kind or (friend.name and friend.name == hero.name):
            continue
        pairs = [(hero.kind, friend.kind), (hero.kind, thing.noun)]
        if all(held_out(*pair) == want_held_out for pair in pairs):
            break
        if want_held_out and rng.random() < 0.01:
            hero = random_character(rng, invent)  # this hero may have no held-out partner
    where, place = rng.choice(words.PLACES)
    plot = rng.choice([plot for plot in plots.PLOTS if plot != "fly" or hero.kind not in words.FLYING_KINDS])
    return World(hero, friend, thing, where, place, plot)


_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\^?)(\w+)\}")


def _pronouns(character: Character, prefix: str) -> dict[str, str]:
    he, him, his, himself = ("she", "her", "her", "herself") if character.female else ("he", "him", "his", "himself")
    return {f"{prefix}he": he, f"{prefix}him": him, f"{prefix}his": his, f"{prefix}himself": himself}


def _reference(character: Character, rng: random.Random, opens: bool) -> str:
    """The name or "the cat". What opens a paragraph has no space before it, and names are tokens with a space."""
    return character.name if character.name and not opens and rng.random() < 0.8 else f"the {character.kind}"


def _introduction(character: Character, rng: random.Random) -> str:
    return character.phrase(with_name=rng.choice(("named", "named", "called")))


def fix_articles(text: str) -> str:
    """Turns "a" into "an" before a vowel's sound."""
    return re.sub(r"\b([Aa]) (?=[aeiou](?!ni|se))", r"\1n ", text)


def fill(template: str, world: World, rng: random.Random) -> str:
    """One sentence or a few, from a template, with capitals and articles right and a full stop at the end."""
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    thing = world.thing
    slots = {
        "hero_intro": _introduction(world.hero, rng),
        "friend_intro": _introduction(world.friend, rng),
        "an_obj": thing.phrase,
        "noun": thing.noun,
        "where": world.where,
        "place": world.place,
        "q": '"',
    } | _pronouns(world.hero, "") | _pronouns(world.friend, "f")

    def slot(match: re.Match[str]) -> str:
        if match[2] in ("H", "F"):
            value = _reference(world.hero if match[2] == "H" else world.friend, rng, opens=match.start() == 0)
        elif match[2] == "obj":
            value = f"the {thing.look} {thing.noun}" if rng.random() < 0.5 else f"the {thing.noun}"
        else:
            value = slots[match[2]]
        return value[0].upper() + value[1:] if match[1] else value

    text = fix_articles(_SLOT.sub(slot, template))
    text = re.sub(r"(^\"?|[.!?] )([a-z])", lambda match: match[1] + match[2].upper(), text)
    if text.endswith('"'):
        return text if text[-2] in ".!?" else text[:-1] + '."'
    return text if text[-1] in ".!?" else text + "."


def tell(world: World, rng: random.Random) -> str:
    """The story of a world in two to four paragraphs of about 80 to 200 words."""
    _, beats = plots.PLOTS[world.plot]
    opening = [fill(rng.choice(plots.OPENINGS), world, rng)]
    if rng.random() < 0.5:
        opening.append(fill(rng.choice(plots.HABITS), world, rng))
    sentences = [fill(rng.choice(beat), world, rng) for beat in beats]
    ending = [sentences.pop()]
    if rng.random() < 0.7:
        ending.append(fill(rng.choice(plots.ENDINGS), world, rng))
    cut = rng.choice((2, 3))
    paragraphs = [opening + sentences[:1], sentences[1:cut + 1], sentences[cut + 1:], ending]
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs if paragraph)
