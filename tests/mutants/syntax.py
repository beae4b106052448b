"""What a piece of syntax is for, as far as mistakes are concerned."""

import ast

LOGS = {"log", "_log", "logger", "LOG"}


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that act; a string that stands alone explains something."""
    return [
        node
        for node in body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]


def name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def is_log(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
            return name in LOGS
        case _:
            return False


def is_type(node: ast.Subscript) -> bool:
    name = name_of(node.value)
    return (name[:1].isupper() and not name.isupper()) or name in {"dict", "list", "tuple", "type"}
