"""The picture of a lab as SVG: vendor's cloud, license servers, gateways from left to right, leases between them.

It takes the reader's light or dark scheme, needs no font and no script, and reads in any browser and on a README page.
"""

from html import escape
from typing import Final

from leaselab.testbed.pictures.graph import Arrow, Box, Picture, fold, lease_text, summary_of

MARGIN: Final = 32
HEADER: Final = 84
FOOTER: Final = 48
CARD_HEIGHT: Final = 78
ROW_GAP: Final = 22
BEND: Final = 64
"""How far lines curve before they run level towards their targets."""
CHARACTER: Final = 0.56
"""Width of a character in parts of its size, on average and rather wide."""
CARD_WIDTHS: Final = (176, 300)
"""Narrowest and widest card; longer names are cut."""

NETWORK_COLOURS: Final = {"internal": "a", "external": "b", "management": "c"}

STYLE: Final = """
    .page{fill:#fbfcfe;stroke:#dfe5ee}.grid{fill:#dfe5ee}.card{fill:#fff;stroke:#d5dce8}.under{fill:#f2f5fa;stroke:#d5dce8}
    .ink{fill:#172033}.soft{fill:#5b667a}.badge{fill:#eef2f8}
    .cloud{--tone:#0b7fab;--tint:#e1f3fa}.server{--tone:#6d3fd1;--tint:#eee8fc}.gateway{--tone:#14805e;--tint:#e0f5ed}
    .a{--line:#2f6feb}.b{--line:#c2570c}.c{--line:#8a3ffc}.keys{--line:#0b7fab}
    .bar{fill:var(--tone)}.tile{fill:var(--tint)}
    .icon{fill:none;stroke:var(--tone);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
    .line{fill:none;stroke:var(--line);stroke-width:2}.dot{fill:var(--line)}
    .dashed{stroke-dasharray:2 6;stroke-linecap:round}
    text{font-family:Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
    .h1{font-size:21px;font-weight:650;letter-spacing:-.2px}.h2{font-size:13px}.name{font-size:15px;font-weight:650}
    .small{font-size:12px}.tiny{font-size:11px}.strong{font-size:12px;font-weight:600}
    @media (prefers-color-scheme:dark){
      .page{fill:#0f1522;stroke:#263148}.grid{fill:#243049}.card{fill:#182134;stroke:#2d3a55}.under{fill:#141c2d;stroke:#2d3a55}
      .ink{fill:#edf1f8}.soft{fill:#9fadc4}.badge{fill:#232f48}
      .cloud{--tone:#57c7ef;--tint:#12384a}.server{--tone:#b79cff;--tint:#2c2350}.gateway{--tone:#54d3a5;--tint:#123b30}
      .a{--line:#79a8ff}.b{--line:#ff9d57}.c{--line:#c49bff}.keys{--line:#57c7ef}
    }
"""

ICONS: Final = {
    "cloud": "M11 25h15a5.5 5.5 0 0 0 .8-10.9A8 8 0 0 0 11.6 13 6 6 0 0 0 11 25z",
    "server": "M9 10h18v7H9zM9 20h18v7H9zM13 13.5h.1M13 23.5h.1M19 13.5h4M19 23.5h4",
    "gateway": "M18 8l9 3.2v6.6c0 5-3.6 8.3-9 10.4-5.4-2.1-9-5.4-9-10.4v-6.6zM14.3 18.2l2.6 2.6 5-5.2",
}


_HEAD: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" \
aria-labelledby="title desc">
  <title id="title">{name}</title>
  <desc id="desc">{summary}</desc>"""

_BACKGROUND: Final = """\
  <defs><pattern id="dots" width="20" height="20" patternUnits="userSpaceOnUse">\
<circle class="grid" cx="2" cy="2" r="1"/></pattern></defs>
  <rect class="page" x=".5" y=".5" width="{outer[0]}" height="{outer[1]}" rx="16"/>
  <rect fill="url(#dots)" x="8" y="8" width="{inner[0]}" height="{inner[1]}" rx="10"/>"""

_CARD: Final = (
    '<rect class="card" x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="12"/>'
    '<rect class="bar" x="{x:g}" y="{bar_y:g}" width="3" height="{bar}" rx="1.5"/>'
    '<rect class="tile" x="{tile_x:g}" y="{tile_y:g}" width="36" height="36" rx="9"/>'
    '<path class="icon" transform="translate({tile_x:g} {tile_y:g})" d="{icon}"/>'
)

_DOT: Final = '<g class="{colour}"><circle class="dot" r="3.5" cx="{x:g}" cy="{y:g}"><title>{name}</title></circle></g>'


def svg(picture: Picture) -> str:
    """Draw a lab. Equal gateways are stacked when they are many."""
    return _Drawing(fold(picture)).text()


class _Drawing:
    """One drawing in the making: where each card stands, then the elements in painting order."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.columns = {
            side: [box for box in picture.boxes if _side(box) == side] for side in ("cloud", "server", "gateway")
        }
        self._order_gateways()
        self.widths = {side: _card_width(boxes) for side, boxes in self.columns.items()}
        self.inner_height = max(_column_height(len(boxes)) for boxes in self.columns.values())
        self.places: dict[str, tuple[float, float]] = {}
        self.width = self._place()
        self.height = HEADER + self.inner_height + FOOTER

    def _order_gateways(self) -> None:
        """Bring gateways of one server together, so that lines do not cross."""
        rank = {box.name: index for index, box in enumerate(self.columns["server"])}
        server = {arrow.target: rank.get(arrow.source, -1) for arrow in self.picture.arrows if arrow.gives == "leases"}
        self.columns["gateway"].sort(key=lambda box: server.get(box.name, len(rank)))

    def _place(self) -> float:
        """Set each column beside the last, centred in height; return the width of it all."""
        x: float = MARGIN
        before: list[Box] = []
        for side, boxes in self.columns.items():
            if not boxes:
                continue
            x += self._gap(before, boxes) if before else 0
            before = boxes
            y = HEADER + (self.inner_height - _column_height(len(boxes))) / 2
            for box in boxes:
                self.places[box.name] = (x, y)
                y += CARD_HEIGHT + ROW_GAP
            x += self.widths[side]
        return max(x + MARGIN, 480.0)

    def _gap(self, sources: list[Box], targets: list[Box]) -> float:
        """Return the room between two columns: for the lines' curves and for the widest label."""
        names = {box.name for box in targets}
        label = max((_label_width(arrow) for arrow in self.picture.arrows if arrow.target in names), default=0)
        return label + 30 + (8 if len(sources) == len(targets) == 1 else BEND)

    def text(self) -> str:
        """Write it all down."""
        width, height = round(self.width), round(self.height)
        summary = self.picture.summary or summary_of(self.picture.boxes)
        parts = [
            _HEAD.format(width=width, height=height, name=escape(self.picture.name), summary=escape(summary)),
            f"  <style>{STYLE}  </style>",
            _BACKGROUND.format(outer=(width - 1, height - 1), inner=(width - 16, height - 16)),
            f'  <text class="ink h1" x="{MARGIN}" y="44">{escape(self.picture.name)}</text>',
            f'  <text class="soft h2" x="{MARGIN}" y="65">{escape(summary)}</text>',
            *(self._line(arrow) for arrow in self.picture.arrows),
            *(self._label(arrow) for arrow in self.picture.arrows),
            *(self._card(box) for box in self.picture.boxes),
            *self._legend(),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def _ends(self, arrow: Arrow) -> tuple[float, float, float, float]:
        """Return where a line leaves its source and where it reaches its target."""
        source_x, source_y = self.places[arrow.source]
        target_x, target_y = self.places[arrow.target]
        side = next(_side(box) for box in self.picture.boxes if box.name == arrow.source)
        return source_x + self.widths[side], source_y + CARD_HEIGHT / 2, target_x, target_y + CARD_HEIGHT / 2

    def _line(self, arrow: Arrow) -> str:
        """Draw the relation: a curve, then a level stretch as long as its label."""
        x1, y1, x2, y2 = self._ends(arrow)
        level = x1 + BEND if abs(y2 - y1) > 1 else x1
        classes, dashed = ("keys", " dashed") if arrow.gives == "keys" else (_colour(arrow.network), "")
        half = (level - x1) / 2
        return (
            f'  <g class="{classes}"><path class="line{dashed}" d="M{x1:g} {y1:g}C{x1 + half:g} {y1:g} '
            f'{level - half:g} {y2:g} {level:g} {y2:g}H{x2 - 9:g}"/><circle class="dot" cx="{x1:g}" cy="{y1:g}" r="4"/>'
            f'<path class="dot" d="M{x2 - 1:g} {y2:g}l-10 -5v10z"/></g>'
        )

    def _label(self, arrow: Arrow) -> str:
        """Write along the level stretch what is given: the first half above the line, the rest below."""
        x1, y1, x2, y2 = self._ends(arrow)
        level = x1 + BEND if abs(y2 - y1) > 1 else x1
        centre = max((level + x2) / 2 - 3, x2 - 18 - _label_width(arrow) / 2)
        words = _label_lines(arrow)
        above = (len(words) + 1) // 2
        parts = []
        for index, (style, text) in enumerate(words):
            y = y2 - 8 - 15 * (above - 1 - index) if index < above else y2 + 17 + 15 * (index - above)
            parts.append(f'  <text class="{style}" x="{centre:g}" y="{y:g}" text-anchor="middle">{escape(text)}</text>')
        return "\n".join(parts)

    def _card(self, box: Box) -> str:
        """Draw a node: icon, name, what it is, what it holds, and a dot for each network it is on."""
        x, y = self.places[box.name]
        width = self.widths[_side(box)]
        under = '<rect class="under" x="{0:g}" y="{1:g}" width="{2}" height="{3}" rx="12"/>'
        stack = [under.format(x + by, y + by, width, CARD_HEIGHT) for by in (8, 4) if box.count > 1]
        frame = _CARD.format(
            x=x,
            y=y,
            bar_y=y + 16,
            tile_x=x + 16,
            tile_y=y + 14,
            width=width,
            height=CARD_HEIGHT,
            bar=CARD_HEIGHT - 32,
            icon=ICONS[_side(box)],
        )
        room = width - 78 - (_badge_width(box) if box.count > 1 else 0)
        lines = [
            ("ink name", y + 28, _cut(box.name, 15, room)),
            ("soft small", y + 46, _cut(_sort(box), 12, width - 76)),
            ("soft small", y + 64, _cut(box.note, 12, width - 76)),
        ]
        texts = [f'<text class="{style}" x="{x + 64:g}" y="{at:g}">{escape(text)}</text>' for style, at, text in lines]
        dots = [
            _DOT.format(
                colour=_colour(network), x=x + width - 16 - 11 * index, y=y + CARD_HEIGHT - 16, name=escape(network)
            )
            for index, network in enumerate(reversed(box.networks))
        ]
        badge = _badge(box, x + width - 12, y + 12) if box.count > 1 else ""
        return f'  <g class="{_side(box)}">{"".join([*stack, frame, *texts, badge, *dots])}</g>'

    def _legend(self) -> list[str]:
        """Name the networks by their colours, and the dashed line."""
        entries = [(_colour(network), "", f"{network} network") for network in self.picture.networks]
        if any(arrow.gives == "keys" for arrow in self.picture.arrows):
            entries.append(("keys", " dashed", "license keys"))
        y = self.height - 22
        x: float = MARGIN
        parts = []
        for classes, dashed, words in entries:
            parts.append(
                f'  <g class="{classes}"><path class="line{dashed}" d="M{x:g} {y - 4:g}h22"/></g>'
                f'<text class="soft tiny" x="{x + 30:g}" y="{y:g}">{escape(words)}</text>'
            )
            x += 30 + _width(words, 12) + 22
        return parts


def _side(box: Box) -> str:
    return box.role if box.role in ("cloud", "gateway") else "server"


def _badge_width(box: Box) -> float:
    return _width(f"x{box.count}", 12) + 14


def _badge(box: Box, right: float, top: float) -> str:
    """Draw how many nodes a stack stands for."""
    width = _badge_width(box)
    left = right - width
    return (
        f'<rect class="badge" x="{left:g}" y="{top:g}" width="{width:g}" height="20" rx="10"/>'
        f'<text class="ink strong" x="{left + width / 2:g}" y="{top + 14:g}" text-anchor="middle">'
        f"\N{MULTIPLICATION SIGN}{box.count}</text>"
    )


def _colour(network: str) -> str:
    return NETWORK_COLOURS.get(network, "a")


def _label_lines(arrow: Arrow) -> list[tuple[str, str]]:
    """Return the words on an arrow, each with its style."""
    lines: list[tuple[str, str]] = []
    for lease in arrow.leases:
        lines += [("soft tiny", lease.feature.replace("-", " ")), ("ink strong", lease_text(lease))]
    return lines or [("soft small", arrow.note or arrow.gives)]


def _label_width(arrow: Arrow) -> float:
    return max(_width(text, 12) for _, text in _label_lines(arrow))


def _column_height(cards: int) -> int:
    return max(cards * (CARD_HEIGHT + ROW_GAP) - ROW_GAP, CARD_HEIGHT)


def _card_width(boxes: list[Box]) -> int:
    """Return the width that shows the longest text of a column whole, within bounds."""
    narrowest, widest = CARD_WIDTHS
    wanted = [_text_width(box) + 80 for box in boxes]
    return min(max([narrowest, *(round(width) for width in wanted)]), widest)


def _text_width(box: Box) -> float:
    """Return how wide a card's widest line is, with what stands beside it."""
    name = _width(box.name, 15) + (48 if box.count > 1 else 0)
    return max(name, _width(_sort(box), 12), _width(box.note, 12) + 13 * len(box.networks))


def _sort(box: Box) -> str:
    return " · ".join(filter(None, (box.model, box.software)))


def _width(text: str, size: int) -> float:
    """Estimate how wide a text comes out: no font is at hand, and the reader's may differ."""
    return len(text) * size * CHARACTER


def _cut(text: str, size: int, room: float) -> str:
    """Shorten a text that would not fit."""
    if _width(text, size) <= room:
        return text
    return text[: max(int(room / (size * CHARACTER)) - 1, 1)] + "…"
