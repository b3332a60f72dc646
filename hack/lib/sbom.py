"""Writes the bill of materials of an image, SPDX 2.3 in JSON, to standard output. It asks no network.

  sbom.py VERSION EXECUTABLE LIBRARY…

What is linked into the executable comes from `swift package show-dependencies`, with the licence that its checkout has;
the LIBRARIES beside it come from Debian's packages. Equal inputs give equal bytes: SOURCE_DATE_EPOCH is the date.
"""

import datetime
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The beginnings of licences' texts, as their projects spell them.
LICENCES = [
    ("Apache-2.0", r"Apache License\s+Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge"),
    ("BSD-3-Clause", r"Neither the name of"),
]


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def identifier(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def package(name, version, location, licence, purpose="LIBRARY", references=()):
    return {
        "SPDXID": identifier(f"Package-{name}"),
        "name": name,
        "versionInfo": version,
        "downloadLocation": location,
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": purpose,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl} for purl in references
        ],
    }


def licence_of(checkout):
    for file in sorted(pathlib.Path(checkout).glob("LICEN[SC]E*")):
        text = file.read_text(encoding="utf-8", errors="replace")
        for name, pattern in LICENCES:
            if re.search(pattern, text):
                return name
    return "NOASSERTION"


def swift_packages():
    """name → package, of everything in the graph, and who depends on whom."""
    options = ["--force-resolved-versions"] if (ROOT / "Package.resolved").exists() else []
    tree = json.loads(run("swift", "package", *options, "show-dependencies", "--format", "json"))
    found, edges = {}, set()

    def visit(node, parent):
        name = node["identity"]
        edges.add((parent, name))
        if name in found:
            return
        url = node["url"].removesuffix(".git")
        purl = "pkg:swift/" + re.sub(r"^\w+://", "", url) + f"@{node['version']}"
        found[name] = package(name, node["version"], f"git+{url}@{node['version']}", licence_of(node["path"]), references=[purl])
        for child in node["dependencies"]:
            visit(child, name)

    for node in tree["dependencies"]:
        visit(node, "amesh")
    return found, edges


def debian_packages(libraries):
    found = {}
    for library in libraries:
        for spelling in (library, library.removeprefix("/usr"), "/usr" + library):
            owner = subprocess.run(["dpkg-query", "--search", spelling], capture_output=True, text=True).stdout
            if owner:
                break
        if not owner:
            raise SystemExit(f"error: {library} belongs to no package of Debian's")
        name = owner.split(":")[0]
        if name in found:
            continue
        version, architecture = run("dpkg-query", "--show", "--showformat=${Version} ${Architecture}", name).splitlines()[0].split()
        purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}"
        found[name] = package(name, version, "NOASSERTION", "NOASSERTION", references=[purl])
    return found


def swift_runtime():
    version = re.search(r"Swift version (\S+)", run("swift", "--version")).group(1)
    return package("swift-runtime", version, "NOASSERTION", "Apache-2.0")


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def main():
    version, executable, *libraries = sys.argv[1:]
    swift, edges = swift_packages()
    beside = debian_packages(libraries)
    runtime = swift_runtime()
    amesh = package("amesh", version, "NOASSERTION", "Apache-2.0", purpose="APPLICATION")
    amesh["checksums"] = [{"algorithm": "SHA256", "checksumValue": sha256(executable)}]
    relations = [relation("SPDXRef-DOCUMENT", "DESCRIBES", amesh["SPDXID"])]
    relations += [
        relation(identifier(f"Package-{one}"), "DEPENDS_ON", identifier(f"Package-{other}")) for one, other in sorted(edges)
    ]
    relations.append(relation(amesh["SPDXID"], "STATIC_LINK", runtime["SPDXID"]))
    relations += [relation(amesh["SPDXID"], "DYNAMIC_LINK", beside[name]["SPDXID"]) for name in sorted(beside)]
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"amesh-{version}",
        "documentNamespace": f"https://amesh.apisix.apache.org/spdx/amesh-{version}-{sha256(executable)[:16]}",
        "creationInfo": {
            "created": datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: amesh-hack-image"],
        },
        "packages": [amesh, runtime, *(swift[name] for name in sorted(swift)), *(beside[name] for name in sorted(beside))],
        "relationships": relations,
    }
    json.dump(document, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
