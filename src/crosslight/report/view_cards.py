"""View cards: the six questions that are asked of every view of a report.

Source: Hohman, Kahng, Pienta and Chau 2018, "Visual Analytics in Deep Learning: An Interrogative Survey for the Next
    Frontiers", arXiv:1801.06889: why, who, what, how, when and where. Deviation: there *where* asks for the field a
    work was applied in and for its community; here it names the papers that a view comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import UnknownNameError

#: the questions, in the order in which they are asked, with what each one means
QUESTIONS: dict[str, str] = {
    "why": "Why is it used?",
    "who": "Who uses it?",
    "what": "What does it show?",
    "how": "How is it drawn?",
    "when": "When in a model's life?",
    "where": "Where does it come from?",
}

_AFTER = "After training."


@dataclass(frozen=True)
class ViewCard:
    """What one should know of a view of the report; every answer is plain text of at most 200 characters.

    Attributes:
        id: of the view, one word.
        title: as it is written above the view.
        why: what it is used for.
        who: who uses it.
        what: what it shows.
        how: how it is drawn.
        when: at which point of a model's life.
        where: the papers it comes from.
    """

    id: str
    title: str
    why: str
    who: str
    what: str
    how: str
    when: str
    where: str

    def answers(self) -> tuple[tuple[str, str], ...]:
        """Each question with its answer, in order."""
        return tuple((question, getattr(self, name)) for name, question in QUESTIONS.items())


VIEW_CARDS: tuple[ViewCard, ...] = (
    ViewCard(
        id="overview",
        title="Overview",
        why="To learn in a minute what was asked, what was found and how sure that is.",
        who="Everyone, those who read nothing else included.",
        what="The question, the findings in sentences with numbers and intervals, and faults that could mislead.",
        how="Sentences first; pictures beside them show the same findings; warnings stand on top unasked.",
        when="After training, when a study is done; while it runs, with a note of what is missing.",
        where="Estimates with intervals before verdicts: Cumming 2014, doi:10.1177/0956797613504966.",
    ),
    ViewCard(
        id="look",
        title="Look",
        why="To see what the numbers are about, and to find images that they hide.",
        who="Model users and builders; domain experts who know what should matter in a picture.",
        what="The maps themselves: images by models under one method, with each prediction and its probability.",
        how="A grid of small multiples: each map in colour over its picture, scaled by itself, smooth or in its cells.",
        when="After training; first of all, before any average is believed.",
        where="Maps over pictures: Simonyan et al. 2013, arXiv:1312.6034; Selvaraju et al. 2017, arXiv:1610.02391. "
        "Small multiples: Tufte 1983.",
    ),
    ViewCard(
        id="compare",
        title="Compare",
        why="To see how two maps of one picture differ: two models, two methods or two classes.",
        who="Model builders who choose between networks; researchers who compare methods.",
        what="Two maps of the same picture on the part that both models see, with their values under the pointer.",
        how="Side by side, or in one place in turn (flicker), so that the eye finds what moves.",
        when=_AFTER,
        where="Juxtaposition and superposition as designs for comparison: Gleicher et al. 2011, "
        "doi:10.1177/1473871611416549.",
    ),
    ViewCard(
        id="matrix",
        title="Agree: matrix",
        why="To see which models look at the same places, all pairs at once.",
        who="Researchers who compare families of models; model builders who look for a second opinion.",
        what="The mean similarity of the maps of every two models, with interval, number of images and chance floor.",
        how="A heat map of cells, ordered by the tree or by facts of the models; the floor is marked on its scale.",
        when=_AFTER,
        where="Cluster heat map: Wilkinson and Friendly 2009, doi:10.1198/tas.2009.0033. Disagreement of explanations: "
        "Krishna et al. 2022, arXiv:2202.01602.",
    ),
    ViewCard(
        id="dendrogram",
        title="Agree: dendrogram",
        why="To see who stands close to whom, and whether other images would give the same branches.",
        who="Researchers who ask whether families of models look alike.",
        what="A tree of the models by how unlike their maps are, with the support of branches. It proves no groups.",
        how="Average linkage in the best leaf order, in one colour and without a cut; support stands at the branches.",
        when=_AFTER,
        where="Average linkage: Sokal and Michener 1958. Leaf order: Bar-Joseph et al. 2001. Support: Shimodaira 2002; "
        "Suzuki and Shimodaira 2006.",
    ),
    ViewCard(
        id="map",
        title="Agree: map of models",
        why="To see groups, gradients and outsiders that a tree forces into branches.",
        who="Researchers; model builders who want to see where a new network stands.",
        what="Every model as a point, near those with like maps; an ellipse shows what other images would change.",
        how="A scatter plot of principal coordinates with 95 % ellipses from resampled images; the share explained.",
        when=_AFTER,
        where="Principal coordinates: Torgerson 1952; Gower 1966, doi:10.1093/biomet/53.3-4.325.",
    ),
    ViewCard(
        id="ladder",
        title="Agree: ladder of similarity",
        why="To judge whether a similarity is high or low: a number alone does not say.",
        who="Everyone who reads a similarity between maps.",
        what="Mean similarity by how two models are related: same maps, seeds, lineage, family, strangers, and chance.",
        how="A dot with its interval on each rung, from identical maps at the top to maps of different pictures below.",
        when="After training; it says most where a study has several seeds of one network.",
        where="Similarity against a ceiling that noise sets: Nili et al. 2014, doi:10.1371/journal.pcbi.1003553.",
    ),
    ViewCard(
        id="consensus",
        title="Agree: consensus",
        why="To find the model that looks elsewhere, and what most models look at.",
        who="Model builders who doubt one network; researchers who look for typical and odd models.",
        what="How like each model's maps are to the mean map of all others. Most models may be wrong together.",
        how="A dot with its interval for each model; the model itself is left out of the mean it is compared with.",
        when=_AFTER,
        where="Mean of others, oneself left out: Nili et al. 2014, doi:10.1371/journal.pcbi.1003553. "
        "Averaged explanations: Rieger and Hansen 2019, arXiv:1903.00519.",
    ),
    ViewCard(
        id="multiverse",
        title="Agree: multiverse",
        why="To see whether a verdict hangs on choices that nobody reports: sign, grid, measure, distance.",
        who="Researchers before they publish; reviewers after.",
        what="The answer to one question under every combination of choices, and which choice decides most.",
        how="A specification curve: effects in order, and under each the choices that led to it.",
        when="After training, when the maps are there; it needs no further pass of any network.",
        where="Multiverse: Steegen et al. 2016, doi:10.1177/1745691616658637. Curve: Simonsohn et al. 2020, "
        "doi:10.1038/s41562-020-0912-z.",
    ),
    ViewCard(
        id="classes",
        title="Classes",
        why="To find out what goes with being wrong, such as looking at the background.",
        who="Model builders who look for the cause of errors; domain experts.",
        what="Maps of right and wrong predictions of a class side by side, and the mean map of each class.",
        how="Two rows of overlays for a class, then mean maps on the part of the pictures that all models see.",
        when="After training; again after each repair of a model or its data.",
        where="Clever Hans predictors: Lapuschkin et al. 2019, arXiv:1902.10178. Failures seen in maps: Selvaraju "
        "et al. 2017, arXiv:1610.02391.",
    ),
    ViewCard(
        id="right",
        title="Right?",
        why="To choose a method by evidence: which maps point to what is known to matter.",
        who="Researchers who choose or build a method; model users who must trust one.",
        what="Scores of methods and models against masks of the evidence, beside maps that know nothing of any model.",
        how="A table for each metric, darker where better; what is not shown to be better than chance bears a *.",
        when="After training, where masks or boxes of the evidence are at hand; scenes bring their own.",
        where="Pointing game: Zhang et al. 2016, arXiv:1608.00507. Known truth: Arras et al. 2022, arXiv:2003.07258. "
        "Sanity checks: Adebayo et al. 2018, arXiv:1810.03292.",
    ),
    ViewCard(
        id="units",
        title="Units",
        why="To learn what a network has made of its training: which concepts its units detect.",
        who="Researchers and model builders; teachers who show what a layer does.",
        what="For each unit the concept it answers to best, and how well; those that answer to none have no name.",
        how="Cards of a unit's best pictures, the active part outlined, with concept and confidence; bars by layer.",
        when="After training; on several checkpoints also during it.",
        where="Network dissection: Bau et al. 2017, arXiv:1704.05796. Concepts from text: Oikarinen and Weng 2023, "
        "arXiv:2204.10965.",
    ),
    ViewCard(
        id="learning",
        title="Learning",
        why="To see when a network learned what, which classes it took for each other, and which images never settle.",
        who="Model builders who watch a training run; those who clean data; researchers and teachers.",
        what="The predicted class of every image at every epoch, with measures of how it was learned and confusions.",
        how="A heat map of images by epochs under the loss, joined with a matrix, a data map and a flow of classes.",
        when="During training, while it is recorded, and after it.",
        where="InstanceFlow: Pühringer et al. 2020, arXiv:2007.11353. Data maps: Swayamdipta et al. 2020, "
        "arXiv:2009.10795. Forgetting: Toneva et al. 2019, arXiv:1812.05159.",
    ),
    ViewCard(
        id="how",
        title="How",
        why="To check a result and to make it again.",
        who="Reviewers and everyone who builds on a study; oneself a year later.",
        what="Settings, layers read, models, weights, versions, seed, machine, times, failures and the command.",
        how="Tables and the study file itself, to be copied.",
        when="After training; the settings are written down before anything is computed.",
        where="Model cards: Mitchell et al. 2019, arXiv:1810.03993. Reproducibility: Pineau et al. 2021, "
        "arXiv:2003.12206.",
    ),
)


def view_card(id: str) -> ViewCard:
    """The card of a view.

    Args:
        id: of the view.

    Raises:
        UnknownNameError: there is no such view; the message names the nearest.
    """
    cards = {card.id: card for card in VIEW_CARDS}
    if id not in cards:
        raise UnknownNameError("view", id, cards)
    return cards[id]
