"""Students: LoRA roles trained on a pinned corpus, and policies that make one answer of their samples."""
