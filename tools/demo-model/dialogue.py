"""What users ask and what the model is to answer: requests for stories, small talk, whole conversations.

Knows: worlds and stories. Does not know: tokens or chat markup; a conversation is a list of (request, answer) pairs.
"""

from __future__ import annotations

import dataclasses
import random
import re

import plots
import stories
from stories import Character, World, fix_articles


@dataclasses.dataclass(frozen=True)
class Request:
    text: str
    subjects: tuple[str, ...]  # words that the story must mention


ABOUT = [
    "Tell me a story about {s}.", "Tell me a story about {s}.", "Tell me a story about {s}, please.",
    "Please tell me a story about {s}.", "Tell me a [short|little|nice|bedtime|funny|new] story about {s}.",
    "Write a story about {s}.", "Write a [short|little|bedtime|children's] story about {s}.",
    "Please write a [short |]story about {s}.", "Can you tell me a story about {s}?",
    "Could you tell me a [short |bedtime |]story about {s}?", "Can you write a story about {s}?",
    "Will you tell me a story about {s}?", "I would like a story with {s}, please.", "I would like a story about {s}.",
    "I want a story about {s}.", "I want to hear a story about {s}.", "A story about {s}, please.", "Story about {s}.",
    "A story with {s}.", "Tell me about {s}.", "Make up a story about {s}.", "Give me a story about {s}.",
    "Do you know a story about {s}?", "Tell a tale of {s}.", "Tell us a story about {s}.", "{s}", "Hello! Tell me a story about {s}.",
    "Hi, can you tell me a story about {s}?", "I'd like to hear a story with {s}.", "Write me a fairy tale about {s}.",
    "Tell the story of {s}.", "Tell me something about {s}.", "How about a story with {s}?", "Let us hear about {s}.",
]
ANYTHING = [
    "Tell me a story.", "Tell me a story, please.", "Please tell me a story.", "Write a story.", "Tell a story.",
    "Tell me a [short|bedtime|nice|funny|little] story.", "Can you tell me a story?", "Write a [short|little] story, please.",
    "I would like to hear a story.", "I am bored.", "A story, please.", "Do you know a good story?", "Once upon a time",
    "Surprise me.", "Story please", "I cannot sleep.", "Tell me something.",
]
AGAIN_ABOUT = [
    "Another one, about {s}.", "Now one about {s}.", "And now a story about {s}.", "Tell me one about {s}.",
    "One more, about {s}, please.", "Can I have one about {s}?", "Again, but with {s}.", "What about {s}?",
]
AGAIN_ANYTHING = [
    "Another one, please.", "Tell me another story.", "One more!", "Another story.", "Again!", "More!",
    "Nice. Tell me another one.",
]

ASK_ME = "[Ask me for|Would you like|Shall I tell you] a story about {thing}?"
SMALL_TALK: list[tuple[list[str], list[str]]] = [
    (
        ["Hello", "Hello!", "Hi", "Hi!", "Hi there!", "Hey", "Good morning!", "Good evening.", "Hello, how are you?"],
        ["Hello! I am a tiny storyteller. {ask}", "Hi! I tell little stories. {ask}"],
    ),
    (
        ["Who are you?", "What are you?", "What is your name?", "Tell me about yourself.", "What can you do?", "Help",
         "What do you do?", "Are you a robot?", "Are you an AI?", "Who made you?"],
        ["I am a tiny storyteller. I know only little stories. {ask}",
         "I am a very small model that tells stories. {ask}"],
    ),
    (["How are you?", "How do you do?", "Are you well?"], ["I am well, thank you. {ask}"]),
    (
        ["Thank you", "Thank you!", "Thanks", "Thanks!", "That was nice.", "Great!", "I liked that.", "Good story!"],
        ["You are welcome! [Just ask if you want another one.|Tell me when you want another story.]", "I am glad you liked it. {ask}"],
    ),
    (["Goodbye", "Bye", "Bye!", "Good night.", "Good night!", "See you later."],
     ["Goodbye! Come back when you want a story.", "Good night! Sleep well."]),
    (
        ["What is 2 + 2?", "What is the capital of France?", "How do I cook rice?", "What time is it?", "Why is the sky blue?",
         "Write a program.", "What is the meaning of life?", "Who is the president?", "How far is the moon?",
         "Translate this sentence.", "What is the weather today?", "How old are you?", "Can you help me with my homework?",
         "What is a computer?", "How many legs does a spider have?"],
        ["I am only a tiny storyteller, so I do not know that. {ask}", "I am afraid I know only little stories. {ask}"],
    ),
]


def _choose(templates: list[str], rng: random.Random) -> str:
    template = rng.choice(templates)
    return re.sub(r"\[([^\[\]]*)\]", lambda match: rng.choice(match[1].split("|")), template)


def _character(character: Character, rng: random.Random) -> tuple[str, list[str]]:
    """A way to ask for this character, and the words the story must then contain."""
    bare = dataclasses.replace(character, trait="", name="")
    named = dataclasses.replace(character, trait="")
    options: list[tuple[str, list[str]]] = [(bare.phrase(), [character.kind])] * 6
    if character.trait:
        options += [(character.phrase(with_name=""), [character.trait, character.kind])] * 4
    if character.name:
        options += [(named.phrase(with_name=rng.choice(("named", "called"))), [character.kind, character.name])] * 2
        options += [(f"{character.name} the {character.kind}", [character.kind, character.name])]
    return rng.choice(options)


def _thing(world: World, rng: random.Random) -> tuple[str, list[str]]:
    if rng.random() < 0.65:
        return world.thing.phrase, [world.thing.look, world.thing.noun]
    return f"a {world.thing.noun}", [world.thing.noun]


def _plural(noun: str) -> str:
    irregular = {"mouse": "mice", "goose": "geese", "fish": "fish", "sheep": "sheep", "deer": "deer", "wolf": "wolves",
                 "elf": "elves", "child": "children", "man": "men", "woman": "women", "snowman": "snowmen",
                 "fisherman": "fishermen", "postman": "postmen", "firefly": "fireflies", "witch": "witches", "moose": "moose"}
    if noun in irregular:
        return irregular[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _subject_phrase(world: World, story: str, rng: random.Random) -> tuple[str, list[str]]:
    """Some of what the story is about, as a phrase that follows "a story about"."""
    hero, hero_words = _character(world.hero, rng)
    friend, friend_words = _character(world.friend, rng)
    thing, thing_words = _thing(world, rng)
    place_word = world.place.split()[-1]
    themes = [theme for theme in plots.PLOTS[world.plot][0] if theme[1] in story]
    shape = rng.choices(
        ("hero", "hero+thing", "hero+friend", "thing", "place", "hero+place", "theme", "hero+theme", "names", "three", "plural"),
        (15, 26, 16, 7, 3, 6, 4, 3, 2, 22, 2),
    )[0]
    if shape == "hero+thing":
        link = rng.choice((" and ", " and ", " and ", " with ", " who has ", " who finds "))
        return hero + link + thing, hero_words + thing_words
    if shape == "hero+friend":
        link = rng.choice((" and ", " and ", " and ", " who meets "))
        return hero + link + friend, hero_words + friend_words
    if shape == "thing":
        return thing, thing_words
    if shape == "place":
        return world.place, [place_word]
    if shape == "hero+place":
        return hero + rng.choice((" ", " who lives ")) + world.where, hero_words + [place_word]
    if shape == "theme" and themes:
        theme, word = rng.choice(themes)
        return theme, [word]
    if shape == "hero+theme" and themes:
        theme, word = rng.choice(themes)
        return f"{hero} and {theme}", hero_words + [word]
    if shape == "names" and world.hero.name and world.friend.name:
        return f"{world.hero.name} and {world.friend.name}", [world.hero.name, world.friend.name]
    if shape == "three":
        parts = [(hero, hero_words), (friend, friend_words), (thing, thing_words)]
        return f"{parts[0][0]}, {parts[1][0]} and {parts[2][0]}", hero_words + friend_words + thing_words
    if shape == "plural":
        return _plural(world.hero.kind), [world.hero.kind]
    return hero, hero_words


def _dress(text: str, rng: random.Random) -> str:
    """People type sloppily: sometimes all lower-case, sometimes without the last mark."""
    text = fix_articles(text[0].upper() + text[1:])
    if rng.random() < 0.15:
        text = text.rstrip(".!")
    return text.lower() if rng.random() < 0.12 else text


def ask_about(world: World, story: str, rng: random.Random, again: bool = False) -> Request:
    """A request that names some of the story's subjects."""
    phrase, subjects = _subject_phrase(world, story, rng)
    template = _choose(AGAIN_ABOUT if again else ABOUT, rng)
    return Request(_dress(template.replace("{s}", phrase), rng), tuple(subjects))


def _question_about(world: World, rng: random.Random) -> tuple[str, str]:
    """A question that only the story just told can answer; it makes the model look far back."""
    hero, thing = world.hero, world.thing
    options = [
        (f"Where did the {hero.kind} live?", f"The {hero.kind} lived {world.where}."),
        (f"What did the {thing.noun} look like?", f"It was a {thing.look} {thing.noun}."),
    ]
    for character in (hero, world.friend):
        if character.name:
            options += [
                (f"What was the name of the {character.kind}?", f"The {character.kind} was named {character.name}."),
                (f"Who was {character.name}?", f"{character.name} was a {character.kind} in the story."),
            ]
    question, answer = rng.choice(options)
    return question, fix_articles(answer)


def small_talk(rng: random.Random) -> tuple[str, str]:
    questions, answers = rng.choice(SMALL_TALK)
    world = stories.random_world(rng)
    thing = rng.choice((world.hero.phrase(with_name=""), f"a {world.hero.kind} and {world.thing.phrase}"))
    ask = _choose([ASK_ME], rng).replace("{thing}", thing)
    if ask.startswith("Ask"):
        ask = ask[:-1] + "."
    return _dress(rng.choice(questions), rng), fix_articles(_choose(answers, rng).replace("{ask}", ask))


def conversation(rng: random.Random, max_turns: int, invent: float) -> list[tuple[str, str]]:
    """Some (request, answer) pairs, mostly stories."""
    turns = rng.choices(range(1, max_turns + 1), [0.45**i for i in range(max_turns)])[0]
    pairs: list[tuple[str, str]] = []
    last_world: World | None = None
    for turn in range(turns):
        roll = rng.random()
        if roll < (0.05 if turn == 0 else 0.10):
            pairs.append(small_talk(rng))
        elif last_world and roll < 0.25:
            pairs.append(_question_about(last_world, rng))
        elif roll > 0.92:
            last_world = stories.random_world(rng)
            pairs.append((_dress(_choose(AGAIN_ANYTHING if turn else ANYTHING, rng), rng), stories.tell(last_world, rng)))
        else:
            last_world = stories.random_world(rng, invent)
            story = stories.tell(last_world, rng)
            pairs.append((ask_about(last_world, story, rng, again=turn > 0 and rng.random() < 0.7).text, story))
    return pairs


Document = str | list[tuple[str, str]]


def document(rng: random.Random, max_turns: int, invent: float = 0.04) -> Document:
    """A raw story (no chat) or a conversation; `invent` is the share of asked subjects that are made-up words."""
    if rng.random() < 0.2:
        return stories.tell(stories.random_world(rng), rng)
    return conversation(rng, max_turns, invent)
