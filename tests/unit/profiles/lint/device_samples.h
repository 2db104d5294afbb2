#define MORE(oid, value) "more=" EXT(oid, value)
#define AAGUID "2b0601040182e51c010104"
#define TCB "678105050401"
#define FWID "30( 0609 608648016503040201 04(<32:aa>) )"
#define FIDO_ATTR(arc, value) "31(30( 06035504" arc " " value " ))"
#define FIDO_C FIDO_ATTR("06", "1302'SE'")
#define FIDO_O FIDO_ATTR("0a", "0c('Maker')")
#define FIDO_OU FIDO_ATTR("0b", "0c('Authenticator Attestation')")
#define FIDO_SUB "sub=30(" FIDO_C FIDO_O FIDO_OU "$cn);"

static const struct sample device_samples[] = {
    {"device.serial", "device", NULL, "sub=30( $cn )"},
    {"device.usage", "device", NULL, "ku="},
    {"device.usage", "device", NULL, "ku=" EXT("551d0f", "03020780")},
    {"device.usage", "device", NULL, "ku=" CRIT("551d0f", "03020308")},
    {"device.end", "device", NULL, "na=17('460101000000Z')"},
    {"device.ca", "ca", NULL, "san=" EXT("551d11", "30( a0(06(" PKIX_ARC
	"0804) a0(30( 06032a0304 04('HW1') )) ))")},
    {"mud.url", "end", MORE(PKIX_ARC "0119", "16('https://m.example/a.json')"),
	MORE(PKIX_ARC "0119", "16('http://m.example/a.json')")},
    {"mud.url", "end", NULL,
	MORE(PKIX_ARC "0119", "0c('https://m.example/a.json')")},
    {"masa.url", "end", MORE(PKIX_ARC "0120", "16('masa.example')"),
	MORE(PKIX_ARC "0120", "0c('masa.example')")},
    {"masa.url", "end", NULL, MORE(PKIX_ARC "0120", "1600")},
    {"cmw.form", "end", MORE(PKIX_ARC "0123", "04('x')"),
	MORE(PKIX_ARC "0123", "0400")},
    {"cmw.form", "crl", "cmore=" EXT(PKIX_ARC "0123", "04('x')"),
	"cmore=" EXT(PKIX_ARC "0123", "0500")},
    {"cmw.form", "end", MORE(PKIX_ARC "0123", "0c('{}')"),
	MORE(PKIX_ARC "0123", "16('{}')")},
    {"fido.aaguid", "end", FIDO_SUB MORE(AAGUID, "04(<16:11>)"),
	MORE(AAGUID, "04(<15:11>)")},
    {"fido.aaguid", "end", NULL, MORE(AAGUID, "<16:11>")},
    {"fido.subject", "end", FIDO_SUB MORE(AAGUID, "04(<16:11>)"),
	MORE(AAGUID, "04(<16:11>)")},
    {"fido.subject", "end", NULL,
	"sub=30(" FIDO_O FIDO_OU "$cn);" MORE(AAGUID, "04(<16:11>)")},
    {"fido.subject", "end", NULL,
	"sub=30(" FIDO_C FIDO_OU "$cn);" MORE(AAGUID, "04(<16:11>)")},
    {"fido.subject", "end", NULL, "sub=30(" FIDO_C FIDO_O FIDO_OU ");"
	MORE(AAGUID, "04(<16:11>)")},
    {"fido.subject", "end", NULL, "sub=30(" FIDO_C FIDO_O "$cn);"
	MORE(AAGUID, "04(<16:11>)")},
    {"fido.ca", "ca", NULL, FIDO_SUB MORE(AAGUID, "04(<16:11>)")},
    {"ak.usage", "ak", NULL, "ku=" CRIT("551d0f", "03020388")},
    {"ak.usage", "ak", "ku=", "ku=" CRIT("551d0f", "030206c0")},
    {"ek.usage", "ek", NULL, "ku=" CRIT("551d0f", "03020388")},
    {"ek.usage", "ek", NULL, "ku=" CRIT("551d0f", "03020780")},
    {"ek.san", "ek", NULL, "san=" CRIT("551d11", "30( 82('a.example') )")},
    {"ek.san", "ek", NULL, "san="},
    {"dice.tcb_info", "end",
	MORE(TCB, "30( 80('V') 81('M') 830101 a6( " FWID " ) 89('t') )"),
	MORE(TCB, "3000")},
    {"dice.tcb_info", "end", NULL, MORE(TCB, "30( 81('M') 80('V') )")},
    {"dice.tcb_info", "end", NULL, MORE(TCB, "30( 0c('V') )")},
    {"dice.tcb_info", "end", NULL, MORE(TCB, "30( a6( 30( 0500 ) ) )")},
    {"dice.tcb_info", "end", NULL, MORE(TCB, "30( a6() )")},
    {"dice.tcb_info", "end", NULL, MORE(TCB, "04('x')")},
    {"dice.multi_tcb_info", "end",
	MORE("678105050405", "30( 30( 80('V') ) 30( 830102 ) )"),
	MORE("678105050405", "3000")},
    {"dice.multi_tcb_info", "end", NULL, MORE("678105050405", "30( 3000 )")},
    {"dice.ueid", "end", MORE("678105050404", "30( 04( 01<16:22> ) )"),
	MORE("678105050404", "04( 01<16:22> )")},
    {"dice.ueid", "end", NULL, MORE("678105050404", "30( 04( 01<5:22> ) )")},
    {"sda.form", "end",
	MORE("551d09", "30( 30( 06032a0304 31( 0c('x') )))"),
	MORE("551d09", "3000")},
    {"sda.form", "end", NULL, MORE("551d09", "30( 30( 06032a0304 31() ))")},
    {"qc.form", "end", MORE(PKIX_ARC "0103", "30( 30( 0606 04008e460101 ))"),
	MORE(PKIX_ARC "0103", "3000")},
    {"qc.form", "end", NULL, MORE(PKIX_ARC "0103", "30( 30( 0500 ))")},
};
