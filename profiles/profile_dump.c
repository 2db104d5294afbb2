#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/objects.h>

#include "profiles/error.h"
#include "profiles/name.h"
#include "profiles/san.h"
#include "profiles/profile_part.h"

static const char *
yes(int flag)
{
	return flag ? "true" : "false";
}

void
profile_dump_text(BIO *out, const char *text, const char *also)
{
	const char *p;

	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == '\\' ||
		    strchr(also, *p) != NULL)
			BIO_printf(out, "\\x%02x", (unsigned)*p);
		else
			BIO_write(out, p, 1);
}

static void
dump_sets(const struct profile *p, BIO *out)
{
	unsigned bit;

	BIO_puts(out, "issued_by =");
	for (bit = 1; bit <= PROFILE_BY_CEREMONY; bit <<= 1)
		if (p->issued_by & bit)
			BIO_printf(
			    out, " %s", profile_by_name((enum profile_by)bit));
	BIO_puts(out, "\nkey_types =");
	for (bit = 1; bit <= SPKI_ED25519; bit <<= 1)
		if (p->key_types & bit)
			BIO_printf(
			    out, " %s", spki_type_name((enum spki_type)bit));
	BIO_puts(out, "\n");
}

static void
dump_validity(const struct profile *p, BIO *out)
{
	if (p->no_end)
		BIO_puts(out, "validity.not_after = none\n");
	else
		BIO_printf(
		    out, "validity.duration = %llds\n", (long long)p->duration);
	BIO_printf(out, "validity.backdate = %llds\n", (long long)p->backdate);
	BIO_printf(out, "validity.may_outlive_issuer = %s\n",
	    yes(p->may_outlive_issuer));
}

static void
dump_subject(const struct profile *p, BIO *out)
{
	static const char *const prefix[] = {[PROFILE_FROM_FIXED] = "fixed ",
	    [PROFILE_FROM_FIELD] = "",
	    [PROFILE_FROM_CSR] = "csr."};
	const struct profile_subject_rule *r;
	size_t i;

	for (i = 0; i < p->n_subject; i++) {
		r = &p->subject[i];
		BIO_printf(out, "subject[%zu] = %s from %s", i,
		    name_of(r->nid)->name, prefix[r->kind]);
		profile_dump_text(out, r->source, "");
		BIO_puts(out, r->optional ? " optional\n" : "\n");
	}
}

static void
dump_choice(const struct profile_san_rule *r, BIO *out)
{
	BIO_puts(out, " match \"");
	profile_dump_text(out, r->match, "\"");
	BIO_printf(out, "\" otherwise %s max %zu",
	    r->otherwise == PROFILE_REFUSE ? "refuse" : "ignore", r->max);
}

static void
dump_san(const struct profile *p, BIO *out)
{
	const struct profile_san_rule *r;
	size_t i;

	for (i = 0; i < p->n_san; i++) {
		r = &p->san[i];
		BIO_printf(out, "san[%zu] = %s from %s", i,
		    san_type_name(r->type),
		    r->kind == PROFILE_FROM_FIXED ? "fixed " : "");
		profile_dump_text(out, r->source, " ");
		if (r->oid[0] != '\0')
			BIO_printf(out, " oid %s", r->oid);
		if (r->kind == PROFILE_FROM_CSR)
			dump_choice(r, out);
		BIO_puts(out, r->optional ? " optional\n" : "\n");
	}
	BIO_printf(out, "san_critical = %s\n", yes(p->san_critical));
}

static void
dump_usage(const struct profile *p, BIO *out)
{
	const char *const *names = profile_ku_names();
	size_t i;

	if (p->key_usage != 0) {
		BIO_puts(out, "key_usage =");
		for (i = 0; names[i] != NULL; i++)
			if (p->key_usage & profile_ku_bit((int)i))
				BIO_printf(out, " %s", names[i]);
		BIO_printf(out, "\nkey_usage.critical = %s\n",
		    yes(p->key_usage_critical));
	}
	for (i = 0; i < p->n_eku; i++)
		BIO_printf(out, "extended_key_usage.purposes[%zu] = %s\n", i,
		    p->eku[i]);
	for (i = 0; i < p->n_eku_attested; i++)
		BIO_printf(out, "extended_key_usage.if_attested[%zu] = %s\n", i,
		    p->eku_attested[i]);
	if (p->n_eku + p->n_eku_attested > 0)
		BIO_printf(out, "extended_key_usage.critical = %s\n",
		    yes(p->eku_critical));
}

static void
dump_constraints(const struct profile *p, BIO *out)
{
	if (!p->has_basic_constraints)
		return;
	BIO_printf(out, "basic_constraints.ca = %s\n", yes(p->is_ca));
	BIO_printf(out, "basic_constraints.critical = %s\n",
	    yes(p->basic_constraints_critical));
	if (p->path_len >= 0)
		BIO_printf(
		    out, "basic_constraints.path_len = %d\n", p->path_len);
}

static void
dump_rest(const struct profile *p, BIO *out)
{
	size_t i;

	BIO_printf(out, "subject_key_identifier = %s\n", yes(p->ski));
	BIO_printf(out, "authority_key_identifier = %s\n", yes(p->aki));
	BIO_printf(out, "crl_distribution_point = %s\n", yes(p->crl_dp));
	BIO_printf(out, "authority_info_access.ocsp = %s\n", yes(p->aia_ocsp));
	BIO_printf(
	    out, "authority_info_access.issuer = %s\n", yes(p->aia_issuers));
	BIO_printf(out, "ocsp_nocheck = %s\n", yes(p->ocsp_nocheck));
	BIO_printf(out, "no_rev_avail = %s\n", yes(p->no_rev_avail));
	for (i = 0; i < p->n_policies; i++)
		BIO_printf(out, "policies[%zu] = %s%s%s%s%s\n", i,
		    p->policies[i].oid,
		    p->policies[i].cps[0] != '\0' ? " cps " : "",
		    p->policies[i].cps,
		    p->policies[i].unless_attested ? " unless_attested" : "",
		    p->policies[i].if_attested ? " if_attested" : "");
	if (p->mud_url[0] != '\0')
		BIO_printf(out, "mud_url = %s\n", p->mud_url);
}

char *
profile_dump(const struct profile *p)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data, *text = NULL;
	long len;

	if (out == NULL)
		goto fail;
	BIO_printf(out, "name = %s\nclass = %s\n", p->name,
	    profile_class_name(p->class));
	if (p->description[0] != '\0') {
		BIO_puts(out, "description = ");
		profile_dump_text(out, p->description, "");
		BIO_puts(out, "\n");
	}
	BIO_puts(out, "issuer = ");
	profile_dump_text(out, p->issuer, "(");
	if (p->issuer[0] == '\0')
		BIO_puts(out,
		    profile_is_self_signed(p) ? "(self-signed)" : "(any)");
	BIO_puts(out, "\n");
	dump_sets(p, out);
	dump_validity(p, out);
	dump_subject(p, out);
	dump_san(p, out);
	dump_usage(p, out);
	dump_constraints(p, out);
	dump_rest(p, out);
	profile_dump_more(p, out);
	len = BIO_get_mem_data(out, &data);
	text = OPENSSL_strndup(data, (size_t)len);
fail:
	if (text == NULL)
		profile_raise(PROFILE_E_INTERNAL, "out of memory");
	BIO_free(out);
	return text;
}
