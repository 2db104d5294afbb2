#define AIA(text) "aia=" EXT(PKIX_ARC "0101", "30( " text " )")
#define ACCESS(arc, name) "30( 06(" PKIX_ARC arc ") " name " )"
#define CRLDP(text) "crldp=" EXT("551d1f", "30( " text " )")
#define POINT(uri) "30( a0(a0( 86('" uri "') )) )"
#define FRESHEST(text) EXT("551d2e", "30( " text " )")
#define SIA(text) "more=" EXT(PKIX_ARC "010b", "30( " text " )")

static const struct sample link_samples[] = {
    {"aia.form", "end", NULL, AIA("")},
    {"aia.form", "end", NULL, AIA("30( 06032a0304 )")},
    {"aia.form", "end", NULL, AIA(ACCESS("3001", "86('no uri')"))},
    {"aia.form", "crl", "cmore=" EXT(PKIX_ARC "0101",
	"30(" ACCESS("3002", "86('http://a.example/ca.cer')") ")"),
	"cmore=" EXT(PKIX_ARC "0101", "3000")},
    {"sia.form", "ca", SIA(ACCESS("3005", "86('http://a.example/repo')")),
	SIA("")},
    {"aia.ocsp", "end", AIA(ACCESS("3001", "86('https://o.example/')")),
	AIA(ACCESS("3001", "86('ldap://o.example/')"))},
    {"aia.ocsp", "end", NULL, AIA(ACCESS("3001", "82('o.example')"))},
    {"aia.issuers", "end", AIA(ACCESS("3002", "86('http://a.example/c')")),
	AIA(ACCESS("3002", "86('https://a.example/c')"))},
    {"aia.issuers", "end", AIA(ACCESS("3002", "86('http://a.example/c')")
	ACCESS("3002", "86('ftp://a.example/c')")),
	AIA(ACCESS("3002", "86('ftp://a.example/c')"))},
    {"aia.issuers", "end", AIA(ACCESS("3001", "86('https://o.example/')")),
	AIA(ACCESS("3002", "86('http://a.example/c')")
	ACCESS("3002", "86('ldaps://a.example/c')"))},
    {"crldp.form", "end", NULL, CRLDP("")},
    {"crldp.form", "end", NULL, CRLDP("30( a0(a0()) )")},
    {"crldp.form", "end", NULL, CRLDP("30( a0( 86('http://a/') ) )")},
    {"crldp.form", "end", NULL, CRLDP("30( a0(a0( 86('no uri') )) )")},
    {"crldp.form", "end", NULL, CRLDP("30( a2() )")},
    {"crldp.form", "end", NULL, CRLDP("0500")},
    {"freshest.form", "end", "more=" FRESHEST(POINT("http://a.example/d")),
	"more=" FRESHEST("")},
    {"freshest.form", "crl", "cmore=" FRESHEST(POINT("http://a.example/d")),
	"cmore=" FRESHEST("30( a0(a0()) )")},
    {"crldp.where", "end", CRLDP(POINT("http://a.example/a") "30( a0(a0( "
	"86('http://a.example/b') )) 8102 0640 )"), CRLDP("30( 8102 0640 )")},
    {"crldp.where", "end", NULL, CRLDP("3000")},
    {"crldp.fetch", "end", CRLDP(POINT("ldap://a.example/o=a")),
	CRLDP(POINT("https://a.example/c.crl"))},
    {"crldp.fetch", "end",
	CRLDP("30( a0(a0( 86('ftp://a/c') 86('http://a/c') )) )"),
	CRLDP("30( a0(a0( 86('http://a/c') 86('https://a/c') )) )")},
    {"crldp.fetch", "crl", NULL, "cmore=" FRESHEST(POINT("ftp://a.example/d"))},
    {"crldp.reasons", "end", NULL,
	CRLDP("30( a0(a0( 86('http://a.example/b') )) 8102 0640 )")},
    {"status.none", "norev", NULL, "more="},
    {"norev.value", "norev", NULL, "more=" EXT("551d38", "3000")},
    {"norev.ca", "ca", NULL, "more=" EXT("551d38", "0500")},
    {"norev.mix", "norev", "aia=" EXT(PKIX_ARC "0101",
	"30(" ACCESS("3002", "86('http://a.example/ca')") ")"),
	CRLDP(POINT("http://a.example/c"))},
    {"norev.mix", "norev", NULL, AIA(ACCESS("3001", "86('http://o.example/')"))},
    {"norev.mix", "norev", NULL, "more=" EXT("551d38", "0500")
	FRESHEST(POINT("http://a.example/d"))},
    {"nocheck.value", "ocsp", NULL, "more=" EXT(PKIX_ARC "300105", "3000")},
    {"nocheck.only", "end", NULL, "more=" EXT(PKIX_ARC "300105", "0500")},
    {"nocheck.address", "ocsp", NULL,
	AIA(ACCESS("3001", "86('http://o.example/')"))},
    {"nocheck.address", "ocsp", NULL, CRLDP(POINT("http://a.example/c"))},
    {"tls_feature.form", "end", "more=" EXT(PKIX_ARC "0118", "30( 020105 )"),
	"more=" EXT(PKIX_ARC "0118", "3000")},
    {"tls_feature.form", "end", NULL,
	"more=" EXT(PKIX_ARC "0118", "30( 0201ff )")},
};
