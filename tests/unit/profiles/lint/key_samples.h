#define RSA_OID "06( 2a864886f70d010101 )"
#define RSA_KEY(params, n, e)                                                  \
	"spki=30( 30( " RSA_OID params " ) 03( 00 30( 02(" n ") 02(" e ") )))"
#define RSA_N "00 c1<254:55>01"
#define PURE(oid, params, key) "spki=30( 30( 06(" oid ")" params ") 03( 00" key "))"

static const struct sample key_samples[] = {
    {"key.form", "end", NULL, "spki=30( " P256 " 0500 )"},
    {"key.form", "end", NULL, "spki=30( " P256 " 03( 00 ))"},
    {"key.form", "end", NULL, "spki=30( " P256 " 03( 04 04 " GX GY " ))"},
    {"key.known", "end", NULL, PURE("2a0304", "", "<32:11>")},
    {"key.ec.named", "end", NULL,
	"spki=30( 30( 06072a8648ce3d0201 30( 020101 )) 03( 00 04 " GX GY " ))"},
    {"key.ec.named", "end", NULL,
	"spki=30( 30( 06072a8648ce3d0201 ) 03( 00 04 " GX GY " ))"},
    {"key.ec.curve", "end",
	"spki=30( 30( 06072a8648ce3d0201 06052b81040022 ) 03( 00 04<96:11> ))",
	"spki=30( 30( 06072a8648ce3d0201 06082a8648ce3d030101) 03( 00 04 <48:11> ))"},
    {"key.ec.point", "end", NULL, "spki=30( " P256 " 03( 00 04 " GX " ))"},
    {"key.ec.point", "end", NULL, "spki=30( " P256 " 03( 00 06 " GX GY " ))"},
    {"key.ec.compressed", "end", NULL, "spki=30( " P256 " 03( 00 03 " GX " ))"},
    {"key.rsa.params", "end", RSA_KEY("0500", RSA_N, "010001"),
	RSA_KEY("", RSA_N, "010001")},
    {"key.rsa.form", "end", RSA_KEY("0500", RSA_N, "010001"),
	"spki=30( 30( " RSA_OID " 0500 ) 03( 00 04(<256:11>) ))"},
    {"key.rsa.form", "end", NULL, RSA_KEY("0500", "c1<254:55>01", "010001")},
    {"key.rsa.size", "end", NULL, RSA_KEY("0500", "00 c1<126:55>01", "010001")},
    {"key.rsa.modulus", "end", NULL, RSA_KEY("0500", "00 c1<254:55>02", "010001")},
    {"key.rsa.modulus", "end", NULL, RSA_KEY("0500", "01<256:55>", "010001")},
    {"key.rsa.exponent", "end", NULL, RSA_KEY("0500", RSA_N, "010000")},
    {"key.rsa.exponent", "end", NULL, RSA_KEY("0500", RSA_N, "01")},
    {"key.rsa.exponent_small", "end", RSA_KEY("0500", RSA_N, "010001"),
	RSA_KEY("0500", RSA_N, "03")},
    {"key.params_absent", "end", PURE("2b6570", "", "<32:11>"),
	PURE("2b6570", "0500", "<32:11>")},
    {"key.params_absent", "end", NULL,
	PURE("608648016503040312", "0500", "<1952:11>")},
    {"key.length", "end", PURE("2b6570", "", "<32:11>"),
	PURE("2b6570", "", "<31:11>")},
    {"key.length", "end", PURE("2b6571", "", "<57:11>"),
	PURE("2b6571", "", "<56:11>")},
    {"key.length", "end", "ku=" CRIT("551d0f", "03020308") ";eku=;"
	PURE("2b656e", "", "<32:11>"),
	PURE("2b656f", "", "<32:11>")},
    {"key.length", "end", PURE("608648016503040311", "", "<1312:11>"),
	PURE("608648016503040313", "", "<1312:11>")},
    {"key.length", "end", PURE("608648016503040319", "", "<64:11>"),
	PURE("608648016503040314", "", "<64:11>")},
    {"key.length", "end", "ku=" CRIT("551d0f", "03020520") ";eku=;"
	PURE("608648016503040402", "", "<1184:11>"),
	PURE("608648016503040402", "", "<1185:11>")},
};
