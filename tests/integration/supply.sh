#!/usr/bin/env bash
# What a stranger can find out about the programs without trusting us: hardened as
# we say, the same bytes from a build elsewhere, and a list of what is in them.
# LONG=1 builds all programs twice; the short form, two parts of them.
tid="supply"
. "$(dirname "$0")/lib.sh"
cd "$here" || exit 1
[ -z "${SAN:-}" ] || skip "the plain build is what is installed"
need readelf
programs="inkan inkan-ca inkan-ra inkan-ocsp inkan-ceremony inkan-verifier"

trace "--- hardened"
# Is the program hardened? Says why not.
hardened() {
	local head dyn sym
	head=$(readelf -hlW "$1") dyn=$(readelf -dW "$1")
	sym=$(readelf -sW --dyn-syms "$1")
	{ grep -q 'Type: *DYN' <<<"$head" && grep -q 'NOW PIE' <<<"$dyn"; } ||
	    { echo "no PIE, or functions are bound late"; return 1; }
	grep -q 'GNU_RELRO' <<<"$head" || { echo "no RELRO"; return 1; }
	grep -qE 'GNU_STACK .* RW +0x' <<<"$head" ||
	    { echo "the stack is executable"; return 1; }
	! grep -qE '^ *LOAD .* RWE ' <<<"$head" ||
	    { echo "memory that is written and executed"; return 1; }
	! grep -qE 'RPATH|RUNPATH|TEXTREL' <<<"$dyn" ||
	    { echo "a path for libraries, or text that is changed"; return 1; }
	grep -q '__stack_chk_fail' <<<"$sym" ||
	    { echo "no stack protector"; return 1; }
	grep -qE '__(snprintf|memcpy|vsnprintf|fprintf)_chk' <<<"$sym" ||
	    { echo "no fortified functions"; return 1; }
}
for p in $programs; do
	check "$p" hardened "$BUILD/$p"
done
cat >"$T/soft.c" <<'C'
#include <stdio.h>
int main(int n, char **v)
{
	char b[99];

	snprintf(b, (size_t)n, "%s", v[n - 1]);
	return puts(b);
}
C
# soft FLAGS: what is said of a program that is built with them as well
soft() {
	${CC:-gcc} -O2 -fPIE -fstack-protector-all -D_FORTIFY_SOURCE=2 -pie \
	    -Wl,-z,relro,-z,now,-z,noexecstack "$@" -o "$T/soft" "$T/soft.c" \
	    2>"$T/cc" && hardened "$T/soft" && echo "nothing"
}
is "all flags" "$(soft)" "nothing"
has "no PIE is seen" "$(soft -fno-pie -no-pie)" '^no PIE'
has "late binding is seen" "$(soft -Wl,-z,lazy)" '^no PIE, or functions'
has "no RELRO is seen" "$(soft -Wl,-z,norelro)" '^no RELRO'
has "an executable stack is seen" "$(soft -Wl,-z,execstack)" '^the stack'
has "a path for libraries is seen" "$(soft -Wl,-rpath,/tmp)" '^a path'
has "no stack protector is seen" "$(soft -fno-stack-protector)" '^no stack'
has "nothing fortified is seen" "$(soft -U_FORTIFY_SOURCE)" '^no fortified'

trace "--- the same bytes elsewhere"
what="build/lib/ca-report.a build/lib/ca-wire.a"
[ -z "${LONG:-}" ] || what=$(printf 'build/%s ' $programs)
for d in "$T/one" "$T/another/place"; do
	mkdir -p "$d"
	cp -r Makefile hsm profiles ca ra ocsp "$d/"
	# shellcheck disable=SC2086
	check "build in ${d#"$T/"}" make -s --no-print-directory -C "$d" \
	    BUILD=build CC="${CC:-gcc}" $what
done
for f in $what; do
	is "$f" "$(sha256sum <"$T/one/$f")" \
	    "$(sha256sum <"$T/another/place/$f")"
	check_not "no folder in $f" grep -q "$T" "$T/one/$f"
done

trace "--- what is in them"
need python3
check "sbom" sh -c "SOURCE_DATE_EPOCH=1795000000 BUILD='$BUILD' VERSION=9.8.7 \
    scripts/sbom >'$T/sbom.json'"
cat >"$T/judge" <<'P'
import hashlib, json, re, subprocess, sys
doc = json.load(open(sys.argv[1]))
build, programs = sys.argv[2], sys.argv[3:]
for k, v in (("spdxVersion", "SPDX-2.3"), ("dataLicense", "CC0-1.0"),
             ("SPDXID", "SPDXRef-DOCUMENT")):
    assert doc[k] == v, k
assert doc["creationInfo"]["created"] == "2026-11-18T11:06:40Z"
assert doc["creationInfo"]["creators"] == ["Tool: inkan-sbom-9.8.7"]
assert re.match(r"https://.*-[0-9a-f]{64}$", doc["documentNamespace"])
ids = [e["SPDXID"] for e in doc["packages"] + doc["files"]]
assert len(ids) == len(set(ids)), "an identifier twice"
assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i) for i in ids)
ids.append("SPDXRef-DOCUMENT")
links = {}
for r in doc["relationships"]:
    assert r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids, r
    links.setdefault((r["spdxElementId"], r["relationshipType"]),
                     []).append(r["relatedSpdxElement"])
package = {p["SPDXID"]: p for p in doc["packages"]}
for p in package.values():
    for k in ("name", "downloadLocation", "filesAnalyzed",
              "licenseConcluded", "copyrightText"):
        assert k in p, (p["SPDXID"], k)
for f in doc["files"]:
    with open(f["fileName"], "rb") as src:
        data = src.read()
    for c in f["checksums"]:
        assert c["checksumValue"] == hashlib.new(
            c["algorithm"].lower(), data).hexdigest(), f["fileName"]
for name in programs:
    ref = "SPDXRef-Package-program-" + name
    with open(f"{build}/{name}", "rb") as f:
        assert package[ref]["checksums"][0]["checksumValue"] == \
            hashlib.sha256(f.read()).hexdigest(), name
    names = {package[i]["name"] for i in links[(ref, "DYNAMIC_LINK")]}
    assert any(n.startswith("libssl") for n in names), name  # has libcrypto
    # Its powers, as tests/layers.sh has them.
    assert ("libsqlite3-0" in names) == (name not in ("inkan-ra", "inkan-verifier")), name
    assert any(n.startswith("libmicrohttpd") for n in names) == \
        (name == "inkan-ocsp"), name
versions = [p["versionInfo"] for p in package.values()]
assert "NOASSERTION" not in versions, "a library without a version"
print(len(package), "packages")
P
# shellcheck disable=SC2086
check "its structure, sums and libraries" python3 "$T/judge" "$T/sbom.json" \
    "$BUILD" $programs
sed '/relatedSpdxElement/s/Package-inkan"/Package-none"/' "$T/sbom.json" \
    >"$T/broken.json"
# shellcheck disable=SC2086
check_not "one that refers to nothing" python3 "$T/judge" "$T/broken.json" \
    "$BUILD" $programs
finish
