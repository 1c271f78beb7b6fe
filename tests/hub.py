"""A stand-in for the Hugging Face Hub on loopback: repositories with commits and tags, LFS and Xet."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import datasets
import pytest
import yaml
from aiohttp import web
from huggingface_hub import constants

from tests.loopback import LoopbackServer

FIRST = "0" * 40
LARGE = (".parquet", ".safetensors")


def redirect(patch: pytest.MonkeyPatch, host: str, home: Path) -> None:
    """Let the libraries of the Hub ask `host` from this process, and keep what they load in a folder."""
    for module, name, value in (
        (constants, "ENDPOINT", host),
        (constants, "HUGGINGFACE_CO_URL_TEMPLATE", host + "/{repo_id}/resolve/{revision}/{filename}"),
        (constants, "HF_HUB_CACHE", str(home / "hub")),
        (constants, "HF_XET_CACHE", str(home / "xet")),
        (constants, "HF_HUB_DISABLE_XET", True),
        (constants, "HF_HUB_DISABLE_PROGRESS_BARS", True),
        (datasets.config, "HF_ENDPOINT", host),
        (datasets.config, "HF_DATASETS_CACHE", home / "datasets"),
    ):
        patch.setattr(module, name, value)
    patch.setenv("HF_XET_CACHE", str(home / "xet"))  # Xet's own library reads no other


@dataclass
class Commit:
    """A commit: its message, and the content of every file by its path (of Xet only the digest)."""

    oid: str
    message: str
    files: dict[str, bytes]


@dataclass
class StoredRepository:
    """The history of a repository's branch `main`, and its tags."""

    commits: list[Commit] = field(default_factory=lambda: [Commit(FIRST, "", {".gitattributes": b""})])
    tags: dict[str, str] = field(default_factory=dict)

    def at(self, revision: str) -> Commit | None:
        """Return the commit of a branch, a tag or an id."""
        oid = self.commits[-1].oid if revision == "main" else self.tags.get(revision, revision)
        return next((commit for commit in self.commits if commit.oid == oid), None)


class Hub(LoopbackServer):
    """A Hub whose user `mill` may write; `faults` names steps whose next request is answered with status 503.

    `stored` has the content of LFS by digest; `sent` counts the bytes of LFS and Xet that came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.repositories: dict[str, StoredRepository] = {}
        self.stored: dict[str, bytes] = {}
        self.sent = 0
        self.faults: list[str] = []

    def routes(self) -> list[web.RouteDef]:
        repository = "/api/{kind:datasets|models}/{owner}/{name}"
        return [
            web.post("/api/repos/create", self._create),
            web.post("/api/validate-yaml", self._fine),
            web.get("/api/agent-harnesses", self._fine),
            web.post("/v1/telemetry", self._fine),
            web.get(repository, self._info),
            web.get(repository + "/revision/{revision}", self._info),
            web.get(repository + "/refs", self._refs),
            web.get(repository + "/tree/{revision}", self._tree),
            web.get(repository + "/tree/{revision}/{path:.*}", self._tree),
            web.post(repository + "/paths-info/{revision}", self._paths),
            web.post(repository + "/preupload/main", self._modes),
            web.post(repository + "/commit/main", self._commit),
            web.post(repository + "/tag/{revision}", self._tag),
            web.get(repository + "/xet-write-token/main", self._xet_token),
            web.post("/datasets/{owner}/{name}.git/info/lfs/objects/batch", self._lfs_batch),
            web.post("/{owner}/{name}.git/info/lfs/objects/batch", self._lfs_batch),
            web.put("/lfs/{digest}", self._lfs_put),
            web.get("/datasets/{owner}/{name}/resolve/{revision}/{path:.*}", self._file),
            web.post("/cas/v1/xorbs/default/{hash}", self._xorb),
            web.post("/cas/v2/shards", self._shard),
        ]

    def repository(self, request: web.Request) -> StoredRepository:
        """Return the repository of a request; an unknown one is the Hub's 404."""
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        if name not in self.repositories:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RepoNotFound"})
        return self.repositories[name]

    def _fault(self, place: str) -> None:
        if place in self.faults:
            self.faults.remove(place)
            raise web.HTTPServiceUnavailable

    async def _fine(self, _: web.Request) -> web.Response:
        return web.json_response({"errors": [], "warnings": []})

    async def _create(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("organization") != "mill":
            return web.json_response({"error": "You have no right to this name"}, status=403)
        name = f"mill/{asked['name']}"
        known = name in self.repositories
        self.repositories.setdefault(name, StoredRepository())
        return web.json_response({"url": f"{self.host}/datasets/{name}"}, status=409 if known else 200)

    async def _info(self, request: web.Request) -> web.Response:
        commit = self._at(request)
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        files = [{"rfilename": path} for path in sorted(commit.files)]
        _, head, *_ = [*commit.files.get("README.md", b"").decode().split("---\n", 2), ""]
        card = yaml.safe_load(head) or {}
        return web.json_response({"id": name, "sha": commit.oid, "siblings": files, "cardData": card})

    async def _refs(self, request: web.Request) -> web.Response:
        found = self.repository(request)
        tags = [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid}
            for name, oid in found.tags.items()
        ]
        return web.json_response({"branches": [], "converts": [], "tags": tags})

    async def _tree(self, request: web.Request) -> web.Response:
        top = request.match_info.get("path", "")
        inside = [
            entry for entry in _entries(self._at(request)) if entry["path"].startswith(f"{top}/" * bool(top))
        ]
        deep = request.query.get("recursive", "false").lower() == "true"
        depth = top.count("/") + bool(top)
        return web.json_response([entry for entry in inside if deep or entry["path"].count("/") == depth])

    async def _paths(self, request: web.Request) -> web.Response:
        asked = await request.post()
        wanted = set(asked.getall("paths")) if asked else set((await request.json())["paths"])
        return web.json_response([entry for entry in _entries(self._at(request)) if entry["path"] in wanted])

    async def _modes(self, request: web.Request) -> web.Response:
        self._fault("preupload")
        asked = (await request.json())["files"]
        return web.json_response(
            {
                "files": [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                        "shouldIgnore": False,
                    }
                    for file in asked
                ]
            }
        )

    async def _commit(self, request: web.Request) -> web.Response:
        found = self.repository(request)
        header, *operations = [json.loads(line) for line in (await request.read()).splitlines()]
        self._fault("commit")
        last = found.commits[-1]
        if header["value"].get("parentCommit", last.oid) != last.oid:
            return web.json_response({"error": "The branch has moved"}, status=412)
        files = dict(last.files)
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "deletedFile":
                del files[value["path"]]
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.stored.get(value["oid"], value["oid"].encode())
            else:
                files[value["path"]] = base64.b64decode(value["content"])
        oid = hashlib.sha1(json.dumps([last.oid, sorted(files)]).encode(), usedforsecurity=False).hexdigest()
        found.commits.append(Commit(oid, header["value"]["summary"], files))
        self._fault("answer")
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        kind = "datasets/" if request.match_info["kind"] == "datasets" else ""
        url = f"{self.host}/{kind}{name}/commit/{oid}"
        return web.json_response({"commitUrl": url, "commitOid": oid, "hookOutput": ""})

    async def _tag(self, request: web.Request) -> web.Response:
        found = self.repository(request)
        name = (await request.json())["tag"]
        if name in found.tags:
            return web.json_response({"error": "The tag exists"}, status=409)
        found.tags[name] = request.match_info["revision"]
        return web.json_response({})

    async def _lfs_batch(self, request: web.Request) -> web.Response:
        objects: list[dict[str, Any]] = []
        for asked in (await request.json())["objects"]:
            upload = {"href": f"{self.host}/lfs/{asked['oid']}", "header": {}}
            new = {} if asked["oid"] in self.stored else {"actions": {"upload": upload}}
            objects.append({"oid": asked["oid"], "size": asked["size"], **new})
        return web.json_response({"transfer": "basic", "objects": objects})

    async def _lfs_put(self, request: web.Request) -> web.Response:
        content = await request.read()
        self._fault("lfs")
        self.sent += len(content)
        self.stored[request.match_info["digest"]] = content
        return web.Response()

    async def _xet_token(self, _: web.Request) -> web.Response:
        until = int(time.time()) + 3600
        told = {"accessToken": "token", "exp": until, "casUrl": f"{self.host}/cas"}
        return web.json_response(told)

    async def _xorb(self, request: web.Request) -> web.Response:
        self.sent += len(await request.read())
        return web.json_response({"was_inserted": True})

    async def _shard(self, request: web.Request) -> web.Response:
        self.sent += len(await request.read())
        return web.json_response({"type": "result", "result": 1, "shard_hash": "0" * 64})

    async def _file(self, request: web.Request) -> web.Response:
        commit = self._at(request)
        content = commit.files.get(request.match_info["path"])
        if content is None:
            raise web.HTTPNotFound(headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit.oid})
        headers = {"ETag": f'"{_blob(content)}"', "X-Repo-Commit": commit.oid}
        return web.Response(body=content, headers=headers)

    def _at(self, request: web.Request) -> Commit:
        commit = self.repository(request).at(request.match_info.get("revision", "main"))
        if commit is None:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RevisionNotFound"})
        return commit


def _entries(commit: Commit) -> list[dict[str, Any]]:
    """Return the files and folders of a commit, as the Hub lists them."""
    files = [
        {"type": "file", "path": path, "size": len(content), "oid": _blob(content)}
        for path, content in sorted(commit.files.items())
    ]
    folders = {parent.as_posix() for path in commit.files for parent in PurePosixPath(path).parents} - {"."}
    return [*files, *({"type": "directory", "path": path, "oid": FIRST} for path in sorted(folders))]


def _blob(content: bytes) -> str:
    """Return git's id of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
