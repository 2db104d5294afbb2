#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "profiles/der.h"
#include "profiles/error.h"
#include "profiles/text.h"
#include "profiles/name_constraint.h"

/* GeneralName, RFC 5280 4.2.1.6 */
#define GN_EMAIL DER_CONTEXT(1)
#define GN_DNS DER_CONTEXT(2)
#define GN_DIRECTORY DER_CONTEXT_CONS(4)
#define GN_URI DER_CONTEXT(6)
#define GN_IP DER_CONTEXT(7)

static const char *const types[] = {[PROFILE_SUBTREE_DNS] = "dns",
    [PROFILE_SUBTREE_EMAIL] = "email",
    [PROFILE_SUBTREE_URI] = "uri",
    [PROFILE_SUBTREE_IP] = "ip",
    [PROFILE_SUBTREE_DIRECTORY] = "directory",
    NULL};

const char *const *
name_constraint_types(void)
{
	return types;
}

/* ---- what may be written ---------------------------------------------- */

size_t
name_constraint_cidr(const char *text, unsigned char out[32])
{
	const char *slash = strchr(text, '/');
	char addr[64];
	size_t n, i;
	long bits;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(addr) ||
	    slash[1] == '\0' || strlen(slash + 1) > 3 ||
	    strspn(slash + 1, "0123456789") != strlen(slash + 1))
		return 0;
	snprintf(addr, sizeof(addr), "%.*s", (int)(slash - text), text);
	n = inet_pton(AF_INET, addr, out) == 1	  ? 4
	    : inet_pton(AF_INET6, addr, out) == 1 ? 16
						  : 0;
	bits = strtol(slash + 1, NULL, 10);
	if (n == 0 || bits > (long)n * 8)
		return 0;
	for (i = 0; i < n; i++, bits -= 8) {
		out[n + i] = bits >= 8 ? 0xff
		    : bits <= 0	       ? 0
				       : (unsigned char)(0xff00 >> bits);
		if (out[i] & ~out[n + i])
			return 0;
	}
	return 2 * n;
}

const char *
name_constraint_breach(enum profile_subtree_type type, const char *base)
{
	const char *host = base[0] == '.' ? base + 1 : base;
	unsigned char ip[32];

	switch (type) {
	case PROFILE_SUBTREE_DNS:
		return text_is_dns(base, strlen(base), 0)
		    ? NULL
		    : "is not a DNS name (without a dot in front)";
	case PROFILE_SUBTREE_EMAIL:
		if (strchr(base, '@') != NULL)
			return text_is_email(base, strlen(base))
			    ? NULL
			    : "is not a mail address";
		/* FALLTHROUGH */
	case PROFILE_SUBTREE_URI:
		return text_is_dns(host, strlen(host), 0)
		    ? NULL
		    : "is not a host name, nor one behind a dot";
	case PROFILE_SUBTREE_IP:
		return name_constraint_cidr(base, ip) > 0
		    ? NULL
		    : "is not an address and prefix length, with no bit "
		      "behind the prefix";
	default:
		return "has no text";
	}
}

/* ---- comparing -------------------------------------------------------- */

static int
same_text(const struct der *a, const struct der *b)
{
	return a->len == b->len &&
	    strncasecmp((const char *)a->p, (const char *)b->p, a->len) == 0;
}

static struct der
tail(const struct der *d, size_t len)
{
	return (struct der){d->p + d->len - len, len};
}

/* ${base} ".example" holds for all below it, "example" for itself; with
   ${below} also for all below it. */
static int
host_within(const struct der *base, const struct der *host, int below)
{
	struct der end;

	if (base->len == 0)
		return 1;
	if (base->len >= host->len)
		return same_text(base, host);
	end = tail(host, base->len);
	if (!same_text(base, &end))
		return 0;
	return base->p[0] == '.' ||
	    (below && host->p[host->len - base->len - 1] == '.');
}

static int
email_within(const struct der *base, const struct der *value)
{
	const unsigned char *at = memchr(value->p, '@', value->len);
	const unsigned char *base_at =
	    base->len > 0 ? memchr(base->p, '@', base->len) : NULL;
	struct der host, want = *base;
	size_t local;

	if (at == NULL)
		return -1;
	local = (size_t)(at - value->p);
	host = tail(value, value->len - local - 1);
	if (base_at == NULL)
		return host_within(base, &host, 0);
	want = tail(base, base->len - (size_t)(base_at - base->p) - 1);
	/* The local part is compared exactly (RFC 5321 2.4). */
	return (size_t)(base_at - base->p) == local &&
	    memcmp(base->p, value->p, local) == 0 && same_text(&want, &host);
}

/* Digits and dots alone: an address, or what is taken for one. */
static int
is_numeric(const unsigned char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] != '.' && (p[i] < '0' || p[i] > '9'))
			return 0;
	return 1;
}

/* Host of scheme://host:port/...; 0 when there is no host name, or a user
   before it, whom verifiers take for a part of it. */
static int
uri_host(const struct der *uri, struct der *host)
{
	const unsigned char *p = uri->p, *end = uri->p + uri->len, *e, *at;

	if ((p = memchr(p, ':', uri->len)) == NULL || end - p < 4 ||
	    memcmp(p, "://", 3) != 0)
		return 0;
	p += 3;
	for (e = p; e < end && memchr("/?#", *e, 3) == NULL; e++)
		;
	if (memchr(p, '@', (size_t)(e - p)) != NULL)
		return 0;
	if ((at = memchr(p, ':', (size_t)(e - p))) != NULL)
		e = at;
	*host = (struct der){p, (size_t)(e - p)};
	return host->len > 0 && p[0] != '[' &&
	    text_is_dns((const char *)p, host->len, 0) &&
	    !is_numeric(p, host->len);
}

static int
uri_within(const struct der *base, const struct der *value)
{
	struct der host;

	return uri_host(value, &host) ? host_within(base, &host, 0) : -1;
}

static int
ip_within(const struct der *base, const struct der *value)
{
	size_t i, n = value->len;

	if (n != 4 && n != 16)
		return -1;
	if (base->len != 2 * n)
		return base->len == 8 || base->len == 32 ? 0 : -1;
	for (i = 0; i < n; i++)
		if ((value->p[i] ^ base->p[i]) & base->p[n + i])
			return 0;
	return 1;
}

static X509_NAME *
read_name(const struct der *d)
{
	const unsigned char *p = d->p;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)d->len);

	if (name != NULL && p == d->p + d->len)
		return name;
	X509_NAME_free(name);
	return NULL;
}

static int
n_rdns(const X509_NAME *name)
{
	int n = X509_NAME_entry_count(name);

	return n == 0
	    ? 0
	    : X509_NAME_ENTRY_set(X509_NAME_get_entry(name, n - 1)) + 1;
}

/* The base is the beginning of the name, RDN by RDN as 7.1 compares them. */
static int
directory_within(const struct der *base, const struct der *value)
{
	X509_NAME *want = read_name(base), *have = read_name(value);
	int rc = -1, n;

	if (want == NULL || have == NULL)
		goto out;
	n = n_rdns(want);
	while (n_rdns(have) > n)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(
		    have, X509_NAME_entry_count(have) - 1));
	rc = n == 0 || X509_NAME_cmp(want, have) == 0;
out:
	X509_NAME_free(want);
	X509_NAME_free(have);
	return rc;
}

/* 1 within, 0 not, -1 cannot be told. */
static int
within(unsigned char tag, const struct der *base, const struct der *value)
{
	switch (tag) {
	case GN_EMAIL:
		return email_within(base, value);
	case GN_DNS:
		return host_within(base, value, 1);
	case GN_URI:
		return uri_within(base, value);
	case GN_IP:
		return ip_within(base, value);
	case GN_DIRECTORY:
		return directory_within(base, value);
	default:
		return -1;
	}
}

/* ---- the judgement ---------------------------------------------------- */

struct constraints {
	struct der permitted, excluded; /* contents of GeneralSubtrees */
};

static int
refuse(const char *what)
{
	profile_raise(PROFILE_E_REFUSED,
	    "name.constraints: %s (RFC 5280 4.2.1.10)", what);
	return 0;
}

static int
refuse_name(unsigned char tag, const struct der *value, const char *what)
{
	char text[128] = "directory name";

	if (tag != GN_DIRECTORY &&
	    text_is_ascii((const char *)value->p, value->len))
		snprintf(text, sizeof(text), "\"%.*s\"",
		    value->len > 100 ? 100 : (int)value->len,
		    (const char *)value->p);
	else if (tag == GN_IP)
		snprintf(text, sizeof(text), "IP address");
	else if (tag != GN_DIRECTORY)
		snprintf(text, sizeof(text), "name of form [%d]", tag & 0x1f);
	profile_raise(PROFILE_E_REFUSED,
	    "name.constraints: %s %s the issuer's constraints (RFC 5280 "
	    "4.2.1.10)",
	    text, what);
	return 0;
}

/* One list held against a name: *seen tells that it has the name's form, the
   result whether the name is in one of its subtrees; -1 cannot be told. */
static int
in_list(struct der list, unsigned char tag, const struct der *value, int *seen)
{
	struct der tree, base;
	unsigned char t;
	int rc, found = 0;

	while (list.len > 0) {
		if (!der_take(&list, DER_SEQUENCE, &tree) ||
		    !der_take_any(&tree, &t, &base, NULL))
			return -1;
		if (t != tag)
			continue;
		*seen = 1;
		if (tree.len > 0) /* minimum or maximum */
			return -1;
		if ((rc = within(tag, &base, value)) < 0)
			return -1;
		found |= rc;
	}
	return found;
}

static int
check_name(
    const struct constraints *c, unsigned char tag, const struct der *value)
{
	int seen = 0, rc;

	rc = in_list(c->excluded, tag, value, &seen);
	if (rc > 0)
		return refuse_name(tag, value, "is excluded by");
	if (rc < 0)
		return refuse_name(tag, value, "cannot be held against");
	seen = 0;
	rc = in_list(c->permitted, tag, value, &seen);
	if (rc < 0)
		return refuse_name(tag, value, "cannot be held against");
	return rc > 0 || !seen ||
	    refuse_name(tag, value, "is not permitted by");
}

static int
check_san(const struct constraints *c, struct der san, int *has_dns)
{
	struct der list, value;
	unsigned char tag;

	if (!der_only(san, DER_SEQUENCE, &list))
		return refuse("the alternative names cannot be read");
	while (list.len > 0) {
		if (!der_take_any(&list, &tag, &value, NULL))
			return refuse("an alternative name cannot be read");
		*has_dns |= tag == GN_DNS;
		if (!check_name(c, tag, &value))
			return 0;
	}
	return 1;
}

static int
is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

/* What a verifier may take for a host, with a dot in it. By the rule of OpenSSL
   (cn2dnsid()), wider than that for DNS names: '_' is a letter, and a label may
   have any length. A wildcard before it is ours. */
static int
like_dns(const struct der *value)
{
	const unsigned char *p = value->p;
	size_t i, len = value->len, dots = 0;

	if (len > 2 && p[0] == '*' && p[1] == '.') {
		p += 2;
		len -= 2;
		dots = 1;
	}
	for (i = 0; i < len; i++) {
		if (is_letter(p[i]))
			continue;
		if (i == 0 || i == len - 1 || (p[i] != '.' && p[i] != '-'))
			return 0;
		if (p[i] == '.' &&
		    (p[i - 1] == '-' || p[i + 1] == '-' || p[i + 1] == '.'))
			return 0;
		dots += p[i] == '.';
	}
	return dots > 0;
}

static int
check_attributes(const struct constraints *c, X509_NAME *name, int has_dns)
{
	const X509_NAME_ENTRY *e;
	const ASN1_STRING *s;
	struct der value;
	int i, nid;

	for (i = 0; i < X509_NAME_entry_count(name); i++) {
		e = X509_NAME_get_entry(name, i);
		nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(e));
		s = X509_NAME_ENTRY_get_data(e);
		if (ASN1_STRING_length(s) == 0)
			continue; /* no name, and no octets to point to */
		value = (struct der){
		    ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
		if (nid == NID_pkcs9_emailAddress &&
		    !check_name(c, GN_EMAIL, &value))
			return 0;
		if (nid == NID_commonName && !has_dns && like_dns(&value) &&
		    !check_name(c, GN_DNS, &value))
			return 0;
	}
	return 1;
}

static int
check_subject(
    const struct constraints *c, const struct der *subject, int has_dns)
{
	X509_NAME *name = read_name(subject);
	int ok;

	if (name == NULL)
		return refuse("the subject cannot be read");
	ok = X509_NAME_entry_count(name) == 0 ||
	    (check_name(c, GN_DIRECTORY, subject) &&
		check_attributes(c, name, has_dns));
	X509_NAME_free(name);
	return ok;
}

int
name_constraint_check(const unsigned char *nc, size_t nc_len,
    const unsigned char *subject, size_t subject_len, const unsigned char *san,
    size_t san_len)
{
	struct der in = {nc, nc_len}, seq, name = {subject, subject_len};
	struct constraints c = {{NULL, 0}, {NULL, 0}};
	int has_dns = 0;

	if (!der_only(in, DER_SEQUENCE, &seq) ||
	    (der_next_is(&seq, DER_CONTEXT_CONS(0)) &&
		!der_take(&seq, DER_CONTEXT_CONS(0), &c.permitted)) ||
	    (der_next_is(&seq, DER_CONTEXT_CONS(1)) &&
		!der_take(&seq, DER_CONTEXT_CONS(1), &c.excluded)) ||
	    seq.len > 0)
		return refuse("the issuer's constraints cannot be read");
	if (san != NULL && !check_san(&c, (struct der){san, san_len}, &has_dns))
		return 0;
	return check_subject(&c, &name, has_dns);
}
