"""What the package as a whole promises: its version, its public names, its examples."""

import doctest
import importlib
import importlib.metadata
import pkgutil
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import skl_sparse

ROOT = Path(__file__).resolve().parents[1]


def all_modules():
    def fail(name):
        raise ImportError(f"{name} cannot be imported")

    walk = pkgutil.walk_packages(skl_sparse.__path__, "skl_sparse.", onerror=fail)
    return ["skl_sparse", *sorted(module.name for module in walk)]


@pytest.mark.parametrize("name", all_modules())
def test_docstring_examples(name):
    module = importlib.import_module(name)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(module, optionflags=options)
    if "matplotlib.pyplot" in sys.modules:  # examples of displays leave figures open
        sys.modules["matplotlib.pyplot"].close("all")
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples failed, see above"


def test_version_is_the_same_everywhere():
    build = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text("utf-8")).group(1)
    assert skl_sparse.__version__ == importlib.metadata.version("skl-sparse") == build
    assert f"## [{build}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(skl_sparse.__all__) - {"__version__"}))
def test_public_names_are_there_and_documented(name):
    assert getattr(skl_sparse, name).__doc__
    assert re.search(rf"\b{name}\b", (ROOT / "docs" / "api.rst").read_text("utf-8"))


@pytest.mark.slow
def test_import_is_quiet_and_leaves_heavy_packages_alone():
    code = (
        "import sys, os; before = dict(os.environ); import skl_sparse; "
        "assert dict(os.environ) == before; "
        "heavy = {'matplotlib', 'imblearn'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_pre_commit_runs_the_versions_of_the_lint_group():
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    pinned = dict(tool.split("==") for tool in groups["lint"] if "==" in tool)
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    for tool, version in pinned.items():
        assert re.search(rf"{tool}\S*\n\s*rev: v{re.escape(version)}\n", hooks), tool


def test_links_of_the_readme_work_outside_the_repository_and_lead_somewhere():
    """A package index shows the README without the files beside it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    source = project["urls"]["Source"]
    raw = source.replace("//github.com", "//raw.githubusercontent.com")
    readme = (ROOT / "README.md").read_text("utf-8")
    links = [*re.findall(r"\]\(([^)\s]+)", readme), *project["urls"].values()]
    assert any(link.endswith(".png") for link in links)
    for link in links:
        assert link.startswith((source, raw)), link
        for prefix in (f"{source}/blob/main/", f"{source}/tree/main/", f"{raw}/main/"):
            if link.startswith(prefix):
                assert (ROOT / link.removeprefix(prefix)).exists(), link


@pytest.mark.slow
def test_example_of_the_readme():
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"\d+ words", done.stdout)


def test_diagrams_are_what_the_script_draws():
    diagrams = runpy.run_path(str(ROOT / "tools" / "draw_diagrams.py"))["DIAGRAMS"]
    assert len(diagrams) > 1
    for name, draw in diagrams.items():
        assert draw() == (ROOT / "docs" / "images" / name).read_text("utf-8"), name


@pytest.mark.parametrize("page", ["docs/quickstart.rst", "docs/choosing.rst"])
def test_examples_of_the_pages(page):
    result = doctest.testfile(str(ROOT / page), module_relative=False)
    assert result.attempted > 0
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples failed, see above"
