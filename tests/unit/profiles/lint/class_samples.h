#define EKUS(list) "eku=" EXT("551d25", "30( " list " )")
#define CRIT_EKUS(list) "eku=" CRIT("551d25", "30( " list " )")
#define KP(arc) "06(" PKIX_ARC "03" arc ")"
#define USAGE(bits) "ku=" CRIT("551d0f", bits)

static const struct sample class_samples[] = {
    {"ocsp.ca", "ca", EKUS(KP("02")), EKUS(KP("09"))},
    {"ocsp.usage", "ocsp", NULL, USAGE("03020308")},
    {"ocsp.usage", "ocsp", NULL, "ku="},
    {"ocsp.nocheck", "ocsp", NULL, "more="},
    {"ocsp.life", "ocsp", "na=17('260401000000Z')", "na=17('260402000000Z')"},
    {"ocsp.alone", "ocsp", NULL, EKUS(KP("09") KP("02"))},
    {"tsa.alone", "tsa", NULL, CRIT_EKUS(KP("08") KP("03"))},
    {"tsa.critical", "tsa", NULL, EKUS(KP("08"))},
    {"tsa.usage", "tsa", USAGE("030206c0"), USAGE("03020388")},
    {"code.mix", "code", NULL, EKUS(KP("03") KP("01"))},
    {"code.mix", "code", NULL, EKUS(KP("03") "0604551d2500")},
    {"code.alone", "code", NULL, EKUS(KP("03") KP("04"))},
    {"code.usage", "code", NULL, "ku=" EXT("551d0f", "03020780")},
    {"code.usage", "code", NULL, "ku="},
    {"code.usage", "code", NULL, USAGE("03020182")},
    {"server.name", "server",
	"san=" EXT("551d11", "30( 87047f000001 )"), "san="},
    {"server.name", "server", NULL,
	"san=" EXT("551d11", "30( 81('a@b.example') )")},
    {"cmc_ra", "server", EKUS(KP("01") KP("1c")),
	EKUS(KP("1c")) ";" USAGE("03020308")},
    {"cmc_ra", "ca", NULL, EKUS(KP("1c"))},
    {"self.end", "end", NULL, "sub=$iss"},
    {"any.alone", "end", EKUS("0604551d2500"),
	EKUS("0604551d2500" KP("02"))},
};
