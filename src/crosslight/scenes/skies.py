"""Skies at all hours, and small things strewn over the ground."""

from __future__ import annotations

from .backgrounds import View, backdrop
from .palette import RGB, jitter
from .props import disc, put


def sky(view: View, top: RGB, bottom: RGB) -> None:
    """A sky at some hour, with a sun, clouds and birds now and then."""
    rng = view.rng
    hour = rng.random()
    if hour < 0.2:
        top, bottom = (0.42, 0.40, 0.62), (0.98, 0.70, 0.52)
    elif hour < 0.35:
        top, bottom = (0.66, 0.70, 0.76), (0.82, 0.85, 0.88)
    backdrop(view, jitter(top, rng, 0.04), jitter(bottom, rng, 0.03), 0.05)
    if rng.random() < 0.35:
        x, y = rng.uniform(0.08, 0.92), rng.uniform(0.06, view.horizon * 0.6)
        disc(view.canvas, rng, view.light, "sun", x, y, rng.uniform(0.04, 0.07), (1.0, 0.93, 0.66))
    for _ in range(rng.choice((0, 1, 2, 2))):
        size = rng.uniform(0.03, 0.07)
        x, y = rng.uniform(0, 1), rng.uniform(0.05, view.horizon * 0.75)
        put(view.canvas, rng, view.light, "cloud", x, y, size, stretch=rng.uniform(1.4, 2.0))
    for _ in range(rng.choice((0, 0, 0, 2, 3))):
        x, y = rng.uniform(0.05, 0.95), rng.uniform(0.05, view.horizon * 0.7)
        put(view.canvas, rng, view.light, "bird", x, y, rng.uniform(0.018, 0.032))


def strew(view: View, names: tuple[str, ...], most: int, small: float = 0.02, large: float = 0.045) -> None:
    """Small things about the ground, larger the nearer they are."""
    rng = view.rng
    for t in sorted(rng.random() for _ in range(rng.randrange(most // 2, most + 1))):
        y = view.horizon + (0.98 - view.horizon) * t
        size = small + (large - small) * t
        put(view.canvas, rng, view.light, rng.choice(names), rng.uniform(0, 1), y - size, size)
