"""The plots: for each, its beats in order, and for each beat the ways to tell it. Data only.

Template language: `[a|b]` chooses (and nests), `{slot}` is filled from the cast, `{^slot}` is filled and capitalised.
Slots: H/F hero and friend by name or as "the cat"; he him his / fhe fhim fhis their pronouns; hero_intro/friend_intro
"a shy cat named Pip"; hkind/fkind "cat"; an_obj "a red ball", obj "the red ball" or "the ball", noun "ball"; where
"in the forest"; place "the forest". A beat that starts with "?" is told only sometimes.
A pronoun is used only where its owner is the last one named, so that it stays clear whose it is.
"""

from __future__ import annotations

OPENINGS = [
    "Once upon a time, there was {hero_intro} who lived {where}",
    "Once upon a time, {hero_intro} lived {where}",
    "Once upon a time, {where}, there lived {hero_intro}",
    "Once there was {hero_intro} who lived {where}",
    "There once [was|lived] {hero_intro}. {^his} home was {where}",
    "Long ago, {hero_intro} lived {where}",
    "[Far away|A long time ago], {where}, there was {hero_intro}",
    "[One|On a] [sunny|windy|foggy|cold|warm|bright|rainy] morning, {hero_intro} [went for a walk|was out walking|sat] {where}",
    "This is the story of {hero_intro} who lived {where}",
    "{^where}, there lived {hero_intro}",
]

HABITS = [
    "{^he} liked to [sing|dance|count the clouds|watch the birds|tell jokes|look at the stars|sleep in the sun|splash in puddles]",
    "Every [morning|evening|day], {he} [hummed a little song|went for a long walk|drank a cup of tea|looked for new friends|said hello to the sun]",
    "Everyone [knew|liked] {him}, for {he} was always [kind|full of ideas|ready to laugh|ready to help]",
    "{^he} was [very|always] [curious|busy|cheerful] and never sat still for long",
]

ENDINGS = [
    "That night, {H} fell asleep with a [big|happy|little] smile",
    "From that day on, {H} and {F} were the best of friends",
    "And {H} never forgot that [day|lesson]",
    "{^H} and {F} laughed all the way home",
    "When the [moon|stars] came out, {H} and {F} were still [laughing|talking|singing]",
    "They told the story [again and again|for many years], and it always made them [smile|laugh]",
    "And so the day that began so [badly|quietly|strangely] ended very well",
    "Then they sat together and watched the [sun go down|stars come out]",
    "And if you go there [today|at night], you may still hear them laughing",
    "{^H} went home [tired but happy|with a warm heart|singing a happy song]",
]

MEETING = [
    "[Then|Just then|Soon], {friend_intro} came [by|along|down the path]",
    "Along the way, {he} met {friend_intro}",
    "Not far away, {he} [saw|met] {friend_intro}",
    "Then {friend_intro} [looked out from behind a rock|heard the noise and came to look]",
]

FRIENDSHIP = [
    "{^his} best friend was {friend_intro}",
    "Next door lived {friend_intro}, and the two did everything together",
    "{^he} had a good friend, {friend_intro}",
    "{^H} often played with {friend_intro}",
]

# name -> (themes that a request may ask for, each with the word the story then contains; beats)
PLOTS: dict[str, tuple[list[tuple[str, str]], list[list[str]]]] = {
    "lost": (
        [("something that gets lost", "lost"), ("finding a lost thing", "lost")],
        [
            [
                "{^he} had {an_obj} and took it everywhere",
                "The thing {he} loved most was {an_obj}",
                "For {his} birthday, {he} had been given {an_obj}",
            ],
            [
                "But one [day|morning], {obj} was [gone|lost]. {^H} looked under the bed and behind the door, but it was lost",
                "One day {he} came home and saw that the {noun} was lost. {^H} [began to cry|felt very sad|did not know what to do]",
                "Then one windy afternoon, {he} could not find it anywhere. The {noun} was lost",
            ],
            MEETING,
            [
                '"Why are you so sad?" asked {F}. "I have lost my {noun}," said {H}. "I will help you look," said {F}',
                '"Please help me," said {H}. "My {noun} is lost." {^F} [nodded|thought for a while]. "Two can see more than one," {fhe} said',
                '"What are you looking for?" {F} asked. "My {noun}," said {H}. "It was here this morning!"',
            ],
            [
                "They looked [in the tall grass|under the old bench|behind every tree], but found only [a rusty nail|an old shoe|some dry leaves]",
                "First they looked [by the well|under the bushes|in the hay]. Then they looked [behind the wall|under the stairs|near the gate]",
                "They searched until the sun was low. {^H} wanted to give up, but {F} would not stop",
            ],
            [
                'Then {F} [pointed|looked up]. "Is that it?" There was {obj}, [stuck in a tree|behind a big stone|half hidden in the leaves]',
                'At last {H} saw something [odd|familiar|strange] under a bush. It was {obj}! "You found it!" cried {F}',
                'All at once {F} shouted, "Here it is!" {^fhe} had found {obj} [under a pile of leaves|next to the old well]',
            ],
            [
                '"Thank you," said {H}, and hugged {fhim}. "I could not have found it alone"',
                '{^H} held the {noun} tight. "From now on, it is ours," {he} said. "We will share it"',
                "{^H} was so happy that {he} danced in a circle, and {F} danced too",
            ],
        ],
    ),
    "quarrel": (
        [("a quarrel", "quarrel"), ("two friends who quarrel", "quarrel"), ("sharing", "share")],
        [
            FRIENDSHIP,
            [
                "One day they found {an_obj} lying on the ground",
                "One [sunny|grey|windy] day, the two friends saw {an_obj} on the path",
                "One morning they both [ran to|reached for] {an_obj} that someone had left behind",
            ],
            [
                '"I saw it first!" [said|cried] {H}. "No, I did!" [said|cried] {F}, and the quarrel began',
                '"It is mine!" said {H}. "No, it is mine!" said {F}. It was a [loud|long|silly] quarrel',
                "Both of them wanted to keep it. They pulled and shouted, and soon they had a real quarrel",
            ],
            [
                "In the end, {H} went home with {obj}, but playing alone was no fun. {^he} felt [sad|lonely|sorry]",
                "{^F} walked away angry. {^H} sat down with the {noun} and felt [very small|lonely|a lump in {his} throat]",
                "They went home without a word. That night {H} could not sleep, for {he} missed {his} friend",
            ],
            [
                '[The next day|In the morning], {H} knocked on the door. "I am sorry," {he} said. "You are more important than a {noun}"',
                '[The next day|After a while], {H} went to find {F}. "I was wrong," {he} said. "Please take the {noun}"',
            ],
            [
                '"I am sorry too," said {F}. "We can share it"',
                '{^F} smiled. "I was silly as well. Let us share it: you in the morning and I in the afternoon"',
                '"Let us share it," said {F}, and they shook hands',
            ],
            [
                "So they played with {obj} together, and it was twice as much fun",
                "After that, the {noun} belonged to both of them, and there was never another quarrel about it",
            ],
        ],
    ),
    "wish": (
        [("a wish", "wish"), ("a wish that comes true", "wish")],
        [
            [
                "{^he} had only one wish: {an_obj}",
                "More than anything, {he} wished for {an_obj}",
                "Every night {he} looked at the sky and made a wish for {an_obj}",
            ],
            [
                "But {he} had no money, and the shop was far away",
                "But nobody there had ever seen one",
                "But each morning there was nothing at the door but [rain|dust|a few leaves]",
            ],
            [
                "One [day|evening], {he} met {friend_intro} who was [caught under a heavy branch|lost in the fog|too tired to walk]",
                "One cold evening, {friend_intro} knocked at the door and asked for a warm place to sleep",
                "One day {he} saw {friend_intro} who had fallen into a hole",
            ],
            [
                '{^H} did not think of {his} wish. {^he} [ran to help|helped at once] and shared {his} [bread|soup|last biscuit] with {F}',
                '"Let me help you," said {H}, and {he} did not ask for anything in return',
            ],
            [
                '"You have a good heart," said {F}. "Tell me, what is your wish?" {^H} whispered it in {fhis} ear',
                '"Thank you," said {F}. "Now close your eyes and make a wish." {^H} closed {his} eyes and thought of a {noun}',
            ],
            [
                "The next morning, there was {an_obj} in front of the door",
                "When {H} looked again, there it was: {an_obj}, just as in {his} dreams",
                "{^F} smiled and took {an_obj} out of a [bag|sack|small box]. The wish had come true",
            ],
            [
                "{^H} jumped for joy. But best of all, {he} now had a friend",
                '"A {noun} is nice," said {H}, "but a friend to share it with is nicer"',
            ],
        ],
    ),
    "fear": (
        [("being brave", "brave"), ("someone who is afraid", "afraid"), ("being afraid of the dark", "dark")],
        [
            [
                "But {he} had a secret: {he} was afraid of the dark",
                "{^he} was not afraid of [rain|wind|spiders], but {he} was very afraid of the dark",
                "When the sun went down, {he} hid under a blanket, because {he} was afraid of the dark",
            ],
            FRIENDSHIP,
            [
                "One night, {F} did not come home. {^fhe} had gone to look for {an_obj} and was still out in the dark",
                "One evening {F} went out to fetch {an_obj} and did not come back",
                "One night {H} heard {F} calling for help from far away. {^F} had gone out to look for {an_obj}",
            ],
            [
                "{^H} shook from head to toe. But {he} thought of {his} friend, took a deep breath and stepped out into the dark",
                '"I am afraid," {H} whispered, "but my friend needs me." And {he} went out into the dark',
            ],
            [
                "[The wind howled|A branch cracked|Something rustled] and {his} heart beat fast. It was only [a leaf|an old gate|a sleepy bird]",
                "[Two eyes|A light] shone in front of {him}. {^he} almost ran away, but it was only [the moon in a puddle|a firefly]",
                "{^he} sang a little song to be brave, and step by step the dark felt smaller",
            ],
            [
                'There was {F}, sitting on a stone with {obj}. "You came for me!" said {F}. "How brave you are!"',
                'At last {he} found {F} and {obj}. "You are the brave one tonight," said {F}',
            ],
            [
                "They walked home [side by side|slowly], and {H} saw how many stars there were",
                '"Being brave," said {H}, "means to be afraid and to go all the same"',
                "Since then, {H} has been able to sleep without a light",
            ],
        ],
    ),
    "trick": (
        [("a trick", "trick"), ("a clever trick", "trick")],
        [
            [
                "{^he} had {an_obj}, and {he} was very proud of it",
                "{^he} was the owner of {an_obj} that everyone wanted",
            ],
            [
                "Nearby lived {friend_intro}, who loved to play a trick on others",
                "One day {friend_intro} came to visit and had a trick in mind",
            ],
            [
                '"Look, there is a cow in the sky!" said {F}. {^H} looked up, and {F} [ran off with|quickly took] {obj}',
                '"Close your eyes and count to ten," said {F}. When {H} opened {his} eyes, {obj} was gone',
                '"I can make your {noun} vanish," said {F}. {^H} laughed, but a moment later the {noun} was really gone',
            ],
            [
                "{^H} was [angry|upset] at first. Then {he} had an idea",
                "{^H} did not shout. {^he} sat down and thought, and soon {he} had a plan",
            ],
            [
                '"What a pity," {he} said loudly. "The {noun} only works with a secret song." {^F} came closer. "What song?" {fhe} asked',
                '{^he} put a big empty box on the path and wrote on it: Do not open. {^F} could not wait, climbed inside, and the lid fell shut',
                '{^he} baked a cake that smelled very good. Soon {F} came out of {fhis} hiding place with the {noun} under one arm',
            ],
            [
                '"Now I have tricked you too," said {H}. They looked at each other and began to laugh',
                '"You win," said {F} and gave back {obj}. "That was a better trick than mine"',
            ],
            [
                "They shook hands and promised: no more tricks among friends",
                "After that, {F} played {fhis} tricks only on [the first day of April|Sundays], and always gave everything back",
            ],
        ],
    ),
    "gift": (
        [("a gift", "gift"), ("a birthday", "birthday"), ("a birthday gift", "birthday"), ("a present", "gift")],
        [
            FRIENDSHIP,
            [
                "Soon it would be the birthday of {F}, and {H} wanted to find the best gift of all",
                "{^F} had a birthday the next day, but {H} had no gift yet",
            ],
            [
                "{^he} looked in every shop, but everything cost too much",
                "{^he} thought of [flowers|honey|a song], but it did not seem good enough",
                "{^he} asked everyone for ideas, and everyone said something else",
            ],
            [
                "Then {he} saw {an_obj} in a [shop window|quiet corner|little shop]. It did not cost much, but {he} liked it at once",
                "So {he} walked all night to the next town, and came back with {an_obj}",
                "At last {he} swapped {his} own [coat|lunch|best chair] for {an_obj}",
            ],
            [
                "On the birthday, {H} was nervous. The other gifts were so much bigger",
                "The next day, {H} put the gift on the table and hardly dared to look",
            ],
            [
                '{^F} opened it, and {fhis} eyes grew wide. "It is the best gift I have ever had!" {fhe} said',
                '"Did you do this for me?" asked {F}. {^fhe} held up {obj} so that everyone could see the gift',
            ],
            [
                '"It is only a {noun}," said {H}. "No," said {F}. "It is a {noun} from a friend"',
                "They ate a big birthday cake and played with the {noun} until it was dark",
            ],
        ],
    ),
    "storm": (
        [("a storm", "storm"), ("bad weather", "storm"), ("a big storm", "storm")],
        [
            [
                "{^he} had just finished {his} breakfast when the sky turned black",
                "One day the air was still, and dark clouds came over {place}",
                "One evening a cold wind began to blow",
            ],
            [
                "Then the storm [came|broke]. [Rain beat on the roof|Thunder shook the walls], and the wind carried away {an_obj} that belonged to {H}",
                "It was the biggest storm in years. The wind pulled {an_obj} out of {his} hands and took it away",
            ],
            [
                "In the middle of the storm, there was a knock. Outside stood {friend_intro}, [wet and cold|wet from head to toe]",
                "{^he} ran to find shelter and bumped into {friend_intro}, who was running too",
            ],
            [
                '"Come in, come in!" said {H}, and gave {fhim} a dry blanket and some [hot soup|warm milk|tea]',
                '"Quick, this way!" said {H}. They sat close together in a dry corner and told each other stories',
            ],
            [
                "[All night|For hours] the storm went on, but two together were not so afraid",
                '"Are you afraid?" asked {F}. "Not when you are here," said {H}',
            ],
            [
                "In the morning the storm was over and [the sun shone|a rainbow stood over {place}]. {^F} looked up: there was {obj}, [high in a tree|on the roof]",
                "When the storm was over, they went outside. {^F} found {obj} in [a puddle|a bush], wet but whole",
            ],
            [
                '"The storm took my {noun}," said {H}, "but it brought me a friend"',
                "They cleaned up together, and by noon everything looked as before",
            ],
        ],
    ),
    "race": (
        [("a race", "race"), ("a contest", "race"), ("winning a race", "race")],
        [
            [
                "One day there was to be a big race, and the prize was {an_obj}",
                "Every [spring|summer|autumn] there was a race {where}. This time the winner would get {an_obj}",
            ],
            [
                "The fastest of all was {friend_intro}, who had never lost",
                "{^friend_intro} wanted to win as well and [trained day and night|laughed at the others]",
            ],
            [
                '"You are much too slow," said {F}. "We will see," said {H}',
                '"That {noun} is as good as mine," said {F}. {^H} said nothing and tied {his} shoes',
            ],
            [
                "The race began. {^F} was far in front, and {H} was the last of all",
                "One, two, three, go! {^F} ran like the wind, and {H} did {his} best",
            ],
            [
                "But at the [river|bend|bottom of the hill], {F} [slipped and fell|stepped into a hole]. {^H} could have run past. But {he} stopped to help",
                "Halfway, {H} saw {F} sitting by the road with a hurt foot. {^H} stopped at once, although the end was near",
            ],
            [
                '"Why do you help me?" asked {F}. "Because a race is only a race," said {H}. They crossed the line together',
                "Leaning on each other, they reached the end of the race side by side, and everybody cheered",
            ],
            [
                "They shared the prize: one day {obj} was with {H}, the next day with {F}",
                '{^F} gave {obj} to {H}. "You are the real winner," {fhe} said',
            ],
        ],
    ),
    "build": (
        [("building something", "build"), ("building a house", "house"), ("working together", "together")],
        [
            [
                "{^he} wanted to build a little house, with a round door and {an_obj} on the roof",
                "One day {he} decided to build a house for {himself} and for {his} dearest thing, {an_obj}",
            ],
            [
                "{^he} carried [stones|planks|branches] all day, but the walls would not stand. Crash! They fell down again",
                "The first house was too [small|crooked], and the second house fell over in the wind",
            ],
            MEETING,
            [
                '"You have to build it on firm ground," said {F}. "Shall I show you?"',
                '"Alone it is hard," said {F}. "Together we can build it in a day"',
            ],
            [
                "So they worked together. {^H} held the [planks|stones], and {F} [hammered|counted|sang]",
                "{^F} brought [clay|straw|strong rope], and {H} made a door. Together they built the roof",
            ],
            [
                "When the house was ready, {H} put {obj} in its place and stepped back",
                "By evening the house stood, and {obj} looked very fine in it",
            ],
            [
                '"It is too big for one," said {H}. "Will you live here too?" {^F} did not have to think for long',
                "They lit a fire and ate [soup|bread and honey|pancakes] in the new house",
            ],
        ],
    ),
    "mystery": (
        [("a mystery", "mystery"), ("a strange noise", "noise"), ("something strange", "strange")],
        [
            [
                "One night {he} was woken by a strange noise: tap, tap, tap",
                "Every night there was a strange noise {where}, and nobody knew what it was",
            ],
            [
                '"This is a mystery," {he} said, and took a [lamp|notebook|magnifying glass]. {^he} found small tracks in the [mud|dust|sand]',
                "In the morning {he} looked for clues. {^he} found [a crumb|a thread|a small footprint] near the door. What a mystery",
            ],
            [
                "The tracks led to {an_obj} that {he} had never seen before",
                "Behind the wall, {he} found {an_obj}. Whose could it be?",
            ],
            [
                "{^H} hid and waited. At midnight there came {friend_intro}, on tiptoe",
                "The next night {he} stayed awake and saw {friend_intro} sneaking by",
            ],
            [
                '"Stop!" said {H}. "Are you the one who makes the noise?" {^F} [turned red|jumped with fright]. "I only wanted to play with my {noun}," {fhe} said',
                '"So it is you!" said {H}. "Please do not be angry," said {F}. "I cannot sleep, so I play with my {noun}"',
            ],
            [
                '{^H} laughed. "Is that all? Why did you not come by day?" "I was too shy," said {F}',
                '"You could have knocked," said {H}. "I like to play too"',
            ],
            [
                "So the mystery was solved, and from then on they played with {obj} by day",
                "The mystery was no more, but a new friendship had begun",
            ],
        ],
    ),
    "treasure": (
        [("a treasure", "treasure"), ("an adventure", "adventure"), ("a treasure hunt", "treasure")],
        [
            [
                "One day {he} found an old map with a big cross. It was a treasure map",
                "In an old book {he} found a note: a treasure is hidden near {place}",
            ],
            [
                "{^he} showed it to {friend_intro}. {q}An adventure!{q} said {F}. {q}Let us go at once!{q}",
                "{^he} could not read it alone, so {he} asked {friend_intro} to come along on the adventure",
            ],
            [
                "They walked over [hills|stones and roots] and through [deep mud|tall grass]. {^F} wanted to rest, but {H} could not wait",
                "They crossed a [shaky bridge|cold stream] and climbed over a wall. It was a real adventure",
            ],
            [
                "[Suddenly|Then] the path ended at a [deep hole|high wall]. {q}What now?{q} asked {H}. {q}Stand on my back,{q} said {F}",
                "Then a [thick fog|heavy rain] came, and they could not see the map any more. {^F} took the lead and felt the way with a long stick",
            ],
            [
                "At last they reached the place with the cross and began to dig. There was a small chest",
                "Behind [a bush|three tall stones] they found the spot. They dug and dug until they hit something hard",
            ],
            [
                "They had hoped for gold, but the treasure was {an_obj}",
                "Inside lay {an_obj} and a note: Whoever finds this has a good friend",
            ],
            [
                '"I like it better than gold," said {H}, and {F} agreed',
                "They carried {obj} home and gave it the best place in the house",
            ],
        ],
    ),
    "trade": (
        [("the market", "market"), ("a trade", "trade"), ("something worth more than money", "money")],
        [
            [
                "{^he} had {an_obj}, but {he} was hungry and had no money",
                "All {he} owned was {an_obj}. One winter there was no food and no money left",
            ],
            [
                "So {he} went to the market to trade it for [bread|a bag of rice|some flour]",
                "With a heavy heart, {he} took it to the market to trade it away",
            ],
            [
                "At the market stood {friend_intro}, crying",
                "On the way to the market, {he} met {friend_intro}, who looked very sad",
            ],
            [
                '"What is wrong?" asked {H}. "I once had a {noun} like yours," said {F}, "but it was stolen"',
                '"I have never had anything of my own," said {F}, and looked at {obj}',
            ],
            [
                '{^H} was silent for a moment. Then {he} said, "Take mine. I think you need it more"',
                "{^H} forgot how hungry {he} was. {^he} put the {noun} in front of {F} and smiled",
            ],
            [
                '"I have no money," said {F}, "but I have a garden full of vegetables. You shall never be hungry again"',
                '{^F} was so happy that {fhe} took {H} home and cooked the biggest dinner {he} had ever seen',
            ],
            [
                "It was the best trade that {H} had ever made",
                "{^H} learned that a friend is worth more than money",
            ],
        ],
    ),
    "sick": (
        [("kindness", "kind"), ("helping others", "help"), ("friendship", "friend"), ("someone who helps a friend", "help")],
        [
            FRIENDSHIP,
            [
                "One [winter|autumn] day, {F} was ill and had to stay in bed",
                "But one morning {F} did not come out to play. {^fhe} had a [bad cold|fever]",
            ],
            [
                '"What would help you?" asked {H}. "If only I had {an_obj}," said {F} in a weak voice',
                '"I keep dreaming of {an_obj}," said {F}. "I think it would make me well"',
            ],
            [
                "{^H} set out at once. It was [far|cold], and [the snow was deep|the road was muddy], but {he} thought of {his} friend",
                "{^H} asked the [baker|miller|old woman at the corner], but nobody could help. Still {he} went on",
            ],
            [
                "At the end of the road, a kind stranger said, {q}I have {an_obj}. Take it, because you care for your friend{q}",
                "In the evening, {he} found {an_obj} at last. {^he} ran home as fast as {he} could",
            ],
            [
                '{^F} sat up in bed when {fhe} saw {obj}. "You did that for me?" {fhe} asked',
                "When {F} held {obj} in {fhis} hands, {fhis} cheeks turned pink again",
            ],
            [
                '"It was not the {noun} that made me well," {F} said later. "It was your kind heart"',
                "A few days later {F} was well again, and the friends ran outside to play",
            ],
        ],
    ),
    "fly": (
        [("a dream", "dream"), ("someone who wants to fly", "fly"), ("never giving up", "try")],
        [
            [
                "{^he} had a big dream: {he} wanted to fly to the clouds",
                "{^he} had one dream, and that was to fly over {place}",
            ],
            [
                'Everybody laughed. "You cannot fly," they said. Only {friend_intro} did not laugh',
                'When {he} told the others, they shook their heads. But {friend_intro} said, "Why not try?"',
            ],
            [
                "First {H} tied {an_obj} to {his} back and jumped from a rock. Bump! {^he} landed in a bush",
                "The first try was with {an_obj} and a lot of string. It ended in a [pond|haystack|puddle]",
            ],
            [
                '"Try again," said {F}, and brought [paper|cloth|feathers] and glue. They [measured|worked] and painted for many days',
                '"We will try it another way," said {F}. {^fhe} [drew a plan|brought an old sheet], and they sewed until midnight',
            ],
            [
                "Then came a day with a strong wind. {^H} held on to {obj}, ran down the slope, and {his} feet left the ground",
                "On a windy morning they tried once more. Up went {H}, with {obj} in one hand, higher and higher",
            ],
            [
                '"I can fly!" {he} called. From above, {place} looked [as small as a toy|like a little picture]',
                '"You did it!" shouted {F} from below, and waved with both arms',
            ],
            [
                "It lasted only a minute, but for {H} it was the best minute of all",
                'When {he} was back on the ground, {he} said, "Next time, we fly together"',
            ],
        ],
    ),
    "seed": (
        [("patience", "wait"), ("a garden", "garden"), ("growing something", "grow")],
        [
            [
                "One day {he} planted a seed next to {an_obj} and wanted it to grow at once",
                "{^he} put a seed into a pot, set it beside {an_obj}, and sat down to wait",
            ],
            [
                '"Grow!" {he} said every morning. But there was nothing to see but earth',
                "{^he} looked at it ten times a day, but nothing happened. To wait was so hard",
            ],
            MEETING,
            [
                '"It will never grow!" said {H}. "It needs water, sun and time," said {F}. "And you have to wait"',
                '"I am going to dig it up," said {H}. "Wait," said {F}. "Good things grow slowly"',
            ],
            [
                "So {H} gave it water each day, and to make the time pass, the two played with {obj}",
                "While they waited, {F} told stories, and {H} [listened|laughed] and forgot to be in a hurry",
            ],
            [
                "Then, one morning, there was a tiny green leaf. A week later it had begun to grow as tall as a chair",
                "After the next rain, something green came out of the earth, and soon there was a [yellow|red|blue] flower",
            ],
            [
                '"You were right," said {H}. "It was worth the wait"',
                "In autumn there were many new seeds, and {H} gave half of them to {F} so that a whole garden could grow",
            ],
        ],
    ),
}
