"""Describe a release in Croissant 1.1, with provenance in PROV down to the row.

Croissant is MLCommons' description of data sets for machine learning, in JSON-LD; PROV is the W3C's ontology
of provenance. A reader follows any row to its problem, its prompt, the request that was sent, the model and
the solvers.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow
import pyarrow.parquet as pq

import thoughtmill
from thoughtmill.factory.pages.card import TAGS, Release
from thoughtmill.schemas import DERIVED_TABLES, TABLES, Released, columns, grain, primary_key

VERSION = "http://mlcommons.org/croissant/1.1"
CROISSANT_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject",
    "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "separator", "source", "subField", "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in CROISSANT_TERMS},
}
PROVENANCE = {
    "problem_id": "prov:wasDerivedFrom",
    "parent_id": "prov:wasDerivedFrom",
    "completion_id": "prov:wasDerivedFrom",
    "record_id": "prov:wasDerivedFrom",
    "request_key": "prov:wasGeneratedBy",
    "prompt_sha": "prov:used",
    "model": "prov:wasAttributedTo",
    "teacher": "prov:wasAttributedTo",
}
"""What a column says of the origin of its row; the key of a table says nothing of the table's own rows.

`references` would name the other table too, but mlcroissant 1.1 joins along them and gives no rows then.
"""

TYPES = {"string": "sc:Text", "large_string": "sc:Text", "bool": "sc:Boolean", "int64": "cr:Int64",
         "double": "cr:Float64"}  # fmt: skip
DESCRIPTION = (
    "Mathematics problems with rationales by machines, each solved and compared with the gold answer."
)
CITATION = (
    "https://arxiv.org/abs/2508.13037, https://arxiv.org/abs/2401.11864, https://arxiv.org/abs/2402.12080"
)


def croissant(release: Release, digests: dict[str, str], licenses: list[str]) -> dict[str, Any]:
    """Return the description of a release; `digests` has the SHA-256 of each of its files.

    It has no date and no address: two builds give the same bytes, and a release may lie anywhere.
    """
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSION,
        "name": release.title,
        "description": DESCRIPTION,
        "license": [release.license] if release.license else licenses,
        "version": f"{thoughtmill.__version__}+{release.data_version[:12]}",
        "keywords": list(TAGS),
        "inLanguage": "en",
        "citeAs": CITATION,
        "isLiveDataset": False,
        "prov:wasGeneratedBy": _activity(release),
        "distribution": [*_files(release, digests), *map(_file_set, release.configs.items())],
        "recordSet": [_record_set(release, config) for config in release.configs],
    }


def _activity(release: Release) -> dict[str, Any]:
    """Return the run that made a release: its program, and the parameters and prompts that it used."""
    agent = {"@type": "prov:SoftwareAgent", "name": "Thoughtmill", "version": thoughtmill.__version__}
    used = sorted(path.relative_to(release.folder).as_posix() for path in release.folder.glob("origin/*"))
    return {
        "@type": "prov:Activity",
        "@id": f"data-version-{release.data_version}",
        "description": "parse, solve, check and curate every completion; `thoughtmill prove` repeats it",
        "prov:wasAssociatedWith": agent,
        "prov:used": [{"@id": name} for name in used],
    }


def _files(release: Release, digests: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yield each file of a release with its size and digest."""
    for name, digest in sorted(digests.items()):
        kind = "application/x-parquet" if name.endswith(".parquet") else "text/plain"
        yield {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "contentUrl": name,
            "contentSize": f"{(release.folder / name).stat().st_size} B",
            "encodingFormat": kind,
            "sha256": digest,
        }


def _file_set(config: tuple[str, dict[str, list[str]]]) -> dict[str, Any]:
    name, splits = config
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "encodingFormat": "application/x-parquet",
        "includes": [path for paths in splits.values() for path in paths],
    }


def _record_set(release: Release, config: str) -> dict[str, Any]:
    """Return the columns of a config, with what each says of the origin of a row."""
    table = {**TABLES, **DERIVED_TABLES}.get(config)
    first = next(path for paths in release.configs[config].values() for path in paths)
    described = {column.name: column.description for column in columns(table or Released)}
    fields = pq.read_schema(release.folder / first)
    named = f"{config.removesuffix('s')}_id"
    keys = (named,) if named in fields.names else primary_key(table) if table else ()
    own = keys[0] if len(keys) == 1 else ""
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": grain(table) if table else f"What is fit to learn from, as {config}.",
        "dataType": "prov:Entity",
        **({"key": {"@id": f"{config}/{own}"}} if own else {}),
        "field": [_field(config, field, described.get(field.name), own) for field in fields],
    }


def _field(config: str, field: pyarrow.Field, description: str | None, own: str) -> dict[str, Any]:
    """Return one column; `own` is the key of the table itself."""
    listed = pyarrow.types.is_list(field.type)
    kind = field.type.value_type if listed else field.type
    source = {"fileSet": {"@id": f"{config}-files"}, "extract": {"column": field.name}}
    said = _typed(f"{config}/{field.name}", field.name, kind, source, listed)
    if description:
        said["description"] = description
    if field.name in PROVENANCE and field.name != own:
        said["equivalentProperty"] = PROVENANCE[field.name]
    return said


def _typed(
    place: str, name: str, kind: pyarrow.DataType, source: dict[str, Any], listed: bool
) -> dict[str, Any]:
    """Return a field of a type, or of the fields of a struct."""
    said: dict[str, Any] = {"@type": "cr:Field", "@id": place, "name": name}
    if listed:
        said |= {"isArray": True, "arrayShape": "-1"}
    if not pyarrow.types.is_struct(kind):
        return said | {"dataType": TYPES[str(kind)], "source": source}
    inner = ((part, source | {"transform": {"jsonPath": f"{'[*].' * listed}{part.name}"}}) for part in kind)
    parts = [_typed(f"{place}/{part.name}", part.name, part.type, where, listed) for part, where in inner]
    return said | {"source": source, "subField": parts}
