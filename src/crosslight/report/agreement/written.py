"""The panels of the page: for each method a part with its texts and all that is drawn, and one with every image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...agreement.analysis import MethodAnalysis, Relation
from ...core.progress import Progress, Silent
from ..contents import Contents
from ..parts import write_part
from ..template import environment
from .drawings import drawings_of
from .overview import Overview
from .panel import Panel, panel_of
from .per_image import pairs_part


def write_panels(
    contents: Contents,
    methods: Mapping[str, MethodAnalysis],
    folder: Path,
    progress: Progress | None = None,
    relations: Sequence[Relation] = (),
    over: Overview | None = None,
) -> tuple[list[Panel], list[str]]:
    """Write what the page shows of every method: the parts ``agree-<n>`` and ``pairs-<n>``.

    Args:
        contents: fixes the numbers of methods, models and images.
        methods: by method label.
        folder: existing.
        progress: told of every method.
        relations: between the matrices of all methods and measures.
        over: what is said of all methods together, for warnings.

    Returns:
        One panel per method that has something to show, and the names of the parts.
    """
    progress, over = progress or Silent(), over or Overview()
    template = environment().get_template("agreement/panel.html.jinja")
    models = [model.label for model in contents.models]
    images = [image.identity for image in contents.images]
    panels, parts = [], []
    for number, group in enumerate(contents.methods):
        progress.advance(1, f"agreement: {group.label}")
        method = methods.get(group.label)
        if method is None:
            continue
        panel = panel_of(method, contents, number, relations)
        drawn = drawings_of(panel, models)
        write_part(folder, f"agree-{number}", {"html": template.render(panel=panel, over=over), **drawn})
        parts.append(f"agree-{number}")
        every = pairs_part(method.main, models, images)
        if every is not None:
            write_part(folder, f"pairs-{number}", every)
            parts.append(f"pairs-{number}")
        panels.append(panel)
    return panels, parts
