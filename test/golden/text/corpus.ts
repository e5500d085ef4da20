// Texts in many scripts and odd shapes, written for this test: on each, our token ids must equal the original tokenizer's.

export const CORPUS: Readonly<Record<string, string>> = {
  english:
    "It was a bright cold morning, and the ferry didn't leave until 9:45 a.m. “We'll miss it,” she said; they'd packed " +
    "37 boxes (all labelled), and you're telling me it's Tuesday? I'VE SEEN WORSE. He'S ODD, WE'RE EVEN, YOU'LL SEE, I'D GO.\n" +
    'Anti-establishmentarian counter-revolutionaries re-entered the co-op; naïve résumés cost £1,234.56 — or €99.99/kg.',
  korean:
    '여러 대의 라즈베리 파이가 하나의 언어 모델을 나누어 실행합니다. 노드가 늘어날수록 동기화 시간이 길어져서 오히려 ' +
    '느려지는 문제가 있었어요! 그래서 우리는 물고기 떼처럼 함께 움직이는 방법을 찾았습니다. ㅋㅋㅋ ㅎㅎ 뷁 쀍 123개',
  chinese:
    '春天来了，院子里的樱花开得正好。他说：“明天我们去看看吧！”可是天气预报说会下雨……價格是1,299元（含稅），買三送一。' +
    '龘靐齉爩鱻麤𠮷𡈽𪚥',
  japanese:
    '吾輩はネコではない。名前はもう「タロウ」とつけられた。コンピューターを３台つないで、ﾊﾝｶｸ文字と全角ＡＢＣも混ぜてみる〜。' +
    '々〆ヶ 東京都千代田区1-2-3',
  arabic: 'تعمل الأسماك الصغيرة معًا كجسمٍ واحد، ولا أحدَ يقودها. السعر ١٢٣٫٤٥ ريال؟ نعم! مُحَمَّد ـــ كـتـاب ﷺ ﻻ',
  hebrew: 'שלום עולם! הַדָּג הַקָּטָן שׂוֹחֶה מהר, "צה״ל" ו־1948.',
  hindi: 'छोटी मछलियाँ मिलकर एक बड़ी मछली बनती हैं। क्षत्रिय, ज्ञान, श्रीमती — मूल्य ₹१२३.४५ है। क़लम फ़र्श',
  bengali: 'ছোট মাছেরা একসাথে সাঁতার কাটে। ১২৩ টাকা, ক্ষুদ্র র‍্যাম।',
  tamil: 'சிறிய மீன்கள் ஒன்றாக நீந்துகின்றன. ௧௨௩ ஸ்ரீ',
  thai: 'ปลาตัวเล็กๆ ว่ายน้ำไปด้วยกันเป็นฝูง ไม่มีใครนำทาง ราคา ๑๒๓ บาท กำลังน้ำท่วม เก้าอี้',
  burmese: 'ငါးသေးသေးလေးများ အတူတူ ကူးခတ်ကြသည်။ ၁၂၃',
  khmer: 'ត្រីតូចៗហែលជាមួយគ្នា។ ១២៣',
  tibetan: 'ཉ་ཆུང་རྣམས་མཉམ་དུ་རྐྱལ། ༡༢༣',
  georgian: 'პატარა თევზები ერთად ცურავენ. ᲛᲗᲐᲕᲠᲣᲚᲘ',
  armenian: 'Փոքրիկ ձկները միասին են լողում։ և',
  amharic: 'ትንንሽ ዓሦች አብረው ይዋኛሉ። ፩፪፫',
  russian:
    'Маленькие рыбки плывут вместе, как одна большая рыба. «Это невозможно», — сказал он в 2024-м году. Ёлки-палки! ъыь ЩЁ',
  ukrainian: 'Їжак з’їв п’ять груш; ґава — об’єкт №7.',
  greek: 'Μικρά ψάρια κολυμπούν μαζί. Ἐν ἀρχῇ ἦν ὁ λόγος — ΣΊΣΥΦΟΣ ς σ 12,5%',
  turkish: 'İstanbul’da ıssız bir İSKELE; I i İ ı, ŞİŞLİ şişli.',
  vietnamese: 'Những con cá nhỏ bơi cùng nhau như một. Được không? Ừ, ngưỡng mộ quá trời!',
  polish: 'Zażółć gęślą jaźń. Pchnąć w tę łódź jeża lub ośm skrzyń fig.',
  german: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen; Straße, STRASSE, STRAẞE. „Grüß Gott!“',
  french: 'L’été dernier, où étaient-ils ? « Là-bas », répondit-elle : c’est l’œuvre d’Hélène, n’est-ce pas ?',
  finnish: 'Epäjärjestelmällistyttämättömyydelläänsäkäänköhän? Yöllä älä lyö.',
  latinExtended: 'Þórður Ægir, Čeština ľúbozvučná, ʻōlelo Hawaiʻi, Yorùbá ọjọ́, Ðiện, ŋ ə ʃ ʒ ɬ',
  emoji: '😀😃 👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇰🇷🇯🇵 ❤️ ❤ ☕️ 1️⃣ #️⃣ 🧑🏿‍🚀 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🫠 ⛹🏻‍♀️text🐟🐟🐟',
  symbols: '∑∫√∞ ≠≈ ≤ x² + y₂ → ⇒ ∀x∈ℝ: ½ ¾ ⅷ Ⅻ ① ㊙ ™ © ® § ¶ † ‡ • ‰ ′ ″ ℃ №  𝒳𝔸𝟙𝟚𝟛 ﬁﬂ ㎏ ㈜ ｡｢｣',
  numbers:
    '0 1 12 123 1234 12345 123456 1234567 3.14159 1e-10 0xDEADBEEF 1_000_000 +82-10-1234-5678 192.168.1.10:9999 v1.2.3-rc.4 ' +
    '2024-02-29T23:59:60Z 10% $5 50/50 1st 2nd 100km ١٢٣٤ १२३४ １２３４ ²³¹ ⅓4',
  contractions:
    "don't DON'T can't've 'tis 's 'S 'll'LL 're'm'd 'D's'T x's ''s '''ll 'sure 'really 'verify ’s ’ll I'm'M",
  spaces: ' one  two   three    four     five      six       seven        eight         ',
  leadingSpaces: '   indented\n      more\n\t\ttabs\t after\t\tmid \t mixed\t \n \n\n\n   \n x',
  trailing: 'trailing space \ntrailing tabs\t\t\nend   ',
  onlySpaces: '                                                                                   ',
  onlyNewlines: '\n\n\n\n\n\r\n\r\n\r\r\n\n\r',
  crlf: 'line one\r\nline two\r\n\r\nline four \r\n\ttab\r\rmac\n\rodd\r\n  \r\n  x',
  oddSpaces:
    'a\u00a0b\u00a0\u00a0c \u00a0 d\u3000e\u3000\u3000 f\u2003g\u2009h\u202fi\u205fj\u1680k\u2028l\u2029m\u000bn\u000co',
  invisible: 'zero\u200bwidth\u200c joiner\u200d non\u2060break \u00adsoft\u00ad hyphen \u200e\u200f marks\u180e',
  controls: 'nul\0bell\u0007esc\u001b[0m del\u007f unit\u001f\u001e c1\u0080\u009f',
  combining: 'e\u0301 é n\u0303 ñ A\u030a Å Å \u1112\u1161\u11ab 한 q\u0307\u0323 q\u0323\u0307 Z̴̡̛͔a̷l̵g̸o̶ \u0301x  \u0300',
  compatibility: 'Å Ω K 豈 更 車 \u0958 \u2126 \u212b \ufb1d \u0344 \u1e9b\u0323',
  typescript:
    "export async function* walk<T extends object>(root: T, depth = 0): AsyncGenerator<[string, unknown]> {\n  for (const [key, value] of Object.entries(root)) {\n    if (value?.['type'] !== `leaf-{depth}`) yield [key, value!];\n    else await new Promise(r => setTimeout(r, 1_000)); // wait…\n  }\n}\n",
  python:
    'class Fish(Animal):\n    """A small fish."""\n\n    def swim(self, *args, **kwargs) -> None:\n        self.x += args[0] if args else 0x1F  # noqa: E501\n        print(f"{self.name!r}\\t{self.x:>8.3f}")\n        return {k: v for k, v in kwargs.items() if v is not None}\n',
  c: '#include <stdio.h>\n#define MAX(a,b) (((a)>(b))?(a):(b))\nint main(int argc, char **argv){\n\tfor(int i=0;i<10;++i)printf("%d\\n",i&1?~i:i<<2);\n\treturn 0;/* done */\n}\n',
  rust: "impl<'a, T: ?Sized + 'static> Iterator for Iter<'a, T> {\n    fn next(&mut self) -> Option<&'a T> { self.0.take().map(|n| { self.0 = n.next.as_deref(); &n.elem }) }\n}",
  html: '<!DOCTYPE html>\n<p class="a b">Tom &amp; Jerry<br/>\n<s>old</s> <u>new</u> &lt;tag&gt; &#x1F41F;</p><!-- x --><style>a>b{color:#fff}</style>',
  sql: "SELECT COUNT(*), AVG(t.score) FROM runs AS t WHERE t.name LIKE '%pi%' AND t.id IN (1,22,333) GROUP BY 1 HAVING COUNT(*)>=2;--",
  json: '{"model":"shoal","messages":[{"role":"user","content":"hi\\n\\u00e9"}],"temperature":0.70,"stop":null,"n":[1,-2,3.5e+7]}',
  yaml: 'a:\n  - b: 1\n    c: "x"\n  - &anchor {d: *ref}\n\n---\n...\n',
  shell: "for f in *.t; do\n\tgrep -rn --include=\"$f\" 'x|y' . | awk '{print $2}' > /dev/null 2>&1 || exit $?\ndone",
  latex:
    '\\begin{equation}\\label{eq:1} \\sum_{i=1}^{n} \\frac{x_i^2}{\\sqrt{2\\pi}} \\neq \\mathbb{E}[X] \\end{equation}',
  markdown:
    '# Title\n\n- [ ] todo\n- [x] **done** _it_ `code`\n\n| a | b |\n| --- | :-: |\n| 1 | 2 |\n\n> quote\n\n```js\nx\n```\n***\n',
  urls: 'https://example.org:8443/a/b_c-d?e=%20f&g[]=1#h ftp://u:p@[::1]/ mailto:a.b+c@d-e.co.kr C:\\Users\\me\\file.txt ~/.ssh',
  punctuation:
    '...!!!???;;;:::,,, -- --- ---- ___ === ==== ***** ##### $$$ %%% ^^^ &&& ((())) [[[]]] {{{}}} <<<>>> |||| \\\\ // """ \'\'\'',
  punctuationLines: 'a.\n\nb!\r\n\r\nc)\n)\n\n];\n\n"\n. \n ,\n\n  }\n}\n',
  camelCase:
    'getElementByIdAndClassName XMLHttpRequest iPhone15ProMax snake_case_name SCREAMING_SNAKE kebab-case-name a1b2c3d4',
  base64: 'U2hvYWwgcnVucyBvbmUgbGFuZ3VhZ2UgbW9kZWwgYWNyb3NzIHRoZSBkZXZpY2VzIGEgaG9tZSBhbHJlYWR5IGhhcy4=',
  dna: 'GATTACA'.repeat(40),
  longWord: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'.repeat(6),
  letterRun: 'a'.repeat(300) + 'B'.repeat(77) + 'é'.repeat(45) + 'ㅋ'.repeat(33),
  digitRun: `${'9'.repeat(101)} ${'01'.repeat(50)}`,
  spaceRuns: Array.from({ length: 40 }, (_, n) => `${' '.repeat(n)}x`).join(''),
  tabRuns: Array.from({ length: 24 }, (_, n) => `${'\t'.repeat(n)}y${' '.repeat(n)}\n`).join(''),
  mixed: 'Hello세계мир🌍world中国123abc한글١٢٣ñ日本語English普通话Français한국어🇰🇷ok',
  metaspace: '▁ ▁▁a▁b ▁ c▁',
  byteNames: '<0x0A> <0xFF> <0x00 0x0A> <0xzz>',
  specialLookalikes:
    '<|notatoken|> < |im_start|> <|im_start <s ></ s> <unknown> <| |> <||> |> <｜x｜> [INST] <<SYS>> <think >',
  replacement: 'broken \ufffd\ufffd text \ufffdé',
  privateUse: '\ue000\uf8ff \u{f0000} \u{10fffd} \uffff \ufdd0 \u{1fffe}',
  single: 'a',
  singleSpace: ' ',
  singleNewline: '\n',
  empty: '',
};
