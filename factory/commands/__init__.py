"""The commands of `thoughtmill`, a module each."""
