#define KU(bits) "ku=" CRIT("551d0f", bits)
#define X25519_KEY "eku=;spki=30( 30( 06032b656e ) 03( 00<32:11> ))"
#define ED_KEY "spki=30( 30( 06032b6570 ) 03( 00<32:11> ))"
#define RSA_2048                                                               \
	"spki=30( 30( 0609 2a864886f70d010101 0500 ) 03( 00 30( "              \
	"02( 00c1<254:55>01 ) 0203010001 )))"
#define ML_DSA "spki=30( 30( 0609 608648016503040311 ) 03( 00<1312:11> ))"
#define ML_KEM "eku=;spki=30( 30( 0609 608648016503040401 ) 03( 00<800:11> ))"

static const struct sample usage_samples[] = {
    {"ku.form", "end", NULL, "ku=" CRIT("551d0f", "04020780")},
    {"ku.form", "end", NULL, KU("0303 06 8040")},
    {"ku.form", "end", NULL, KU("0304 00 800001")},
    {"ku.some", "end", NULL, KU("030100")},
    {"ku.some", "end", NULL, KU("03020700")},
    {"ku.trailing", "end", KU("030206c0"), KU("03020680")},
    {"ku.trailing", "end", NULL, KU("03020080")},
    {"ku.cert_sign", "end", NULL, KU("03020284")},
    {"ku.ca", "ca", "bc=" CRIT("551d13", "30( 0101ff )") ";" KU("03020102"),
	"ku="},
    {"ku.ca_sign", "ca", NULL, KU("03020780")},
    {"ku.ca_sign", "ca", NULL, KU("03020102")},
    {"ku.crl_sign", "ca", NULL, KU("03020204")},
    {"ku.only", "end", KU("0303 07 0880") ";eku=", KU("0303 07 8080")},
    {"ku.only", "end", NULL, KU("0303 07 0980") ";eku="},
    {"ku.ec", "end", KU("03020388"), KU("030205a0")},
    {"ku.ec", "end", NULL, KU("03020490")},
    {"ku.ed", "end", ED_KEY, ED_KEY ";" KU("03020388")},
    {"ku.ed", "end", NULL, ED_KEY ";" KU("030205a0")},
    {"ku.x", "end", X25519_KEY ";" KU("03020308"), X25519_KEY},
    {"ku.x", "end", NULL, X25519_KEY ";" KU("03020388")},
    {"ku.rsa", "end", RSA_2048 ";" KU("030205a0"), RSA_2048 ";" KU("03020388")},
    {"ku.rsa", "end",
	"spki=30( 30( 0609 2a864886f70d01010a ) 03( 00 30( "
	"02( 00c1<254:55>01 ) 0203010001 )))",
	KU("030205a0") ";spki=30( 30( 0609 2a864886f70d01010a ) 03( 00 30( "
	"02( 00c1<254:55>01 ) 0203010001 )))"},
    {"ku.pq", "end", ML_DSA, ML_DSA ";" KU("030205a0")},
    {"ku.pq", "end", ML_KEM ";" KU("03020520"), ML_KEM ";" KU("030205a0")},
    {"bc.form", "ca", "bc=" CRIT("551d13", "30( 0101ff 02( 0101 ))"),
	"bc=" CRIT("551d13", "30( 0101ff 0201ff )")},
    {"bc.form", "end", NULL, "bc=" CRIT("551d13", "0500")},
    {"bc.form", "ca", NULL, "bc=" CRIT("551d13", "30( 0101ff 020100 0500 )")},
    {"bc.default", "end", "bc=" CRIT("551d13", "3000"),
	"bc=" CRIT("551d13", "30( 010100 )")},
    {"bc.path", "end", NULL, "bc=" CRIT("551d13", "30( 020100 )")},
    {"bc.path", "ca", NULL, KU("03020102") ";bc="
	CRIT("551d13", "30( 0101ff 020100 )")},
    {"eku.form", "end", NULL, "eku=" EXT("551d25", "3000")},
    {"eku.form", "end", NULL, "eku=" EXT("551d25", "30( 0500 )")},
    {"eku.form", "end", NULL, "eku=" EXT("551d25", "06032a0304")},
    {"eku.once", "end",
	"eku=" EXT("551d25", "30( 06032a0304 06032a0305 )"),
	"eku=" EXT("551d25", "30( 06032a0304 06032a0304 )")},
    {"eku.usage", "end", NULL, KU("03020640")},
    {"eku.usage", "code", NULL, KU("03020640")},
    {"eku.usage", "tsa", KU("03020640"), KU("03020308")},
};
