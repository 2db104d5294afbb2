#define PSS_ALG(params) "alg=30( 0609 2a864886f70d01010a 30(" params "))"
#define SHA256 "30( 0609 608648016503040201 0500 )"
#define SHA384 "30( 0609 608648016503040202 0500 )"
#define MGF1(hash) "a1(30( 0609 2a864886f70d010108 " hash " ))"
#define ED_ALG "alg=30( 06032b6570 )"

static const struct sample sig_samples[] = {
    {"sigalg.match", "end", NULL, "out=30( 0608 2a8648ce3d040303 )"},
    {"sigalg.match", "crl", NULL, "out=30( 0608 2a8648ce3d040302 0500 )"},
    {"sigalg.known", "end", NULL, "alg=30( 06032a0304 )"},
    {"sigalg.params", "end", "alg=30( 0609 2a864886f70d01010b 0500 )",
	"alg=30( 0609 2a864886f70d01010b )"},
    {"sigalg.params", "end", NULL, "alg=30( 0608 2a8648ce3d040302 0500 )"},
    {"sigalg.params", "end", ED_ALG ";sig=03( 00<64:11> )",
	"alg=30( 06032b6570 0500 )"},
    {"sigalg.params", "crl", NULL, "alg=30( 0608 2a8648ce3d040302 3000 )"},
    {"sigalg.pss", "end", PSS_ALG("a0(" SHA256 ")" MGF1(SHA256) "a2(020120)"),
	PSS_ALG("a0(" SHA256 ")" MGF1(SHA384) "a2(020120)")},
    {"sigalg.pss", "end", NULL,
	PSS_ALG("a0(" SHA256 ")" MGF1(SHA256) "a2(020120)a3(020101)")},
    {"sigalg.pss", "end", NULL, PSS_ALG("a0(0500)")},
    {"sigalg.pss", "end", NULL, PSS_ALG("a0(" SHA256 ")" MGF1(SHA256) "a2(0201ff)")},
    {"sigalg.pss", "end", NULL, "alg=30( 0609 2a864886f70d01010a 0500 )"},
    {"sigalg.pss_salt", "end",
	PSS_ALG("a0(" SHA384 ")" MGF1(SHA384) "a2(020130)"),
	PSS_ALG("a0(" SHA384 ")" MGF1(SHA384) "a2(020120)")},
    {"sigalg.md5", "end", NULL, "alg=30( 0609 2a864886f70d010104 0500 )"},
    {"sigalg.md5", "end", NULL, "alg=30( 0609 2a864886f70d010102 0500 )"},
    {"sigalg.sha1", "end", NULL, "alg=30( 0609 2a864886f70d010105 0500 )"},
    {"sigalg.sha1", "crl", NULL, "alg=30( 0607 2a8648ce3d0401 )"},
    {"sigalg.sha1", "end", NULL, PSS_ALG("")},
    {"signature.value", "end", NULL, "sig=03( 00 30( 0201 01 ))"},
    {"signature.value", "end", NULL, "sig=03( 00 30( 020101 020101 020101 ))"},
    {"signature.value", "end", NULL, "sig=03( 00 30( 0201ff 020101 ))"},
    {"signature.value", "end", NULL, "sig=03( 00 )"},
    {"signature.value", "end", ED_ALG ";sig=03( 00<64:11> )",
	ED_ALG ";sig=03( 00<63:11> )"},
    {"signature.value", "end",
	"alg=30( 0609 608648016503040312 );sig=03( 00<3309:11> )",
	"alg=30( 0609 608648016503040312 );sig=03( 00<3310:11> )"},
    {"signature.value", "crl", NULL, "sig=03( 04 30 )"},
};
