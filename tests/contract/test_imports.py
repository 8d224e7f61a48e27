"""Who may import whom: each contract of pyproject.toml holds, and each is broken by the import it forbids. More rules: test_tree.py."""

import subprocess
import sys
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract
from importlinter.domain.contract import Contract

from tests.contract.tree import ROOT

KINDS: dict[str, type[Contract]] = {
    kind.type_name: kind for kind in (AcyclicSiblingsContract, ForbiddenContract, IndependenceContract, LayersContract, ProtectedContract)
}
CONFIGURATION = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {options["name"]: options for options in CONFIGURATION["contracts_options"]}

# For each contract imports that it must refuse, each tried alone.
OFFENCES = {
    "services never import one another": [
        ("services.family.handlers", "services.referral.person.domain"),
        ("services.monitoring.handlers", "services.programme.journey.store"),
    ],
    "shared imports no service": [("shared.health", "services.programme.journey.service")],
    "nobody imports deploy": [("services.family.settings", "deploy.embedded.ports"), ("shared.process", "deploy.postgres.logins")],
    "a service: main over handlers and deadlines over nouns": [
        ("services.programme.handlers", "services.programme.__main__"),
        ("services.programme.deadlines", "services.programme.__main__"),
    ],
    "nouns never import main, handlers, deadlines or figures": [
        ("services.monitoring.release.service", "services.monitoring.figures"),
        ("services.programme.journey.service", "services.programme.handlers"),
        ("services.programme.journey.api", "services.programme.deadlines"),
    ],
    "a noun: api and pages over service over store over domain": [
        ("services.programme.journey.domain", "services.programme.journey.store"),
        ("services.programme.journey.store", "services.programme.journey.service"),
        ("services.programme.journey.service", "services.programme.journey.api"),
    ],
    "handlers and deadlines never import api or pages": [("services.programme.handlers", "services.programme.journey.api")],
    "no circles between nouns, nor in shared": [
        ("services.programme.pathway.service", "services.programme.journey.service"),
        ("shared.errors", "shared.web"),
    ],
    "domain does no input and no output": [
        ("services.programme.journey.domain", "asyncpg"),
        ("services.programme.journey.domain", "shared.database"),
    ],
    "aiokafka only in shared.kafka and shared.topics": [("shared.delivery.relay", "aiokafka"), ("deploy.embedded.control", "aiokafka")],
    "asyncpg only in shared.database": [("services.referral.person.store", "asyncpg"), ("deploy.postgres.provision", "asyncpg")],
    "FastAPI only on the edge": [("services.programme.journey.service", "fastapi"), ("services.programme.handlers", "fastapi")],
}


@lru_cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("services", "shared", "deploy", include_external_packages=True, cache_dir=None)


def is_kept(name: str, *offence: str) -> bool:
    """Whether the contract holds in the checkout, or in the checkout with one import (importer, imported) more."""
    changed = deepcopy(graph())  # a contract takes from the graph it checks
    if offence:
        for module in offence:
            assert module in changed.modules, f"{module} is gone: name another offence"
        changed.add_import(importer=offence[0], imported=offence[1])
    options = {key: value for key, value in CONTRACTS[name].items() if key not in ("name", "type")}
    contract = KINDS[CONTRACTS[name]["type"]](name=name, session_options=CONFIGURATION["session_options"], contract_options=options)
    return bool(contract.check(changed, verbose=False).kept)


def test_every_contract_has_an_offence() -> None:
    assert set(OFFENCES) == set(CONTRACTS)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_contract_is_kept(name: str) -> None:
    assert is_kept(name)


@pytest.mark.parametrize(("name", "offence"), [(name, offence) for name, offences in OFFENCES.items() for offence in offences], ids=str)
def test_the_contract_is_broken_by_its_offence(name: str, offence: tuple[str, str]) -> None:
    assert not is_kept(name, *offence)


def test_the_command_says_so_in_a_broken_tree(tmp_path: Path) -> None:
    """The same offence written into a copy of the files, seen by the program that `make check` runs."""
    for top in ("services", "shared", "deploy"):
        subprocess.run(["cp", "-r", str(ROOT / top), str(tmp_path / top)], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"]
    name = next(iter(CONTRACTS))
    assert f"{name} KEPT" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    broken = tmp_path / "services" / "family" / "contact" / "domain.py"
    broken.write_text(broken.read_text() + "\nfrom services.referral.person import domain as foreign\n")
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert f"{name} BROKEN" in answer.stdout
