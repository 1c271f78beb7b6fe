"""Students: a base, LoRA adapters on it, and the origin of each adapter."""
