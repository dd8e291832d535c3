"""Hierarchies of phrases in HTML that needs no other file: pages, and pieces for notebooks."""

from collections.abc import Sequence
from html import escape

from latent_rationale.explain.hierarchy.explanation import Explanation
from latent_rationale.explain.visualization.layout import Box, boxes, largest_score

_PAGE_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
"""

_STYLE = """
.phrases { margin: 2rem 0; overflow-x: auto } .phrases h2 { font-size: 1rem; margin: 0 0 .4rem }
.phrases .tree { display: grid; gap: 2px; width: max-content }
.phrases .tree div { text-align: center; padding: 0 .4em; min-width: 2.4em; border-radius: 3px; font-size: .8em;
  cursor: default; color: var(--ink, #222);
  background: color-mix(in srgb, var(--hue) calc(var(--part) * 100%), #f4f4f4) }
.phrases .tree b { font-weight: inherit; display: inline-block; position: sticky; left: .3em; right: .3em }
.phrases .tree span { text-align: center; padding: 0 .3em }
.phrases .held { outline: 2px solid #e59400 }
.phrases span.held { background: #ffe3ad; border-radius: 3px; outline: 0 }
.phrases .against { --hue: #b2182b } .phrases .for { --hue: #2166ac } .phrases .strong { --ink: #fff }
"""
"""Every rule names the class of an explanation, so that none touches the rest of a notebook."""

_SCRIPT = """
for (const tree of document.querySelectorAll('.tree')) {
  const hold = on => event => {
    const cell = event.target.closest('div[data-start]')
    if (!cell) return
    cell.classList.toggle('held', on)
    for (const word of tree.querySelectorAll('span'))
      if (+cell.dataset.start <= +word.dataset.place && +word.dataset.place < +cell.dataset.end)
        word.classList.toggle('held', on)
  }
  tree.addEventListener('mouseover', hold(true))
  tree.addEventListener('mouseout', hold(false))
}
"""


def page(explanations: Sequence[Explanation]) -> str:
    """Return a page of HTML: each phrase is a box above its words, which are marked while the mouse is over it."""
    articles = "\n".join(map(_article, explanations))
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Explanations</title>'
        f"<style>{_PAGE_STYLE}{_STYLE}</style>\n"
        "<h1>Explanations</h1><p>How much each phrase speaks for the explained class (blue) or against it (red).</p>\n"
        f"{articles}\n<script>{_SCRIPT}</script></html>\n"
    )


def fragment(explanation: Explanation) -> str:
    """Return a piece of HTML for a notebook: one explanation with its style, without a script."""
    return f"<style>{_STYLE}</style>\n{_article(explanation)}"


def _article(explanation: Explanation) -> str:
    found = boxes(explanation)
    top, limit = 1 + max(box.row for box in found), largest_score(explanation)
    drawn = "".join(_box(explanation, box, top, limit) for box in found)
    words = "".join(
        f'<span data-place="{place}" style="grid-area: {top + 1} / {place + 1}">{escape(token)}</span>'
        for place, token in enumerate(explanation.tokens)
    )
    headline = escape(explanation.headline)
    return f'<article class="phrases"><h2>{headline}</h2><div class="tree">{drawn}{words}</div></article>'


def _box(explanation: Explanation, box: Box, top: int, limit: float) -> str:
    (start, end), part = box.span, abs(box.score) / limit
    kinds = ("for" if box.score >= 0 else "against") + (" strong" if part > 0.6 else "")
    place = f"grid-area: {top - box.row} / {start + 1} / auto / {end + 1}; --part: {part:.3f}"
    told = escape(f"{explanation.phrase(box.span)}: {box.score:+.3f}", quote=True)
    data = f'data-start="{start}" data-end="{end}" style="{place}" title="{told}"'
    return f'<div class="{kinds}" {data}><b>{box.score:z.2f}</b></div>'
