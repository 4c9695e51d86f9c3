"""Types, errors, the registry, seeds and devices. This room knows no other."""
