"""Makes rouge_score.json: what the package rouge-score 0.1.2 (with nltk) gives for some texts.

    pip install rouge-score
    python rouge_score.py <text files>   (any English text, of which words and sentences are drawn)
"""

import json
import pathlib
import random
import re
import sys

sys.path.pop(0)  # this file has the package's name
from nltk.stem import PorterStemmer
from rouge_score import rouge_scorer

EXTRA = """dies died dying flies tried enjoyment happily relational conditional rational valency hesitancy digitizer
conformably radically differently vilely analogously vietnamization predication operator feudalism decisiveness
hopefulness callousness formality sensitivity sensibility triplicate formative formalize electricity electrical hopeful
goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent
adoption homologous communism activate angularity effective bowdlerize probate rate cease controlling roll skies news
proceed exceed succeed theology apology agreed feed plastered bled motoring sing conflated troubled sized hopping tanned
falling hissing fizzed failing filing yyyyy syzygy joyfully carefully""".split()


def main():
    text = " ".join(pathlib.Path(name).read_text() for name in sys.argv[1:])
    words = sorted(set(re.findall(r"[a-z]{4,}", text.lower())))
    random.seed(7)
    words = sorted(set(random.sample(words, min(600, len(words))) + EXTRA))
    stemmer = PorterStemmer()
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", " ".join(text.split())) if 4 < len(s.split()) < 40]
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)
    pairs = [(["The cat sat."], [""]), ([""], ["The cat sat."]), (["a b c d e"], ["e d c b a", "a c e", "b b b"])]
    for _ in range(25):
        reference = random.sample(sentences, random.randint(1, 5))
        summary = random.sample(sentences, random.randint(1, 4)) + random.sample(reference, 1)
        words_of = " ".join(reference).split()
        random.shuffle(words_of)
        pairs.append((reference, summary + [" ".join(words_of[:12])]))
    rows = []
    for reference, summary in pairs:
        score = scorer.score("\n".join(reference), "\n".join(summary))
        figures = [round(100 * score[kind].fmeasure, 4) for kind in ("rouge1", "rouge2", "rougeLsum")]
        rows.append({"reference": reference, "summary": summary, "rouge": figures})
    out = {"stems": {word: stemmer.stem(word) for word in words}, "pairs": rows}
    pathlib.Path(__file__).with_name("rouge_score.json").write_text(json.dumps(out, indent=0, sort_keys=True) + "\n")


main()
