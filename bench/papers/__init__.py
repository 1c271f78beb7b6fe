"""The papers' tables on a base and a corpus, in one run that fits the hours it is given.

    python -m bench.papers --base train/bases/smollm2-135m-instruct --hours 2 --dry     # what will fit
    python -m bench.papers --base train/bases/smollm2-135m-instruct --hours 2
    python -m bench.papers --tables data/papers        # the page again, from stored samples, without a GPU

On a small machine some students, sets and samples fit where all do not:

    python -m bench.papers --base BASE --hours 1.5 --only ir kg dr pot eot --sets multiarith svamp
        --samples 2 --seeds 1 --where 'length(problem) < 180' --set rank=8 --set precision=bfloat16

`contents` lists what is trained, asked and shown. `fitting` chooses epochs, problems and samples for the
hours. `students` trains, `answering` asks block after block of problems, `page` writes `docs/papers.md`.
"""
