"""Students: a base, the LoRA adapters on it, and the file that says where an adapter comes from."""
