"""Prints the public surface of the headers, one sorted line for each name with its signature, from
Clang's syntax tree as JSON on standard input. `detail`, what is private, and what the compiler makes
by itself are left out."""

import json
import sys

SCOPES = ("CXXRecordDecl", "ClassTemplateDecl", "EnumDecl", "NamespaceDecl", "LinkageSpecDecl")
lines = set()


def is_left_out(node, access):
    return access == "private" or node.get("isImplicit") or node.get("name") == "detail"


def record(node, scope, access):
    kind, name = node["kind"], node.get("name", "")
    full = f"{scope}::{name}"
    type_ = node.get("type", {}).get("qualType", "")
    if node.get("explicitlyDefaulted"):  # Clang finds out whether it may throw once it is used.
        type_ = type_.replace(" noexcept", "")
    words = [word for word in ("virtual", "pure", "constexpr", "inline") if node.get(word)]
    if node.get("storageClass"):
        words.append(node["storageClass"])
    if node.get("explicitlyDeleted"):
        words.append("deleted")
    if access == "protected":
        words.append(access)
    suffix = f" [{' '.join(words)}]" if words else ""

    if kind == "CXXRecordDecl":
        bases = ", ".join(base["type"]["qualType"] for base in node.get("bases", []))
        members = [inner["name"] for inner in node.get("inner", []) if inner["kind"] == "FieldDecl"]
        lines.add(f"{full}: {node['tagUsed']}" + (f" : {bases}" if bases else "") +
                  # An initialiser names them in this order.
                  (f" {{{', '.join(members)}}}" if node["tagUsed"] == "struct" else ""))
    elif kind == "EnumDecl":
        lines.add(f"{full}: enum {node.get('scopedEnumTag', '')}".rstrip())
    elif kind in ("TypeAliasDecl", "TypedefDecl"):
        lines.add(f"{full}: = {type_}")
    elif kind in ("FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl",
                  "CXXConversionDecl"):
        parameters = node.get("inner", [])
        defaults = sum(1 for p in parameters if p["kind"] == "ParmVarDecl" and "init" in p)
        lines.add(f"{full}: {type_}" + (f" ({defaults} by default)" if defaults else "") + suffix)
    elif kind in ("FieldDecl", "VarDecl"):
        lines.add(f"{full}: {type_}{suffix}")
    elif kind == "EnumConstantDecl":
        lines.add(f"{full}: enumerator {node['position']}")


def walk(node, scope, access):
    kind = node.get("kind", "")
    name = node.get("name", "")
    if kind == "FriendDecl":
        for inner in node.get("inner", []):
            if "previousDecl" not in inner:  # otherwise it is declared elsewhere
                walk(inner, scope, "public")
        return
    if is_left_out(node, access):
        return
    if kind == "FunctionTemplateDecl":
        parameters = [inner for inner in node["inner"] if "Parm" in inner["kind"]]
        functions = [inner for inner in node["inner"] if "Parm" not in inner["kind"]]
        types = ", ".join(p.get("name", "") for p in parameters)
        if functions:
            function = dict(functions[0])
            function["name"] = f"{name}<{types}>"
            record(function, scope, access)
        return
    if kind == "CXXRecordDecl" and not node.get("completeDefinition"):
        return
    if scope:
        record(node, scope, access)
    if kind not in SCOPES:
        return
    inner_scope = f"{scope}::{name}" if scope else name
    if node.get("isInline"):  # a namespace that its users don't name
        inner_scope = scope
    inner_access = "private" if node.get("tagUsed") == "class" else "public"
    place = 0
    for inner in node.get("inner", []):
        if inner.get("kind") == "AccessSpecDecl":
            inner_access = inner["access"]
            continue
        if inner.get("kind") == "EnumConstantDecl":
            inner["position"] = place
            place += 1
        walk(inner, inner_scope, inner_access)


# With a filter, Clang prints each match as a text of its own.
text = sys.stdin.read()
decoder = json.JSONDecoder()
at = text.find("{")
while at != -1:
    node, end = decoder.raw_decode(text, at)
    if node.get("kind") == "NamespaceDecl" and node.get("name") == "mobivate":
        walk(node, "", "public")
    at = text.find("{", end)
print("\n".join(sorted(lines)))
