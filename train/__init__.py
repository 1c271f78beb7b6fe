"""Students: LoRA roles trained from a pinned corpus, and the policies by which their answers agree."""
