#!/usr/bin/env bash
# Every rule by which an enrolment can be refused stands in the documents, and in
# some test; and what stands there exists. Exit 77: no Python.
cd "$(dirname "$0")/../.." || exit 1
command -v python3 >/dev/null || { echo "needs python3"; exit 77; }
exec python3 - <<'P'
import glob, re, sys

def read(path):
    s = open(path, encoding='utf-8').read()
    s = re.sub(r'/\*.*?\*/', ' ', s, flags=re.S)
    return re.sub(r'"\s+"', '', s)          # literals that go on

def calls(text, name):
    """The arguments of each call of ${name}, split at the commas of its level."""
    for m in re.finditer(r'\b%s\(' % name, text):
        args, cur, depth, i, quoted = [], '', 1, m.end(), False
        while depth > 0 and i < len(text):
            c = text[i]
            if quoted:
                quoted = c != '"' or text[i - 1] == '\\'
            elif c == '"':
                quoted = True
            elif c in '({':
                depth += 1
            elif c in ')}':
                depth -= 1
            if c == ',' and depth == 1 and not quoted:
                args.append(cur.strip()); cur = ''
            elif depth > 0:
                cur += c
            i += 1
        yield args + [cur.strip()]

RULE = r'[a-z_]+(?:\.[A-Za-z0-9_-]+)*'
def literals(arg):
    return re.findall(r'"(%s)"' % RULE, arg)

code = {}
def add(rule, path):
    code.setdefault(rule, path)

# The stages, and what they ask; the judgement of the CSR; the build.
engine = [f for f in glob.glob('ca/engine/*.c') if 'stage_refuse(' in open(f).read()]
engine += ['ca/engine/%s.c' % n for n in ('guard', 'keygen', 'issue', 'admit')]
csr = ['profiles/%s.c' % n for n in ('csr', 'spki', 'weak', 'name_constraint')]
csr += glob.glob('profiles/build*.c')
shape = glob.glob('ca/shape/*.c')
for f in sorted(set(engine + csr + shape)):
    text = read(f)
    for name, at in (('stage_refuse', 2), ('outcome_refuse', 3)):
        for a in calls(text, name):
            for r in literals(a[at]) if len(a) > at else []:
                add(r, f)
    for r in re.findall(r'"(%s): ' % RULE, text):
        add(r, f)
for f in glob.glob('ra/*.c'):
    text = read(f)
    for name, at in (('exchange_refuse', 3),) + ((('refuse', 2),) if f == 'ra/head.c' else ()):
        for a in calls(text, name):
            for r in literals(a[at]) if len(a) > at else []:
                add(r, f)
for f in ('ra/tls.c', 'ra/ca_link.c'):
    for r in re.findall(r'"(%s): ' % RULE, read(f)):
        add(r, f)
# Evidence (ra/attest): rules of their own page. What facts_*() names is no rule.
attested = set()
for f in glob.glob('ra/attest/*.c'):
    text = re.sub(r'(facts_\w+|note_\w+|chain_fact)\([^"]*"[^"]*"|\{ \d+, "[^"]*" \}', '', read(f))
    attested |= set('attest.' + r for r in re.findall(
        r'"((?:bundle|tpm|dice|eat|cmw|android|webauthn)\.[a-z0-9-]+)"', text))
attested.discard('attest.webauthn.create')	# a type of clientDataJSON
# Ours to make right, never the client's: they are told as "internal".
OURS = re.compile(r'(csr\.subject$|fields$|build\.|cross|basic_constraints|'
    r'key$|key\.(form|same|types)$|san$|subject$|issuer$|size$|profile|'
    r'fingerprint|log$|time$|note$|answer$|sign)')
for r in [r for r in code if OURS.match(r) and code[r].startswith('profiles/build')]:
    del code[r]
# Texts that begin like a rule and are none.
for r in ('fields', 'request', 'out', 'secret', 'http.line', 'http.header', 'http.end',
        'http.length', 'http.chunks', 'subject', 'san', 'internal', 'set',
        'set.attested', 'csr.subject', 'device', 'profile', 'profile.issued_by',
        'device.fleet', 'build', 'issue.once', 'issue.compare', 'issue.reserved'):
    code.pop(r, None)

# Names in the tables: "a.b, .c" is a.b and a.c.
docs = set()
for f in ('docs/fleets.md', 'docs/est.md', 'docs/refusals.md'):
    for line in open(f, encoding='utf-8'):
        if not line.startswith('|'):
            continue
        for cell in line.split('|')[1:3]:
            prefix = ''
            for n in re.split(r'[,\s]+', cell.replace('`', '').strip()):
                if n.startswith('.') and prefix:
                    n = prefix + n
                if re.fullmatch(RULE, n):
                    docs.add(n)
                    prefix = n.rsplit('.', 1)[0]
tests = []
for pattern in ('tests/unit/**/*', 'tests/integration/*.sh'):
    for f in glob.glob(pattern, recursive=True):
        if re.search(r'\.(c|h|sh)$', f) and 'rules_documented' not in f:
            tests.append(open(f, encoding='utf-8', errors='replace').read())
tests = ''.join(tests)
bad = 0
if len(code) < 90:
    print('rules cannot be found in the sources: %d' % len(code)); bad = 1
for r in sorted(code):
    if r not in docs:
        print('not in the documents: %s (%s)' % (r, code[r])); bad = 1
    if r not in tests:
        print('no test names it: %s (%s)' % (r, code[r])); bad = 1
page = open('docs/attestation.md', encoding='utf-8').read()
if len(attested) < 30:
    print('rules of evidence cannot be found: %d' % len(attested)); bad = 1
for r in sorted(attested):
    if '`%s`' % r not in page:
        print('not in docs/attestation.md: %s' % r); bad = 1
    if r not in tests:
        print('no test names it: %s' % r); bad = 1
# Forgeries: each test that the table names is there, and one of a row's names its rule.
rows = re.search(r'\n## Forgeries\n(.*?)\n## ', page, re.S).group(1).split('\n| ')[3:]
for row in rows:
    what, rules, named = row.split('|')[:3]
    texts = ''
    for file, name in re.findall(r'`([\w/]+\.(?:c|sh)) ([^`]*)`', named):
        found = glob.glob('tests/**/' + file, recursive=True)
        text = open(found[0], encoding='utf-8').read() if len(found) == 1 else ''
        ends = ('%s(void **' % name, '(%s)' % name) if file.endswith('.c') else (name,)
        if not all(e in text for e in ends):
            print('Forgeries: there is no test "%s %s"' % (file, name)); bad = 1
        texts += text
    if not texts:
        print('Forgeries: no test for%s' % what); bad = 1
    for r in re.findall(r'`(%s)`' % RULE, rules):
        if r not in texts:
            print('Forgeries: none of its tests names %s' % r); bad = 1
if len(rows) < 40:
    print('forgeries cannot be found: %d' % len(rows)); bad = 1
everything = ''.join(open(f, encoding='utf-8').read() for d in ('ra', 'ca', 'profiles')
    for f in glob.glob(d + '/**/*.c', recursive=True))
for r in sorted(docs):
    if '.' in r and r not in code and r not in everything and r.rsplit('.', 1)[0] + '.%s' not in everything:
        print('no program says it: %s' % r); bad = 1
print('%d rules' % len(code))
sys.exit(bad)
P
