"""The story world's vocabulary: who, what, where. Data only; no grammar and no randomness."""

from __future__ import annotations

ANIMALS = """cat dog fox rabbit bear mouse frog owl duck goat sheep pig horse pony donkey hedgehog squirrel turtle
snail bee ant beetle butterfly ladybug spider crow robin sparrow goose swan peacock penguin parrot monkey elephant lion
tiger wolf deer moose beaver otter badger raccoon mole bat lizard crab kangaroo koala panda camel zebra giraffe hippo
crocodile lamb kitten puppy dragonfly caterpillar seal hamster raven pigeon cricket worm chicken toad
rat whale dolphin octopus fish snake cub""".split()

FANTASY = "dragon robot unicorn fairy giant ghost elf gnome troll alien dinosaur monster".split()

# Kinds whose word decides the pronoun.
FEMALE_KINDS = "girl princess queen witch mermaid grandmother woman mother sister hen cow".split()
MALE_KINDS = "boy prince king wizard grandfather man snowman fisherman father brother rooster".split()

PEOPLE = """farmer baker sailor gardener painter teacher doctor shepherd miller blacksmith cook tailor knight pirate
astronaut musician dancer clown inventor child postman librarian""".split()

TRAITS = """little small young brave curious shy clever sleepy gentle quiet cheerful lonely hungry kind proud lazy funny
tiny grumpy friendly silly big old""".split()

YOUNG_KINDS = "child girl boy kitten puppy cub lamb princess prince".split()  # never "old"
FLYING_KINDS = """owl duck bee beetle butterfly ladybug crow robin sparrow goose swan peacock parrot bat rooster dragonfly
raven pigeon chicken hen cricket dragon fairy witch ghost""".split()  # these need not dream of flying

FEMALE_NAMES = """Mia Lily Anna Zoe Ella Rosa Nora Lucy Ruby Ivy Clara Emma Maya Lulu Daisy Bella Hana Mina Olive Poppy
Tilly Nina Sofia Alice Eva Grace Hazel Jane Kiki Lola Molly Nell Penny Sara Tara Vera Wendy Yuna Amy Bonnie Coco Dora
Flora Greta Heidi Ida June Luna Sue Momo Fern Willow""".split()

MALE_NAMES = """Tom Ben Max Sam Leo Jack Finn Oscar Hugo Milo Pip Toby Otto Theo Noah Felix Bruno Rolf Karl Dan Tim Bob Gus
Ned Ollie Peter Paul Rex Sid Ted Victor Walter Yuri Zack Adam Barney Charlie Dexter Emil Frank George Henry Ivan Joe
Kenji Louis Minho Nico Rufus Jasper""".split()

# Everyday things that can be lost, found, given and carried.
THINGS = """ball kite hat bell key box book drum lantern boat cup spoon ring button scarf basket bottle blanket umbrella
coin shell feather stone doll whistle map candle mirror rope bag pillow clock flute shoe sock glove coat ribbon toy
balloon pencil brush bucket broom wagon bicycle train crown necklace letter picture flag guitar violin trumpet ladder
hammer lamp jar pot plate chair cart wheel marble teapot sled top puppet mask star car hoop net bowl watch wand sword
shield truck rocket camera telescope compass mitten boot bead acorn egg flower leaf seed rose pumpkin""".split()
FOODS = """cake apple pie cookie carrot pear plum peach melon nut berry cherry pancake sandwich bun banana orange
muffin lemon""".split()

COLOURS = """red blue green yellow golden silver white black purple orange pink brown grey""".split()
LOOKS = """wooden shiny tiny big old new round striped soft glass paper magic lucky small broken
beautiful strange""".split()
FOOD_LOOKS = "big sweet fresh warm round red green yellow tiny lovely juicy golden".split()

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
