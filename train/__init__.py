"""Students: LoRA roles trained on a pinned corpus, and policies that decide between their samples."""

import os

# Threads of torch that wait for each other sleep: while they spin, a busy machine trains many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
