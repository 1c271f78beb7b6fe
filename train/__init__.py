"""Students: LoRA roles trained on a pinned corpus, and policies that make one answer of their samples."""

import os

# Threads of torch that wait for each other sleep: while they spin, a busy machine trains many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
