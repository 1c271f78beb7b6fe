"""The papers' tables on a base and a corpus, in one run that fits the hours it is given.

    python -m bench.papers --base train/bases/smollm2-135m-instruct --hours 2 --dry     # what will fit
    python -m bench.papers --base train/bases/smollm2-135m-instruct --hours 2
    python -m bench.papers --tables data/papers        # the page again, from stored samples, without a GPU

`contents` lists what is trained, asked and shown. `fitting` chooses epochs, problems and samples for the
hours. `students` trains, `answering` asks block after block of problems, `page` writes `docs/papers.md`.
"""
