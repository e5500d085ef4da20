"""The story world's vocabulary: who, what, where. Data only; no grammar and no randomness."""

from __future__ import annotations

ANIMALS = """cat dog fox rabbit bear mouse frog owl duck goat sheep pig horse donkey hedgehog squirrel turtle snail bee ant
butterfly spider crow goose penguin parrot monkey elephant lion tiger wolf deer beaver badger bat crab panda camel
giraffe lamb kitten puppy snake fish whale crocodile mole bird""".split()

FANTASY = "dragon robot unicorn fairy giant ghost elf dinosaur monster alien".split()

# Kinds whose word decides the pronoun.
FEMALE_KINDS = "girl princess queen witch mermaid grandmother mother hen cow".split()
MALE_KINDS = "boy prince king wizard grandfather father".split()

PEOPLE = "farmer baker sailor teacher doctor knight pirate gardener clown cook astronaut child".split()

TRAITS = """little small young brave curious shy clever sleepy kind proud lonely hungry old friendly funny tiny big""".split()

YOUNG_KINDS = "child girl boy kitten puppy lamb princess prince".split()  # never "old"
# These need not dream of flying.
FLYING_KINDS = "owl duck bee butterfly crow goose parrot bat hen bird dragon fairy witch ghost".split()

FEMALE_NAMES = """Mia Lily Anna Zoe Ella Rosa Nora Lucy Ruby Emma Lulu Daisy Bella Alice Molly Luna Momo Olive Clara Nina Poppy
Tilly""".split()

MALE_NAMES = """Tom Ben Max Sam Leo Jack Finn Oscar Hugo Milo Pip Toby Otto Theo Felix Bruno Tim Bob Gus Ned Peter Charlie""".split()

# Everyday things that can be lost, found, given and carried.
THINGS = """ball kite hat bell key box book drum lantern boat cup spoon ring basket blanket umbrella coin shell feather stone doll
whistle map candle mirror rope clock flute shoe scarf balloon bucket wagon bicycle crown necklace letter flag guitar
trumpet lamp pot chair cart marble sled star watch sword rocket egg flower pumpkin train bottle coat button bag""".split()
FOODS = "cake apple pie cookie carrot pear banana berry".split()

COLOURS = "red blue green yellow golden silver white black purple brown pink orange".split()
LOOKS = "wooden shiny tiny big old new round magic".split()
FOOD_LOOKS = "big sweet fresh red green yellow golden".split()

# (where it happens, how the story calls it later)
PLACES = [
    ("in the forest", "the forest"), ("in a forest", "the forest"), ("by the sea", "the sea"),
    ("by the river", "the river"), ("on an island", "the island"), ("on a farm", "the farm"),
    ("in a castle", "the castle"), ("on the moon", "the moon"), ("in the city", "the city"),
    ("in a village", "the village"), ("in a garden", "the garden"), ("in the mountains", "the mountains"),
    ("in the jungle", "the jungle"), ("in the desert", "the desert"), ("by a lake", "the lake"),
    ("in a meadow", "the meadow"), ("in the park", "the park"), ("in a cave", "the cave"),
    ("on a hill", "the hill"), ("in a valley", "the valley"), ("by a pond", "the pond"), ("at the beach", "the beach"),
    ("in the woods", "the woods"), ("near a bridge", "the bridge"), ("in a lighthouse", "the lighthouse"),
    ("on a ship", "the ship"), ("in a big house", "the house"), ("in a town", "the town"),
    ("near the school", "the school"), ("by the market", "the market"), ("in a tower", "the tower"),
    ("in an old mill", "the mill"),
]

# What a user may ask for. The tokenizer is made to hold each as one piece: the model then finds and repeats it in one
# look; words cut in pieces are copied too, but were learnt far more slowly.
SUBJECTS = sorted({
    *ANIMALS, *FANTASY, *FEMALE_KINDS, *MALE_KINDS, *PEOPLE, *TRAITS, *FEMALE_NAMES, *MALE_NAMES, *THINGS, *FOODS,
    *COLOURS, *LOOKS, *FOOD_LOOKS,
})
