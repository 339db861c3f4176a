"""What `make check` makes of pip-audit's answer."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


def package(name: str, *vulnerabilities: str, **rest: str) -> dict:
    bugs = [{"id": one, "aliases": [f"CVE-{one}"], "fix_versions": ["2.0"]} for one in vulnerabilities]
    return {"name": name, "version": "1.0", "vulns": bugs, **rest}


def unknown(name: str) -> dict:
    return {"name": name, "skip_reason": f"Dependency not found: {name}"}


def test_a_vulnerability_fails_with_its_names_and_the_cure(audit) -> None:
    code, lines = audit.verdict({"dependencies": [package("good"), package("bad", "GHSA-1")]}, {})
    assert code == 1
    assert lines[0] == "Vulnerable: bad 1.0: GHSA-1, CVE-GHSA-1; fixed in 2.0"


def test_an_accepted_one_passes_and_its_reason_is_printed(audit) -> None:
    code, lines = audit.verdict({"dependencies": [package("bad", "GHSA-1")]}, {"CVE-GHSA-1": "Not called by us."})
    assert code == 0
    assert "Not called by us." in lines[0]


def test_a_database_that_knows_nothing_is_no_pass_but_a_skip(audit) -> None:
    code, lines = audit.verdict({"dependencies": [unknown("a"), unknown("b")]}, {})
    assert code == 0
    assert lines[0].startswith("Audit skipped")
    assert "none of 2" in lines[0]


def test_without_network_it_is_skipped_with_the_reason(audit, monkeypatch, capsys) -> None:
    failing = "import sys; sys.exit('ConnectionError: no route to host')"
    monkeypatch.setattr(audit, "COMMAND", ("-c", failing))
    assert audit.main() == 0
    assert "no route to host" in capsys.readouterr().out
