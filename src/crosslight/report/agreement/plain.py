"""Which analysis belongs to each method of the page, and a short one where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...agreement import Agreement, agree_store
from ...agreement.analysis import Analysis, MethodAnalysis
from ...agreement.relations import kinship, ladder
from ...store import Store
from ..contents import Contents


def analyses_of(
    contents: Contents, analysis: Analysis | None, known: Mapping[str, Agreement] | None = None
) -> dict[str, MethodAnalysis]:
    """By label of the page, for the methods with maps of two models or more.

    A method that is there with several settings is compared for each of them; so is one that was not analysed, or
    whose maps have changed since.

    Args:
        contents: names the methods and their maps.
        analysis: of the store.
        known: agreements by method label, for methods without an analysis.
    """
    found = {}
    for group in contents.methods:
        if len(group.sets) < 2:
            continue
        label = group.first.label
        one = analysis.methods.get(label) if analysis is not None and not group.variant else None
        if one is None or set(one.main.sets) != set(group.sets):
            agreement = (known or {}).get(label)
            if agreement is None or set(agreement.sets) != set(group.sets):
                agreement = agree_store(contents.store, label, sets=list(group.sets.values()))[label]
            one = plain_analysis(contents.store, agreement)
        main = replace(one.main, label=group.label)
        found[group.label] = replace(one, label=group.label, agreements={**one.agreements, main.measure: main})
    return found


def plain_analysis(store: Store, agreement: Agreement) -> MethodAnalysis:
    """An agreement with what the models are, and nothing that takes long.

    Args:
        store: where the models' facts are.
        agreement: of models.
    """
    kin = kinship(store, agreement.sets)
    return MethodAnalysis(agreement.label, {agreement.measure: agreement}, kin, ladder(agreement, kin))
