"""Finds, by reading the source, what writes without a fault point of its own before and after; nothing is run here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

#: Methods that write whatever they are called with.
_ALWAYS = frozenset({
    "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "delete", "executemany", "copy_expert",
    "unlink", "rmdir", "rmtree", "mkdir", "write_text", "write_bytes", "symlink_to", "delay", "apply_async", "send_task",
    "publish",
})
#: Functions of others that write, by the name they are imported under: module and name.
_FOREIGN = frozenset({
    "axes.utils.reset", "django.contrib.auth.login", "django.contrib.auth.logout", "os.replace", "os.rename", "os.unlink",
    "os.remove", "os.fdopen", "shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.copytree",
})
_SQL = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|TRUNCATE|ALTER|GRANT|REVOKE|DROP|CREATE|COPY|MERGE\s+INTO)"
    r"|(?<!FOR )(?<!KEY )(?<!BEFORE )(?<!AFTER )\bUPDATE\s+(?!SKIP|NOWAIT|OF\b)[\w\"{]"
)
#: Modes in which a file is opened to be written.
_MODE = re.compile("[wax][bt+]*")
#: The kind of write that every action ends with, and whose own points in `audit.events` do not count for the action.
EVENT = "an event"


@dataclass
class Function:
    """One function or method: where it stands, its fault points by line, its writes (line, kind, dotted name of what is
    called) and whom else it calls where."""

    module: str
    name: str
    line: int
    writes: list[tuple[int, str, str]] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    calls: list[tuple[int, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Dotted, the class included."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True)
class Bare:
    """A write that no fault point stands before, or none after."""

    function: str
    line: int
    what: str
    before: bool
    after: bool

    def __str__(self) -> str:
        missing = " and ".join(side for side, there in (("before", self.before), ("after", self.after)) if not there)
        return (
            f"{self.function} writes ({self.what}, line {self.line}) without a fault point of its own {missing}: "
            f"call audit.faults.fault_point there"
        )


def functions_of(source: str, module: str) -> list[Function]:
    """What a module's functions write, mark and call; nested functions belong to the one around them."""
    tree = ast.parse(source)
    names = dict(_imports(tree))
    texts = dict(_constants(tree))
    found = []
    for node, owner in _top(tree):
        known = {**names, **{each.name: f"{module}.{each.name}" for each, other in _top(tree) if not other}}
        found.append(_function(node, owner, module, known, texts))
    return found


def exports_of(source: str, module: str) -> dict[str, str]:
    """What a package's own module hands on: dotted name there -> dotted name of the thing itself."""
    return {f"{module}.{name}": target for name, target in _imports(ast.parse(source))}


def public_names(source: str) -> list[str]:
    """The names in a module's `__all__`."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets):
            return list(ast.literal_eval(node.value))
    return []


def bare_writes(
    functions: Iterable[Function], *, exports: Mapping[str, str] | None = None, entries: Iterable[str] = (),
    exempt: Iterable[str] = (),
) -> list[Bare]:
    """Writes that end up, through every helper, in a function without a point before or after them.

    A helper may leave its points to all that call it; an entry (a room's public action) may not. `exports`: other names of
    functions, as packages hand them on. `exempt`: beginnings of dotted names that are not looked at.
    """
    known = {each.key: each for each in functions}
    by_key = {key: _followed(each, known, exports or {}) for key, each in known.items()}
    callers: dict[str, set[str]] = {}
    for each in by_key.values():
        for _line, called in each.calls:
            if called in by_key and called != each.key:
                callers.setdefault(called, set()).add(each.key)
    open_sites = _settled(by_key, tuple(exempt))
    public = {(exports or {}).get(entry, entry) for entry in entries}
    return sorted(
        (
            Bare(key, line, what, min(by_key[key].points, default=line + 1) <= line, max(by_key[key].points, default=0) >= line)
            for key, sites in open_sites.items() if key in public or not callers.get(key)
            for line, what in sites
        ),
        key=lambda bare: (bare.function, bare.line),
    )


def writers(functions: Iterable[Function], *, exports: Mapping[str, str] | None = None) -> set[str]:
    """Dotted names of all functions that write, by themselves or through what they call."""
    known = {each.key: each for each in functions}
    by_key = {key: _followed(each, known, exports or {}) for key, each in known.items()}
    found = {key for key, each in by_key.items() if each.writes}
    while True:
        more = {key for key, each in by_key.items() if any(called in found for _line, called in each.calls)}
        if more <= found:
            return found
        found |= more


def _followed(function: Function, known: Mapping[str, Function], exports: Mapping[str, str]) -> Function:
    """With calls by the name of the thing itself; what looks like a write and is a function of ours is a call."""
    ours = [site for site in function.writes if exports.get(site[2], site[2]) in known and site[1] != EVENT]
    calls = [*function.calls, *((line, called) for line, _what, called in ours)]
    return replace(
        function, writes=[site for site in function.writes if site not in ours],
        calls=[(line, exports.get(called, called)) for line, called in calls],
    )


def _settled(by_key: Mapping[str, Function], exempt: tuple[str, ...]) -> dict[str, list[tuple[int, str]]]:
    """Open writes of each function, those of the helpers it calls included, to the fixed point."""
    open_sites: dict[str, list[tuple[int, str]]] = {}
    while True:
        fresh = {}
        for key, function in by_key.items():
            if key.startswith(exempt):
                continue
            sites = [(line, what) for line, what, _called in function.writes]
            sites += [
                (line, f"through {called.rsplit('.', 1)[-1]}") for line, called in function.calls
                if called != key and open_sites.get(called)
            ]
            bare = [site for site in sites if not _between(function.points, site[0])]
            if bare:
                fresh[key] = sorted(set(bare))
        if fresh == open_sites:
            return open_sites
        open_sites = fresh


def _between(points: list[int], line: int) -> bool:
    return any(point <= line for point in points) and any(point >= line for point in points)


def _top(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, ""
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield inner, node.name


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"
        elif isinstance(node, ast.Import):
            for each in node.names:
                yield each.asname or each.name.split(".")[0], each.name


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, _text(node.value, {})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, _text(node.value, {})


def _text(node: ast.AST, texts: Mapping[str, str]) -> str:
    """All literal text within an expression, that of the constants it names included."""
    parts = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            parts.append(inner.value)
        elif isinstance(inner, ast.Name) and inner.id in texts:
            parts.append(texts[inner.id])
    return " ".join(parts)


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, module: str, names: Mapping[str, str], texts: Mapping[str, str]
) -> Function:
    found = Function(module, f"{owner}.{node.name}" if owner else node.name, node.lineno)
    local = {**texts}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name):
            local.setdefault(inner.targets[0].id, _text(inner.value, local))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            called = _called(inner, owner, module, names)
            if called == "audit.faults.fault_point":
                found.points.append(inner.lineno)
            elif what := _write(inner, called, local):
                found.writes.append((inner.lineno, what, called))
            elif called:
                found.calls.append((inner.lineno, called))
            # A function handed on is called by whom it is handed to.
            for handed in [*inner.args, *(word.value for word in inner.keywords)]:
                if isinstance(handed, ast.Name) and names.get(handed.id, "").startswith(f"{module.split('.')[0]}."):
                    found.calls.append((inner.lineno, names[handed.id]))
    return found


def _called(node: ast.Call, owner: str, module: str, names: Mapping[str, str]) -> str:
    """The dotted name of what is called, "" when it is not known."""
    if isinstance(node.func, ast.Name):
        return names.get(node.func.id, "")
    parts: list[str] = []
    inner: ast.expr = node.func
    while isinstance(inner, ast.Attribute):
        parts.insert(0, inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return ""
    if inner.id in ("self", "cls") and owner and len(parts) == 1:
        return f"{module}.{owner}.{parts[0]}"
    return ".".join([names[inner.id], *parts]) if inner.id in names else ""


def _write(node: ast.Call, called: str, texts: Mapping[str, str]) -> str:
    """What kind of write a call is; "" for none."""
    if called == "audit.events.record":
        return EVENT
    if called in _FOREIGN:
        return called
    if not isinstance(node.func, ast.Attribute):
        return ""
    name, given = node.func.attr, len(node.args)
    if name in _ALWAYS:
        return name
    if name == "save":
        # With one thing given it is an image or a workbook that goes into a stream.
        return "" if given == 1 and not node.keywords else name
    if name == "update":
        # Of a queryset; a dictionary is given one, a hash its bytes. Keyword arguments of a dictionary are no names of columns.
        return name if node.keywords and not given and not _is_dictionary(node.func.value) else ""
    if name == "set":
        return name if given == 1 and isinstance(node.func.value, ast.Attribute) else ""
    if name in ("replace", "rename"):
        return name if given == 1 and not node.keywords and _is_path(node) else ""
    if name == "copy":
        return name if given == 1 and not node.keywords else ""
    if name == "open":
        mode = node.args[0] if node.args else None
        return name if isinstance(mode, ast.Constant) and _MODE.fullmatch(str(mode.value)) else ""
    if name == "execute" and given:
        text = _text(node.args[0], texts)
        return "SQL" if not text or _SQL.search(text) else ""
    return ""


def _is_dictionary(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("kwargs", "options", "context", "data")


def _is_path(node: ast.Call) -> bool:
    """Whether `replace` or `rename` moves a file: a column or a frame is given no bare name."""
    return isinstance(node.args[0], ast.Name)
