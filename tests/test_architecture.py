"""The rules of docs/architecture.rst that a change could break without anyone noticing.

They are about source files, so they read the checkout (or the unpacked sdist), not the installed
package.
"""

import ast
import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "skl_sparse"
SOURCES = sorted(f for suffix in ("py", "pyx", "pxd") for f in PACKAGE.rglob(f"*.{suffix}"))
MAX_LINES = 600

# Imports go from a higher layer to a lower one; modules that are in no layer serve them all.
RANK = {
    "inspection": 5,
    "cross_validation": 4,
    "path": 3,
    "regressor": 2,
    "classifier": 2,
    "solvers": 1,
    "losses": 0,
    "penalties": 0,
    "designs": 0,
}
# What a solver may import of a loss, penalty or design: the modules that say what one can do.
INTERFACES = {"base", "_loss", "_penalty"}


@dataclass(frozen=True)
class Part:
    """The class that declares what a solver may ask of a part, and how solvers write such a part.

    By a name, as one of several with a ``plural``, or as what a method named in ``makers`` returns.
    """

    module: str
    declaration: str
    names: set
    plural: str
    makers: set = field(default_factory=set)


PARTS = (
    Part(
        "engine/penalties/_penalty",
        "Penalty",
        {"penalty"},
        "penalties",
        makers={"restrict", "exclude", "scaled", "convex_relative"},
    ),
    Part("engine/losses/_loss", "Loss", {"loss"}, "losses"),
    Part("engine/solvers/certificates/_quadratic_model", "QuadraticModel", {"model"}, "models"),
    Part("engine/designs/base", "Design", {"design"}, "designs"),
    Part("engine/designs/view", "WeightedView", {"A", "view"}, "views", makers={"view"}),
)


def relative(path):
    return path.relative_to(ROOT).as_posix()


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path) for path in SOURCES}


def python_imports(path):
    """Yield (level, module, names) of each import statement, wherever it stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield 0, alias.name, []


def cython_code(path):
    """Return the source without comments and docstrings."""
    text = re.sub(r'""".*?"""', '""', path.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"#.*", "", text)


def cython_imports(path):
    code = cython_code(path)
    statement = r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+c?import[ \t]*(\([^)]*\)|[^\n]*)"
    for dots, module, names in re.findall(statement, code, flags=re.MULTILINE):
        yield len(dots), module, re.findall(r"(\w+)(?:\s+as\s+\w+)?", names)
    for modules in re.findall(r"^[ \t]*c?import[ \t]+([^\n]*)", code, flags=re.MULTILINE):
        for module in modules.split(","):
            yield 0, module.split()[0], []


@functools.cache
def imported(path):
    """Return the full names of what a file imports: modules, or names inside modules."""
    find = python_imports if path.suffix == ".py" else cython_imports
    package = list(path.relative_to(ROOT).parent.parts)
    found = set()
    for level, module, names in find(path):
        base = package[: len(package) - level + 1] if level else []
        target = ".".join([*base, *filter(None, [module])])
        found.update(f"{target}.{name}" for name in names)
        if not names:
            found.add(target)
    return frozenset(found)


def internal_imports(path):
    """Return the package's own modules that a file imports."""
    found = set()
    for name in imported(path):
        if name.split(".")[0] == "skl_sparse":
            found.add(name if name in MODULES else name.rpartition(".")[0])
    return found - {module_name(path)}  # a .pyx and its .pxd are one module


@functools.cache
def import_graph():
    graph = {module: set() for module in MODULES}
    for path in SOURCES:
        graph[module_name(path)] |= internal_imports(path)
    return graph


def reachable(module):
    found, todo = set(), [module]
    while todo:
        new = import_graph().get(todo.pop(), set()) - found
        found |= new
        todo.extend(new)
    return found


def layer(module):
    """Return the layer that a module belongs to, or None."""
    return next((part for part in module.split(".") if part in RANK), None)


def test_imports_are_read_from_all_kinds_of_files(tmp_path, monkeypatch):
    # A rule that reads nothing would always hold.
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    folder = tmp_path / "skl_sparse" / "engine"
    folder.mkdir(parents=True)
    source = 'from ..a import (b,\n c as d)\nfrom . import e\nimport f.g\n"""\nimport no\n"""\n'
    (folder / "one.py").write_text(source)
    (folder / "two.pyx").write_text(source.replace("import", "cimport") + "# import no\n")
    expected = {"skl_sparse.a.b", "skl_sparse.a.c", "skl_sparse.engine.e", "f.g"}
    assert imported(folder / "one.py") == expected
    assert imported(folder / "two.pyx") == expected


@pytest.mark.parametrize("module", sorted(m for m in MODULES if layer(m)))
def test_imports_go_one_way(module):
    own = layer(module)
    for other in reachable(module):
        if layer(other) not in (None, own):
            assert RANK[layer(other)] < RANK[own], f"{module} reaches {other}"


@pytest.mark.parametrize("module", sorted(MODULES - {"skl_sparse"}))
def test_no_module_imports_the_whole_package(module):
    assert "skl_sparse" not in reachable(module)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_import_cycles(module):
    assert module not in reachable(module)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("engine/solvers/**/*.py*")), ids=relative)
def test_solvers_name_no_concrete_part(path):
    concrete = set()
    for part in SOURCES:
        kind = layer(module_name(part))
        if kind in ("losses", "penalties", "designs") and part.stem not in INTERFACES:
            definition = r"^(?:cdef\s+|cpdef\s+)?class\s+(\w+)"
            concrete |= set(re.findall(definition, part.read_text("utf-8"), flags=re.MULTILINE))
    assert not concrete & set(re.findall(r"\w+", cython_code(path)))

    for module in internal_imports(path):
        if layer(module) in ("losses", "penalties", "designs"):
            last = module.rpartition(".")[2]
            assert last in INTERFACES | {layer(module)}, f"{path.name} imports {module}"


def declared(part):
    """Return the public members that the class of a part declares: methods and attributes."""
    path = PACKAGE / part.module
    if path.with_suffix(".py").exists():
        found = declared_in_python(path.with_suffix(".py"), part.declaration)
    else:
        files = path.with_suffix(".pyx"), path.with_suffix(".pxd")
        found = set().union(*(declared_in_cython(file, part.declaration) for file in files))
    return {name for name in found if not name.startswith("_")}


def declared_in_python(path, name):
    tree = ast.parse(path.read_text("utf-8"))
    cls = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    found = set()
    for node in cls.body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            found.add(node.target.id)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets)
    for node in ast.walk(cls):  # self.attribute = ...
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return found


def declared_in_cython(path, name):
    code = cython_code(path)
    (body,) = re.findall(rf"^cdef class {name}\b.*:\n((?: .*\n|\n)*)", code, re.MULTILINE)
    found = set()
    for line in re.findall(r"^    (?:def|cp?def) (.*)", body, re.MULTILINE):
        names = line.split("(")[0].split("=")[0]  # of a method, or of attributes of one type
        found.update(part.split()[-1] for part in names.split(","))
    return found


def asked_in_python(code, part):
    """Return the attributes that Python code asks of a part."""
    found = set()

    def is_several(node):
        return getattr(node, "id", getattr(node, "attr", None)) == part.plural

    def is_part(node):
        if isinstance(node, ast.Subscript):
            return is_several(node.value)
        if isinstance(node, ast.Call):
            return getattr(node.func, "attr", None) in part.makers
        return getattr(node, "id", getattr(node, "attr", None)) in part.names

    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and is_part(node.value):
            found.add(node.attr)
        for loop in getattr(node, "generators", [node] if isinstance(node, ast.For) else []):
            if is_several(loop.iter):  # whatever one of them is called in the loop
                found.update(
                    inner.attr
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Attribute)
                    and getattr(inner.value, "id", None) == getattr(loop.target, "id", "")
                )
    return found


def asked_in_cython(code, part):
    names = "|".join([*sorted(part.names), rf"{part.plural}\[[^]]*\]"])
    return set(re.findall(rf"\b(?:{names})\.(\w+)", code))


def asked(path, part):
    """Return the attributes that a file asks of a part."""
    if path.suffix == ".py":
        return asked_in_python(path.read_text("utf-8"), part)
    return asked_in_cython(cython_code(path), part)


SOLVERS = sorted(PACKAGE.glob("engine/solvers/**/*.py*"))


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.declaration)
def test_solvers_ask_what_the_base_class_declares(part):
    members = declared(part)
    wrong = {relative(path): asked(path, part) - members for path in SOLVERS}
    assert not {path: names for path, names in wrong.items() if names}


def test_what_solvers_ask_is_read():
    # A rule that reads nothing would always hold.
    penalty, view = PARTS[0], PARTS[-1]
    assert {"value", "prox_at", "excluded", "value_at", "n_columns", "convex"} <= declared(penalty)
    assert not {"lam", "p", "_check_length"} & declared(penalty)
    assert {"null", "value_at", "value"} <= declared(PARTS[2])
    assert {"correlate", "n_rows"} <= declared(PARTS[3])
    assert {"correlate", "scale"} <= declared(view)
    python = """
def f(problem, here, t):
    penalty.a + here.penalty.b + problem.penalties[t].c + penalty.restrict(x).d
    [one.e for one in problem.penalties]
    for other in penalties:
        other.f
    one.no + penalty["no"] + penalties.no
"""
    assert asked_in_python(python, penalty) == {*"abcdef", "restrict"}
    cython = "x = penalty.a(j) + self.penalty.b + penalties[0].c + a_penalty.no"
    assert asked_in_cython(cython, penalty) == {"a", "b", "c"}
    for part in PARTS:
        if part.declaration != "Loss":  # no solver meets one yet
            assert any(asked(path, part) for path in SOLVERS), part


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_only_public_scikit_learn(path):
    for name in imported(path):
        if name.split(".")[0] == "sklearn":
            assert path.suffix == ".py", "scikit-learn's Cython files change without notice"
            assert not any(part.startswith("_") for part in name.split(".")), name
    text = path.read_text("utf-8")
    assert "_parameter_constraints" not in text
    assert "_fit_context" not in text


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_files_stay_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_a_loss_or_penalty_is_one_short_file():
    # That the interfaces are enough; the Lp penalty, which solvers live on, is longer.
    longer = {"_loss", "_penalty", "_lp"}
    paths = [
        path for kind in ("losses", "penalties") for path in PACKAGE.glob(f"engine/{kind}/*.pyx")
    ]
    short = {path.stem: path for path in paths if path.stem not in longer}
    assert {"_squared_error", "_log_cosh", "_mcp"} <= set(short)
    for path in short.values():
        assert len(path.read_text("utf-8").splitlines()) < 60, relative(path)


@pytest.mark.parametrize(
    "path", [ROOT / "meson.build", *sorted(PACKAGE.rglob("meson.build"))], ids=relative
)
def test_build_is_portable(path):
    # No OpenMP runtime to install, the same arithmetic on every machine.
    text = path.read_text("utf-8").lower()
    for flag in ("openmp", "-march", "-mtune", "native", "fast-math", "-ofast"):
        assert flag not in text, flag


@pytest.mark.parametrize("path", [p for p in SOURCES if p.suffix != ".py"], ids=relative)
def test_kernels_bring_no_flags_or_openmp_of_their_own(path):
    text = path.read_text("utf-8")
    assert "cython.parallel" not in text
    assert "distutils:" not in text


@pytest.mark.parametrize(
    "folder", sorted({p.parent for p in SOURCES}), ids=lambda folder: relative(folder)
)
def test_build_lists_every_file(folder):
    build = (folder / "meson.build").read_text("utf-8")
    listed = set(re.findall(r"'([^']+)'", build))
    if ".pyx" in listed:  # a loop over the names of the compiled modules
        listed |= {f"{name}.pyx" for name in listed}
    left_out = {"meson.build"}  # and what only the compiler reads
    for path in folder.iterdir():
        if path.is_file() and path.suffix not in (".pxd", ".pxi", ".h", ".c", ".so", ".pyd"):
            assert path.name in listed | left_out, f"{relative(path)} would not be installed"
        elif path.is_dir() and path.name != "__pycache__":
            assert f"subdir('{path.name}')" in build or any(
                name.startswith(path.name + "/") for name in listed
            ), f"{relative(path)} would not be installed"
