"""Phrase hierarchies in self-contained HTML: pages, and fragments for notebooks."""

from collections.abc import Sequence
from html import escape

from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.visualization.layout import Box, boxes, largest_score

_PAGE_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
"""

# A tree is a CSS grid: one column per word, one row per level, and the words in the last row. All rules name the
# class of an explanation, so that they do not apply to the rest of a notebook.
_STYLE = """
.phrases { margin: 2rem 0; overflow-x: auto } .phrases h2 { font-size: 1rem; margin: 0 0 .4rem }
.phrases .tree { display: grid; gap: 2px; width: max-content }
.phrases .tree div { text-align: center; padding: 0 .4em; min-width: 2.4em; border-radius: 3px; font-size: .8em;
  cursor: default; color: var(--ink, #222);
  background: color-mix(in srgb, var(--hue) calc(var(--strength) * 100%), #f4f4f4) }
.phrases .tree b { font-weight: inherit; display: inline-block; position: sticky; left: .3em; right: .3em }
.phrases .tree span { text-align: center; padding: 0 .3em }
.phrases .active { outline: 2px solid #e59400 }
.phrases span.active { background: #ffe3ad; border-radius: 3px; outline: 0 }
.phrases .against { --hue: #b2182b } .phrases .for { --hue: #2166ac } .phrases .strong { --ink: #fff }
"""

# Highlights the words of the phrase under the mouse.
_SCRIPT = """
for (const tree of document.querySelectorAll('.tree')) {
  const highlight = on => event => {
    const cell = event.target.closest('div[data-start]')
    if (!cell) return
    cell.classList.toggle('active', on)
    for (const word of tree.querySelectorAll('span'))
      if (+cell.dataset.start <= +word.dataset.position && +word.dataset.position < +cell.dataset.end)
        word.classList.toggle('active', on)
  }
  tree.addEventListener('mouseover', highlight(true))
  tree.addEventListener('mouseout', highlight(false))
}
"""


def page(explanations: Sequence[Explanation]) -> str:
    """Return an HTML page that draws each phrase as a box above its words; words are highlighted under the mouse.

    Args:
        explanations: the explanations, in the order of the page.
    """
    articles = "\n".join(map(_article, explanations))
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Explanations</title>'
        f"<style>{_PAGE_STYLE}{_STYLE}</style>\n"
        "<h1>Explanations</h1><p>Phrase scores: evidence for the explained class (blue) or against it (red).</p>\n"
        f"{articles}\n<script>{_SCRIPT}</script></html>\n"
    )


def fragment(explanation: Explanation) -> str:
    """Return an HTML fragment for a notebook: one explanation with its style, without a script."""
    return f"<style>{_STYLE}</style>\n{_article(explanation)}"


def _article(explanation: Explanation) -> str:
    """Return one explanation as an HTML element: its title and its tree."""
    drawn = boxes(explanation)
    height, limit = 1 + max(box.row for box in drawn), largest_score(explanation)
    phrases = "".join(_box(explanation, box, height, limit) for box in drawn)
    words = "".join(
        f'<span data-position="{position}" style="grid-area: {height + 1} / {position + 1}">{escape(token)}</span>'
        for position, token in enumerate(explanation.tokens)
    )
    headline = escape(explanation.headline)
    return f'<article class="phrases"><h2>{headline}</h2><div class="tree">{phrases}{words}</div></article>'


def _box(explanation: Explanation, box: Box, height: int, limit: float) -> str:
    """Return one phrase as an HTML element.

    Args:
        explanation: the explanation that the phrase belongs to.
        box: the phrase with its row.
        height: the number of rows of phrases.
        limit: the largest absolute score, which has the strongest colour.
    """
    (start, end), strength = box.span, abs(box.score) / limit
    classes = ("for" if box.score >= 0 else "against") + (" strong" if strength > 0.6 else "")
    # Grid lines are counted from 1 and from the top, rows of boxes from 0 and from the bottom.
    style = f"grid-area: {height - box.row} / {start + 1} / auto / {end + 1}; --strength: {strength:.3f}"
    title = escape(f"{explanation.phrase(box.span)}: {box.score:+.3f}", quote=True)
    attributes = f'data-start="{start}" data-end="{end}" style="{style}" title="{title}"'
    return f'<div class="{classes}" {attributes}><b>{box.score:z.2f}</b></div>'
