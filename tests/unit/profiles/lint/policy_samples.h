#define POL(text) "pol=" EXT("551d20", "30( " text " )")
#define QUAL(policy, arc, value)                                               \
	POL("30( " policy " 30( 30( 06(" PKIX_ARC arc ") " value " )))")
#define P1 "06032a0304"
#define ANY "0604551d2000"
#define MAP(from, to) "more=" CRIT("551d21", "30( 30( " from to " ) )")
#define NC(text) "more=" CRIT("551d1e", "30( " text " )")
#define PC(text) "more=" CRIT("551d24", "30( " text " )")

static const struct sample policy_samples[] = {
    {"policies.form", "end", NULL, POL("")},
    {"policies.form", "end", NULL, POL("30( 0500 )")},
    {"policies.form", "end", NULL, POL("30( " P1 " 3000 )")},
    {"policies.form", "end", NULL, POL("30( " P1 " 30( 0500 ))")},
    {"policies.once", "end", POL("30(" P1 ") 30( 06032a0305 )"),
	POL("30(" P1 ") 30(" P1 ")")},
    {"policies.any", "ca", QUAL(ANY, "0201", "16('https://a.example/')"),
	POL("30( " ANY " 30( 30( 06032a0304 0500 )))")},
    {"policies.qualifier", "end", NULL,
	POL("30( " P1 " 30( 30( 06032a0304 0500 )))")},
    {"policies.cps", "end", QUAL(P1, "0201", "16('https://a.example/cps')"),
	QUAL(P1, "0201", "0c('https://a.example/cps')")},
    {"policies.cps", "end", NULL, QUAL(P1, "0201", "16('our cps')")},
    {"policies.notice", "end", QUAL(P1, "0202", "30( 0c('text') )"),
	QUAL(P1, "0202", "30( 16('text') )")},
    {"policies.notice", "end", NULL, QUAL(P1, "0202", "30( 020101 )")},
    {"policies.notice", "end", NULL, QUAL(P1, "0202", "0c('text')")},
    {"policies.text", "end", QUAL(P1, "0202", "30( 0c(<200:61>) )"),
	QUAL(P1, "0202", "30( 0c(<201:61>) )")},
    {"policies.text", "end", NULL, QUAL(P1, "0202", "30( 0c() )")},
    {"policies.utf8", "end", QUAL(P1, "0202", "30( 0c('text') )"),
	QUAL(P1, "0202", "30( 1a('text') )")},
    {"policies.notice_ref", "end", NULL,
	QUAL(P1, "0202", "30( 30( 0c('o') 30( 020101 )) 0c('text') )")},
    {"mappings.form", "ca", MAP(P1, "06032a0305"),
	"more=" CRIT("551d21", "3000")},
    {"mappings.form", "ca", NULL, MAP(P1, "0500")},
    {"mappings.any", "ca", NULL, MAP(ANY, P1)},
    {"mappings.any", "ca", NULL, MAP(P1, ANY)},
    {"mappings.policy", "ca", MAP(P1, "06032a0305"), MAP("06032a0306", P1)},
    {"pc.form", "ca", PC("800100 810100"), PC("8001ff")},
    {"pc.form", "ca", NULL, PC("820100")},
    {"pc.form", "ca", NULL, "more=" CRIT("551d24", "020100")},
    {"pc.some", "ca", NULL, PC("")},
    {"iap.form", "ca", "more=" CRIT("551d36", "020100"),
	"more=" CRIT("551d36", "0201ff")},
    {"iap.form", "ca", NULL, "more=" CRIT("551d36", "3000")},
    {"nc.form", "ca",
	NC("a0( 30( 82('.a.example') ) 30( 8708 0a000000ff000000 )"
	   " 30( 81('b.example') ) 30( a4( 3000 ) ) 30( 8200 ) )"
	   "a1( 30( 86('c.example') ) )"),
	NC("a0()")},
    {"nc.form", "ca", NULL, NC("a0( 30( 87 04 0a000000 ) )")},
    {"nc.form", "ca", NULL, NC("a0( 30( 8708 0a000000ff00ff00 ) )")},
    {"nc.form", "ca", NULL, NC("a0( 30( 82('*.example') ) )")},
    {"nc.form", "ca", NULL, NC("a2( 30( 82('a.example') ) )")},
    {"nc.form", "ca", NULL, "more=" CRIT("551d1e", "0500")},
    {"nc.some", "ca", NULL, NC("")},
    {"nc.bounds", "ca", NULL, NC("a0( 30( 82('a.example') 800100 ) )")},
    {"nc.bounds", "ca", NULL, NC("a1( 30( 82('a.example') 810105 ) )")},
    {"constraints.ca_only", "end", NULL, NC("a0( 30( 82('a.example') ) )")},
    {"constraints.ca_only", "end", NULL, PC("800100")},
    {"constraints.ca_only", "end", NULL, MAP(P1, P1)},
};
