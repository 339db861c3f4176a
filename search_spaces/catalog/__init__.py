"""Named spaces. A new one is one file and one line in `SPACES`."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from search_spaces.catalog.accel_nasbench import accel_nasbench
from search_spaces.catalog.autoformer import autoformer_tiny
from search_spaces.catalog.cnn import cnn
from search_spaces.catalog.darts import darts
from search_spaces.catalog.forecast import forecast
from search_spaces.catalog.hybrid import hybrid
from search_spaces.catalog.joined import joined, spelled
from search_spaces.catalog.language import language
from search_spaces.catalog.mlp import mlp
from search_spaces.catalog.mobilenet_v3 import mobilenet_v3
from search_spaces.catalog.nasbench101 import nasbench101
from search_spaces.catalog.nasbench201 import nasbench201
from search_spaces.catalog.nasbench_macro import nasbench_macro
from search_spaces.catalog.nats_size import nats_size
from search_spaces.catalog.own import own_space
from search_spaces.catalog.residual import residual
from search_spaces.catalog.sequence import sequence
from search_spaces.catalog.tabular import tabular
from search_spaces.catalog.text import text
from search_spaces.catalog.transformer import transformer
from search_spaces.catalog.transnas_micro import transnas_micro
from search_spaces.errors import SpaceError
from search_spaces.space import Space

SPACES: dict[str, Callable[[], Space]] = {
    "hybrid": hybrid,
    "cnn": cnn,
    "residual": residual,
    "transformer": transformer,
    "mlp": mlp,
    "sequence": sequence,
    "forecast": forecast,
    "text": text,
    "language": language,
    "tabular": tabular,
    "nasbench201": nasbench201,
    "nasbench_macro": nasbench_macro,
    "nasbench101": nasbench101,
    "darts": darts,
    "transnas_micro": transnas_micro,
    "nats_size": nats_size,
    "mobilenet_v3": mobilenet_v3,
    "autoformer_tiny": autoformer_tiny,
    "accel_nasbench": accel_nasbench,
}


def load_space(name: str) -> Space:
    """The space of this name in the catalogue, or of `module:attribute` (a `Space`, or a function that returns one).

    A module is looked for in the current folder first; `path/to/file.py:attribute` works as well. For several inputs
    `joined(numbers=tabular,text=text)` joins spaces of the catalogue, see `search_spaces.catalog.joined`.

    Raises:
        SpaceError: unknown name, a module or attribute that is not there, or code that raises.
    """
    if spelled(name):
        return joined({branch: load_space(space) for branch, space in spelled(name).items()})
    if ":" in name:
        return own_space(*name.rsplit(":", 1))
    if name in SPACES:
        return SPACES[name]()
    near = difflib.get_close_matches(name, SPACES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise SpaceError(
        f"Unknown space {name!r}.{hint} Known spaces: {', '.join(sorted(SPACES))}; or give `module:attribute`, "
        "e.g. my_spaces:small."
    )
