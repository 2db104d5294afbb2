#ifndef TESTS_CONFORM_SHAPE_H
#define TESTS_CONFORM_SHAPE_H

/*
 * Profiles of each class, written by hand, for conform_make.h (which includes
 * this where struct make is known).
 */

MAYBE void
subject_rule(struct profile *p, int nid, enum profile_source_kind kind,
    const char *source, int optional)
{
	struct profile_subject_rule *r = &p->subject[p->n_subject++];

	r->nid = nid;
	r->kind = kind;
	r->optional = optional;
	snprintf(r->source, sizeof(r->source), "%s", source);
}

MAYBE void
san_rule(struct profile *p, enum profile_san_type type, int optional)
{
	struct profile_san_rule *r = &p->san[p->n_san++];

	r->type = type;
	r->kind = PROFILE_FROM_CSR;
	r->optional = optional;
	r->max = 2;
	strcpy(r->source, "csr.san");
}

MAYBE void
end_entity(struct profile *p, enum profile_class class, const char *eku)
{
	p->class = class;
	strcpy(p->issuer, "devices");
	p->key_usage = KU_DIGITAL_SIGNATURE;
	if (eku)
		strcpy(p->eku[p->n_eku++], eku);
	p->crl_dp = p->aia_ocsp = p->aia_issuers = 1;
}

MAYBE void
profile_common(struct profile *p)
{
	memset(p, 0, sizeof(*p));
	strcpy(p->name, "tested");
	p->key_types =
	    SPKI_EC_P256 | SPKI_EC_P384 | SPKI_RSA_2048 | SPKI_ED25519;
	p->duration = 14 * 86400;
	p->backdate = 300;
	p->key_usage_critical = 1;
	p->ski = p->aki = 1;
	p->path_len = -1;
}

MAYBE void
shape_ca(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_CA, NULL);
	subject_rule(p, NID_countryName, PROFILE_FROM_FIXED, "JP", 0);
	subject_rule(p, NID_commonName, PROFILE_FROM_FIELD, "ca.name", 0);
	p->key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
	p->has_basic_constraints = p->basic_constraints_critical = 1;
	p->is_ca = 1;
	p->path_len = 0;
	p->aia_ocsp = 0;
	m->issuer.path_len = 1;
	m->key = KEY_P384;
}

MAYBE void
shape_root(struct make *m)
{
	shape_ca(m);
	m->profile.issuer[0] = '\0';
	m->profile.path_len = -1;
	m->profile.no_end = 1;
	m->issuer.path_len = -1;
	m->issuer.name = NULL;
	m->issuer.crl_url = m->issuer.issuer_url = NULL;
}

MAYBE void
shape_ocsp(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_OCSP, "1.3.6.1.5.5.7.3.9");
	subject_rule(p, NID_commonName, PROFILE_FROM_FIELD, "ca.name", 0);
	p->crl_dp = p->aia_ocsp = 0;
	p->ocsp_nocheck = 1;
	m->key = KEY_RSA;
}

MAYBE void
shape_est(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_EST_SERVER, "1.3.6.1.5.5.7.3.1");
	strcpy(p->eku[p->n_eku++], "1.3.6.1.5.5.7.3.28");
	subject_rule(p, NID_commonName, PROFILE_FROM_CSR, "csr.CN", 0);
	san_rule(p, PROFILE_SAN_DNS, 0);
	san_rule(p, PROFILE_SAN_IP, 1);
	san_rule(p, PROFILE_SAN_EMAIL, 1);
	san_rule(p, PROFILE_SAN_URI, 1);
	strcpy(p->policies[0].oid, "1.3.6.1.4.1.99999.7");
	strcpy(p->policies[1].oid, "1.3.6.1.4.1.99999.8");
	p->n_policies = 2;
}

MAYBE void
shape_idevid(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_IDEVID, NULL);
	subject_rule(p, NID_organizationName, PROFILE_FROM_FIXED, "Maker", 0);
	subject_rule(
	    p, NID_serialNumber, PROFILE_FROM_FIELD, "identity.serial", 0);
	san_rule(p, PROFILE_SAN_HW_MODULE_NAME, 0);
	strcpy(p->san[0].oid, OID_HW);
	san_rule(p, PROFILE_SAN_PERMANENT_ID, 1);
	strcpy(p->san[1].oid, OID_HW);
	strcpy(p->mud_url, "https://maker.example/mud.json");
	p->no_end = p->may_outlive_issuer = 1;
}

MAYBE void
shape_ldevid(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_LDEVID, "1.3.6.1.5.5.7.3.2");
	subject_rule(p, NID_countryName, PROFILE_FROM_FIELD, "registry.c", 1);
	subject_rule(p, NID_organizationalUnitName, PROFILE_FROM_FIELD,
	    "registry.ou", 1);
	subject_rule(
	    p, NID_organizationalUnitName, PROFILE_FROM_FIXED, "Devices", 0);
	subject_rule(
	    p, NID_serialNumber, PROFILE_FROM_FIELD, "identity.serial", 1);
	subject_rule(p, NID_commonName, PROFILE_FROM_FIELD, "identity.cn", 1);
	subject_rule(p, NID_pkcs9_emailAddress, PROFILE_FROM_CSR, "csr.E", 1);
	san_rule(p, PROFILE_SAN_DNS, 1);
	p->has_basic_constraints = p->basic_constraints_critical = 1;
}

MAYBE void
shape_attestation(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_ATTESTATION, NULL);
	subject_rule(p, NID_commonName, PROFILE_FROM_FIELD, "identity.cn", 0);
	strcpy(p->eku_attested[p->n_eku_attested++], "2.23.133.8.3");
	strcpy(p->policies[0].oid, "1.3.6.1.4.1.99999.9");
	p->policies[0].unless_attested = 1;
	p->n_policies = 1;
}

MAYBE void
shape_code(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_CODE_SIGNING, "1.3.6.1.5.5.7.3.3");
	subject_rule(p, NID_commonName, PROFILE_FROM_CSR, "csr.CN", 0);
	m->key = KEY_ED25519;
}

MAYBE void
shape_tls(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_TLS, "1.3.6.1.5.5.7.3.1");
	subject_rule(p, NID_commonName, PROFILE_FROM_CSR, "csr.CN", 0);
	san_rule(p, PROFILE_SAN_DNS, 0);
}

MAYBE void
shape_timestamping(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_TIMESTAMPING, "1.3.6.1.5.5.7.3.8");
	p->eku_critical = 1;
	subject_rule(p, NID_commonName, PROFILE_FROM_CSR, "csr.CN", 0);
}

MAYBE void
shape_signing(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_SIGNING, "1.3.6.1.5.5.7.3.36");
	subject_rule(p, NID_commonName, PROFILE_FROM_CSR, "csr.CN", 0);
}

MAYBE void
shape_seal(struct make *m)
{
	struct profile *p = &m->profile;

	shape_signing(m);
	p->class = PROFILE_SEAL;
	p->n_subject = 0;
	subject_rule(p, NID_countryName, PROFILE_FROM_FIXED, "JP", 0);
	subject_rule(p, NID_organizationName, PROFILE_FROM_FIXED, "Maker", 0);
	subject_rule(p, NID_organizationIdentifier, PROFILE_FROM_FIXED,
	    "NTRJP-1234", 0);
	subject_rule(p, NID_commonName, PROFILE_FROM_FIXED, "Seal", 0);
}

MAYBE void
shape_short_lived(struct make *m)
{
	struct profile *p = &m->profile;

	end_entity(p, PROFILE_SHORT_LIVED, "1.3.6.1.5.5.7.3.2");
	subject_rule(p, NID_commonName, PROFILE_FROM_FIELD, "identity.cn", 0);
	p->crl_dp = p->aia_ocsp = 0;
	p->no_rev_avail = 1;
	p->duration = 7 * 86400;
}

#endif
