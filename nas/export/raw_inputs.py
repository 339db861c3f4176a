"""What an export takes along so that it takes raw rows: schema, rules, `predict.py`, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nas.config.search_config import SearchConfig
from nas.data.dataset import Dataset
from nas.data.preprocessing import FILE as PREPROCESS
from nas.data.preprocessing import Preprocessing, from_json, to_json
from nas.data.schema import FILE as SCHEMA
from nas.data.schema import Schema
from nas.errors import InputError
from nas.export import predict_file
from nas.final.raw_rows import ROWS
from nas.final.record import CHECK, Check, write_raw
from nas.journal.directory import FILE, FINAL
from nas.journal.journal import read
from nas.setup.problem import opened_data


@dataclass(frozen=True)
class RawInputs:
    """The way from raw rows to a network's inputs.

    Args:
        rows: file of raw test examples, see `nas.final.raw_rows`, by which an export is proved.
    """

    schema: Schema
    rules: Preprocessing
    rows: Path

    def write(self, folder: Path) -> None:
        """`schema.json`, `preprocess.json` and `predict.py`."""
        self.schema.save(folder)
        (folder / PREPROCESS).write_text(to_json(self.rules, self.schema), encoding="utf-8")
        (folder / predict_file.FILE).write_text(
            predict_file.predict_file(self.rules, self.schema.kind), encoding="utf-8"
        )

    def requirements(self) -> list[str]:
        """Lines of `requirements.txt`."""
        return predict_file.requirements(self.rules)


def raw_inputs(search: Path, final: str = FINAL, dataset: Dataset | None = None) -> RawInputs | None:
    """What the final of a search keeps of its raw rows.

    A search of before kept nothing: then the data is read again, and if its test examples are still what they were,
    they are kept now. None where the data is no longer there or is read otherwise today.
    """
    folder = search / final
    there = all((folder / name).is_file() for name in (SCHEMA, PREPROCESS, ROWS))
    if not there and not _kept_now(search, folder, dataset):
        return None
    schema = Schema.from_json((folder / SCHEMA).read_text(encoding="utf-8"))
    return RawInputs(schema, from_json((folder / PREPROCESS).read_text(encoding="utf-8")), folder / ROWS)


def _kept_now(search: Path, folder: Path, dataset: Dataset | None) -> bool:
    try:
        if dataset is None and (search / FILE).is_file():
            header = read(search).header
            config = SearchConfig.from_json(header.config)
            dataset = opened_data(config.data, config) if config.data else None
            if dataset is not None and dataset.fingerprint != header.fingerprint:
                return False
        if dataset is None or dataset.preprocessing is None:
            return False
        write_raw(dataset, folder, len(Check.load(folder / CHECK).inputs))
        return True
    except (InputError, OSError):
        return False
