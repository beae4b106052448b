"""Where a line of ours can be made wrong in a small way, and how it then reads.

A mutant is one edit of the text: bytes from here to there are replaced. What cannot make the
program wrong is left alone: annotations, docstrings, decorators, the words of errors, of the log
and of what people read, `__all__`, orders that only make an answer the same each time.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.mutants.syntax import is_log, is_type, name_of, without_docstring

COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
}
ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
CLAUSES = {"where", "and_", "or_", "having"}  # calls whose arguments are conditions
SILENT_CALLS = {"with_for_update", "order_by", "cast", "TypeVar", "bindparam", "String"}
SILENT_KEYWORDS = {"strict", "hint"}
SILENT_NAMES = {"__all__", "__slots__", "__match_args__"}
LONG = 40  # text longer than this is for people


@dataclass(frozen=True, slots=True)
class Site:
    """One edit.

    Attributes:
        path: of the file, below the root.
        start, end: bytes that are replaced.
        at: where the statement begins, by which is found who executes it.
    """

    path: str
    line: int
    kind: str
    start: int
    end: int
    new: str
    at: int

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]

    def edit(self, source: bytes) -> str:
        """What is replaced by what, on one line."""
        return f"{_flat(source[self.start : self.end].decode())} -> {_flat(self.new) or 'nothing'}"

    def before(self, source: bytes) -> str:
        """The line as it stands."""
        return source.decode().splitlines()[self.line - 1].strip()


def sites_of(path: Path, root: Path) -> list[Site]:
    """All the sites of one file, in order; a few give what does not compile."""
    return _Finder(str(path.relative_to(root)), path.read_bytes()).sites()


def compiles(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class _Finder:
    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Site] = []
        self.statement: ast.stmt | None = None
        self.function: ast.FunctionDef | None = None

    def sites(self) -> list[Site]:
        self._visit_all(without_docstring(ast.parse(self.source).body))
        return sorted(set(self.found), key=lambda site: (site.start, site.end, site.new))

    # -- walking -------------------------------------------------------------------------

    def _visit_all(self, nodes: list[ast.stmt] | list[ast.expr]) -> None:
        for node in nodes:
            self._visit(node)

    def _visit(self, node: ast.AST | None) -> None:
        match node:
            case None | ast.Import() | ast.ImportFrom() | ast.JoinedStr():
                return
            case ast.FunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._visit_all(without_docstring(node.body))
            case ast.stmt():
                outer, self.statement = self.statement, node
                self._statement(node)
                self.statement = outer
            case _:
                self._expression(node)

    def _function(self, node: ast.FunctionDef) -> None:
        outer, self.function = (self.statement, self.function), node
        self.statement = node
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self._visit(default)
        self._visit_all(without_docstring(node.body))
        self.statement, self.function = outer

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._visit(child)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Raise():
                self._replace("statement dropped", node, "pass")
            case ast.Assert():
                return
            case ast.AnnAssign():
                self._visit(node.value)
            case ast.Assign(targets=[ast.Name(id=name)]) if name in SILENT_NAMES:
                return
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case ast.If():
                self._condition(node.test)
                self._children(node)
            case ast.While():
                self._replace("condition", node.test, "False")
                self._children(node)
            case ast.Return(value=ast.expr() as value):
                if not (isinstance(value, ast.Constant) and value.value is None):
                    self._replace("returns None", value, "None")
                self._visit(value)
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom() as value):
                if is_log(value) or name_of(getattr(value, "func", value)) == "crash":
                    return  # where tests let our process die
                self._replace("statement dropped", node, "pass")
                self._visit(value)
            case ast.Continue():
                self._replace("continue or break", node, "break")
            case ast.Break():
                self._replace("continue or break", node, "continue")
            case ast.AugAssign():
                self._operator(ARITHMETIC, node.op, node.target, node.value, "arithmetic")
                self._visit(node.value)
            case _:
                self._children(node)

    def _expression(self, node: ast.AST) -> None:
        match node:
            case ast.Compare(ops=[op], comparators=[right]):
                self._operator(COMPARISONS, op, node.left, right, "comparison")
            case ast.BoolOp(values=values):
                old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                self._between(values[0], values[1], old, new, "and or or")
                self._drop_each(values, "operand dropped", fewest=2)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
                self._replace("not or minus dropped", node, self._text(operand))
            case ast.BinOp():
                self._operator(ARITHMETIC, node.op, node.left, node.right, "arithmetic")
            case ast.IfExp():
                self._condition(node.test)
            case ast.comprehension(ifs=tests):
                for test in tests:
                    self._replace("condition", test, "True")
            case ast.Constant():
                self._constant(node)
            case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Set():
                self._drop_each(node.elts, "element dropped", fewest=2)
            case ast.Dict(keys=keys, values=values):
                self._drop_pairs(keys, values)
            case ast.Subscript():  # `Both[Patch]` is a type, `rows[0]` is not
                self._visit(node.value)
                is_first = isinstance(node.slice, ast.Constant) and node.slice.value == 0
                if not is_type(node) and not is_first:  # the first is mostly the last, too
                    self._visit(node.slice)
                return
            case ast.Call():
                self._call(node)
                return
        self._children(node)

    def _call(self, node: ast.Call) -> None:
        name = name_of(node.func)
        if name in SILENT_CALLS or is_log(node):
            if isinstance(node.func, ast.Attribute):
                self._visit(node.func.value)
            return
        if name in SWAPPED and isinstance(node.func, ast.Name):
            self._replace("min, max, any, all", node.func, SWAPPED[name])
        if name in CLAUSES:
            self._drop_each(node.args, "clause dropped", fewest=2)
            if name == "where" and isinstance(node.func, ast.Attribute):
                after = self._end(node.func.value)
                dot = self.source.index(b".", after)  # on the next line, where lines are many
                self._add("clause dropped", dot, self._end(node), "")
        for keyword in node.keywords:
            if keyword.arg and keyword.arg not in SILENT_KEYWORDS:
                self._drop_argument(node, keyword)
        self._visit(node.func)
        for argument in node.args:
            self._visit(argument)
        for keyword in node.keywords:
            if keyword.arg not in SILENT_KEYWORDS:
                self._visit(keyword.value)

    # -- edits ---------------------------------------------------------------------------

    def _condition(self, test: ast.expr) -> None:
        self._replace("condition", test, "True")
        self._replace("condition", test, "False")

    def _constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._replace("constant", node, str(not node.value))
            case int() | float():
                self._replace("constant", node, repr(node.value + 1))
                self._replace("constant", node, repr(node.value - 1))
            case "":
                self._replace("constant", node, '"other"')
            case str() if " " not in node.value and len(node.value) < LONG:
                self._replace("constant", node, '""')

    def _operator(
        self,
        table: dict[type, tuple[str, str]],
        op: ast.AST,
        left: ast.expr,
        right: ast.expr,
        kind: str,
    ) -> None:
        if type(op) in table:
            old, new = table[type(op)]
            pattern = old if table is COMPARISONS else re.escape(old)
            self._between(left, right, pattern, new, kind)

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str, kind: str) -> None:
        """Replace an operator: what stands between its operands, comments aside."""
        start, end = self._end(left), self._start(right)
        found = re.search(old.encode(), self.source[start:end])
        if found:
            self._add(kind, start + found.start(), start + found.end(), new)

    def _drop_each(self, nodes: list[ast.expr], kind: str, *, fewest: int) -> None:
        """Drop each of some expressions between which stands one separator."""
        if len(nodes) < fewest:
            return
        for first, second in pairwise(nodes):
            self._add(kind, self._start(first), self._start(second), "")
        self._add(kind, self._end(nodes[-2]), self._end(nodes[-1]), "")

    def _drop_pairs(self, keys: list[ast.expr | None], values: list[ast.expr]) -> None:
        for key, value in zip(keys, values, strict=True):
            if key is None:
                continue
            after = re.match(rb"\s*,\s*", self.source[self._end(value) :])
            end = self._end(value) + (after.end() if after else 0)
            self._add("element dropped", self._start(key), end, "")

    def _drop_argument(self, call: ast.Call, keyword: ast.keyword) -> None:
        start, end = self._start(keyword), self._end(keyword)
        after = re.match(rb"\s*,\s*", self.source[end:])
        if after:
            self._add("keyword dropped", start, end + after.end(), "")
        else:
            before = re.search(rb",?\s*$", self.source[self._end(call.func) : start])
            width = len(before.group()) if before else 0
            self._add("keyword dropped", start - width, end, "")

    def _replace(self, kind: str, node: ast.expr | ast.stmt, new: str) -> None:
        self._add(kind, self._start(node), self._end(node), new)

    def _add(self, kind: str, start: int, end: int, new: str) -> None:
        if self.source[start:end].decode() == new:
            return
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Site(self.path, line, kind, start, end, new, self._at(line)))

    # -- places --------------------------------------------------------------------------

    def _at(self, line: int) -> int:
        match self.statement:
            case None:
                return line
            case ast.FunctionDef(body=[*_, _] as body):  # a default acts in the body
                return without_docstring(body)[0].lineno
            case ast.stmt(lineno=begin):
                return begin

    def _start(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt | ast.keyword) -> int:
        return self.starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def _text(self, node: ast.expr) -> str:
        return f"({self.source[self._start(node) : self._end(node)].decode()})"


def every_site(folders: tuple[str, ...], root: Path) -> Iterator[Site]:
    """The sites of all files below some folders, in a fixed order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield from sites_of(path, root)
