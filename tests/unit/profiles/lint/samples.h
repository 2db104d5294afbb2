#ifndef TESTS_LINT_SAMPLES_H
#define TESTS_LINT_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/x509v3.h>
#include "profiles/lint/lint.h"

/*
 * Samples in a small notation of DER, so that each is one line:
 *
 *   30            an octet in hex; blanks are nothing
 *   30( ... )     an element: tag, its length (made here), contents
 *   'text'        ASCII
 *   <65:61>       65 times the octet 61
 *   $name         the contents of a slot, in the same notation
 *
 * A certificate is the slot "cert", a CRL is "crl"; a sample changes slots:
 * "ku=30(...); san=30(...)". Everything but what a sample changes is that of a
 * real certificate: the bases are read by OpenSSL in lint_test.c.
 */

#define SAMPLE_MAX 70000
#define P256 "301306072a8648ce3d020106082a8648ce3d030107"
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define EXT(oid, value) "30( 06(" oid ") 04(" value "))"
#define CRIT(oid, value) "30( 06(" oid ") 0101ff 04(" value "))"
#define PKIX_ARC "2b06010505 07"

struct slot {
	const char *name, *text;
};

static const struct slot slots[] = {
    {"cert", "30( $tbs $out $sig )"},
    {"tbs", "30( $ver $ser $alg $iss 30( $nb $na ) $sub $spki $uid $exts )"},
    {"ver", "a0( 020102 )"},
    {"ser", "0214 4142434445464748494a4b4c4d4e4f5051525354"},
    {"alg", "300a 0608 2a8648ce3d040302"},
    {"out", "$alg"},
    {"sig", "03( 00 30( 02( 11<31:22> ) 02( 33<31:44> )))"},
    {"iss", "30( 31(30( 0603550406 1302'JP' )) 31(30( 0603550403 0c('CA-1'))))"},
    {"nb", "17('260101000000Z')"},
    {"na", "17('260331000000Z')"},
    {"sub", "30( 31(30( 0603550405 13('SN1') )) $cn )"},
    {"cn", "31(30( 0603550403 0c('dev-1') ))"},
    {"spki", "30( " P256 " 03( 00 04 " GX GY " ))"},
    {"uid", ""},
    {"exts", "a3(30( $ski $aki $ku $bc $eku $san $crldp $aia $pol $more ))"},
    {"ski", EXT("551d0e", "04(<20:55>)")},
    {"aki", EXT("551d23", "30(80(<20:66>))")},
    {"ku", CRIT("551d0f", "03020780")},
    {"bc", ""},
    {"eku", EXT("551d25", "30( 06(" PKIX_ARC "0302 ))")},
    {"san", EXT("551d11", "30( 82('dev-1.example') )")},
    {"crldp", EXT("551d1f", "30(30(a0(a0(86('http://pki.example/c.crl')))))")},
    {"aia", EXT(PKIX_ARC "0101",
		"30(30(06(" PKIX_ARC "3001) 86('http://ocsp.example/')))")},
    {"pol", EXT("551d20", "30(30( 06032a0304 ))")},
    {"more", ""},

    {"crl", "30( $list $out $sig )"},
    {"list", "30( $cver $alg $iss $this $next $revoked $cexts )"},
    {"cver", "020101"},
    {"this", "17('260101000000Z')"},
    {"next", "17('260108000000Z')"},
    {"revoked", "30( $e1 $e2 $e3 )"},
    {"e1", "30( 02('A1') 17('251201000000Z') )"},
    {"e2", "30( 02('A2') 17('251202000000Z') 30( $reason $edate $emore ))"},
    {"e3", ""},
    {"reason", EXT("551d15", "0a0101")},
    {"edate", ""},
    {"emore", ""},
    {"cexts", "a0(30( $aki $num $idp $delta $fresh $expired $cmore ))"},
    {"num", EXT("551d14", "020107")},
    {"idp", CRIT("551d1c", "30( a0(a0(86('http://pki.example/c.crl'))) )")},
    {"delta", ""},
    {"fresh", ""},
    {"expired", ""},
    {"cmore", ""},
};

/* What else a certificate can be: changes to the slots above. */
static const struct slot bases[] = {
    {"end", ""},
    {"ca", "bc=" CRIT("551d13", "30( 0101ff 020100 )") ";ku="
	CRIT("551d0f", "03020106") ";eku=;san=;sub=30(31(30("
	"0603550403 0c('CA-2'))))"},
    {"root", "bc=" CRIT("551d13", "30( 0101ff )") ";ku="
	CRIT("551d0f", "03020106") ";eku=;san=;aki=;crldp=;aia=;sub=$iss"},
    {"ocsp", "eku=" EXT("551d25", "30(06(" PKIX_ARC "0309))") ";san=;"
	"crldp=;aia=;more=" EXT(PKIX_ARC "300105", "0500")
	";na=17('260131000000Z')"},
    {"tsa", "eku=" CRIT("551d25", "30(06(" PKIX_ARC "0308))") ";san="},
    {"code", "eku=" EXT("551d25", "30(06(" PKIX_ARC "0303))") ";san="},
    {"server", "eku=" EXT("551d25", "30(06(" PKIX_ARC "0301))")},
    {"device", "na=18('99991231235959Z');eku=;san=" EXT("551d11",
	"30( a0(06(" PKIX_ARC "0804) a0(30( 06032a0304 04('HW1') )) ))")},
    {"ak", "eku=" EXT("551d25", "30(0605 6781050803)")},
    {"ek", "sub=3000;ku=" CRIT("551d0f", "03020308") ";eku="
	EXT("551d25", "30(0605 6781050801)") ";san=" CRIT("551d11",
	"30(a4(30( 31(30(0605 6781050201 0c('id:494E5443')))"
	"31(30(0605 6781050202 0c('X'))) 31(30(0605 6781050203 0c('id:1'))))))")},
    {"norev", "crldp=;aia=;more=" EXT("551d38", "0500")},
    {"crl", ""},
    {"delta", "delta=" CRIT("551d1b", "020106") ";reason="
	EXT("551d15", "0a0108")},
    {"indirect", "idp=" CRIT("551d1c", "30( 8401ff )") },
};

struct sample {
	const char *rule, *base;
	const char *good, *bad;	/* changes to the base */
};

/* ---- the notation ----------------------------------------------------- */

struct changes {
	const char *text[4];	/* later ones win */
	size_t n;
};

/* A slot's text in a list of changes "a=..;b=..", its length in *len. */
static inline const char *
change_find(const char *changes, const char *name, size_t n, size_t *len)
{
	const char *p = changes, *found = NULL, *eq;

	while (p && *p) {
		size_t l = strcspn(p, ";");

		while (*p == ' ')
			p++, l--;
		eq = memchr(p, '=', l);
		assert_non_null(eq);
		if ((size_t)(eq - p) == n && memcmp(p, name, n) == 0) {
			found = eq + 1;
			*len = l - n - 1;
		}
		p += l + (p[l] == ';');
	}
	return found;
}

static inline const char *
slot_find(const struct changes *c, const char *name, size_t n, size_t *len)
{
	const char *text;
	size_t i;

	for (i = c->n; i-- > 0;)
		if ((text = change_find(c->text[i], name, n, len)) != NULL)
			return text;
	for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
		if (strlen(slots[i].name) == n &&
		    memcmp(slots[i].name, name, n) == 0) {
			*len = strlen(slots[i].text);
			return slots[i].text;
		}
	fail_msg("no slot %.*s", (int)n, name);
	return NULL;
}

static inline size_t
put_length(unsigned char *out, size_t len)
{
	if (len < 0x80) {
		out[0] = len;
		return 1;
	}
	if (len < 0x100) {
		out[0] = 0x81, out[1] = len;
		return 2;
	}
	out[0] = 0x82, out[1] = len >> 8, out[2] = len & 0xff;
	return 3;
}

static inline unsigned
hex_digit(char c)
{
	const char *all = "0123456789abcdef", *p = strchr(all, c);

	assert_true(p != NULL && c != '\0');
	return p - all;
}

/* Compiles up to ")" or the end; *text moves on. Returns octets written. */
static inline size_t
compile_der(const struct changes *c, const char **text, const char *end,
    unsigned char *out)
{
	unsigned char *inner;
	const char *p = *text, *sub;
	size_t n = 0, k, len = 0;

	while (p < end && *p != ')') {
		if (*p == ' ') {
			p++;
		} else if (*p == '(') {
			p++;
			inner = malloc(SAMPLE_MAX);
			k = compile_der(c, &p, end, inner);
			assert_true(p < end && *p == ')');
			p++;
			n += put_length(out + n, k);
			assert_true(n + k < SAMPLE_MAX);
			memcpy(out + n, inner, k);
			n += k;
			free(inner);
		} else if (*p == '\'') {
			for (p++; *p != '\''; p++)
				out[n++] = *p;
			p++;
		} else if (*p == '<') {
			k = strtoul(p + 1, (char **)&p, 10);
			assert_true(n + k < SAMPLE_MAX);
			memset(out + n, hex_digit(p[1]) << 4 | hex_digit(p[2]),
			    k);
			n += k;
			p += 4;
		} else if (*p == '$') {
			k = strspn(++p, "abcdefghijklmnopqrstuvwxyz0123456789");
			sub = slot_find(c, p, k, &len);
			p += k;
			n += compile_der(c, &sub, sub + len, out + n);
		} else {
			out[n++] = hex_digit(p[0]) << 4 | hex_digit(p[1]);
			p += 2;
		}
		assert_true(n < SAMPLE_MAX - 8);
	}
	*text = p;
	return n;
}

static inline int
is_crl(const char *base)
{
	return strcmp(base, "crl") == 0 || strcmp(base, "delta") == 0 ||
	    strcmp(base, "indirect") == 0;
}

static inline size_t
sample_make(const char *base, const char *change, const char *part,
    unsigned char *out)
{
	struct changes c = {{NULL}, 0};
	size_t i;

	for (i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		if (strcmp(bases[i].name, base) == 0)
			c.text[c.n++] = bases[i].text;
	assert_int_equal(c.n, 1);
	if (change)
		c.text[c.n++] = change;
	return compile_der(&c, &part, part + strlen(part), out);
}

/* ---- findings --------------------------------------------------------- */

#define FINDINGS_MAX 512

struct findings {
	struct {
		const struct lint_rule *rule;
		char text[LINT_TEXT_MAX];
	} one[FINDINGS_MAX];
	size_t n;
};

static inline void
findings_add(void *arg, const struct lint_rule *rule, const char *text)
{
	struct findings *f = arg;

	assert_true(f->n < FINDINGS_MAX && text[0] != '\0');
	f->one[f->n].rule = rule;
	snprintf(f->one[f->n++].text, LINT_TEXT_MAX, "%s", text);
}

static inline int
findings_have(const struct findings *f, const char *id)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->one[i].rule->id, id) == 0)
			return 1;
	return 0;
}

/* Findings of ${severity} or more; the first of them in the message. */
static inline void
findings_none(const struct findings *f, enum lint_severity severity,
    const char *what)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->one[i].rule->severity >= severity)
			fail_msg("%s: %s: %s", what, f->one[i].rule->id,
			    f->one[i].text);
}

static inline void
sample_lint(const char *base, const char *change, struct findings *f)
{
	unsigned char *der = malloc(SAMPLE_MAX), *exact;
	size_t len = sample_make(
	    base, change, is_crl(base) ? "$crl" : "$cert", der);

	/* Of its exact size, so that a sanitizer sees a step too far. */
	exact = malloc(len);
	memcpy(exact, der, len);
	f->n = 0;
	assert_int_equal(is_crl(base) ? lint_crl(exact, len, findings_add, f)
				      : lint_cert(exact, len, findings_add, f),
	    1);
	free(exact);
	free(der);
}

/* The good one breaks no rule of severity error, nor this one; the bad one
   breaks this one. */
static inline void
samples_run(const struct sample *s, size_t n)
{
	struct findings *f = malloc(sizeof(*f));
	size_t i;

	for (i = 0; i < n; i++) {
		sample_lint(s[i].base, s[i].good, f);
		findings_none(f, LINT_ERROR, s[i].rule);
		if (findings_have(f, s[i].rule))
			fail_msg("%s: found in its good sample", s[i].rule);
		sample_lint(s[i].base, s[i].bad, f);
		if (!findings_have(f, s[i].rule))
			fail_msg("%s: not found in bad sample %zu: %s",
			    s[i].rule, i, s[i].bad);
	}
	free(f);
}

#endif
