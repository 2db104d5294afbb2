#include "tests/unit/profiles/conform_case.h"

#define NC "2.5.29.30"
#define MAP "2.5.29.33"
#define PC "2.5.29.36"
#define ANY "2.5.29.54"
#define P1 "06092b06010401868d1f01" /* 1.3.6.1.4.1.99999.1 */
#define P2 "06092b06010401868d1f02"
#define ANY_POLICY "0604551d2000"

/* permitted dns "a.b", ip 10.0.0.0/9, directory C=JP; excluded email "c.d" */
#define NAMES                                                                  \
	"3031"                                                                 \
	"a026"                                                                 \
	"30058203612e62"                                                       \
	"300a87080a000000ff800000"                                             \
	"3011a40f300d310b3009060355040613024a50"                               \
	"a107"                                                                 \
	"3005"                                                                 \
	"8103632e64"

static struct profile_subtree subtrees[4];

static void
subtree(
    size_t i, enum profile_subtree_type type, int excluded, const char *base)
{
	memset(&subtrees[i], 0, sizeof(subtrees[i]));
	subtrees[i].type = type;
	subtrees[i].excluded = excluded;
	strcpy(subtrees[i].base, base);
}

static void
shape_cross(struct make *m)
{
	struct profile *p = &m->profile;

	shape_ca(m);
	p->class = PROFILE_CROSS;
	strcpy(p->policies[0].oid, "1.3.6.1.4.1.99999.1");
	p->n_policies = 1;
	strcpy(p->mappings[0].issuer, "1.3.6.1.4.1.99999.1");
	strcpy(p->mappings[0].subject, "1.3.6.1.4.1.99999.2");
	p->n_mappings = 1;
	put(m, MAP, 1, "30183016" P1 P2);
	p->has_require_explicit = p->has_inhibit_mapping = 1;
	p->inhibit_mapping = 2;
	put(m, PC, 1, "3006800100810102");
	p->has_inhibit_any = 1;
	put(m, ANY, 1, "020100");
	subtree(0, PROFILE_SUBTREE_DNS, 0, "a.b");
	subtree(1, PROFILE_SUBTREE_IP, 0, "10.0.0.0/9");
	subtree(2, PROFILE_SUBTREE_DIRECTORY, 0, "");
	subtrees[2].n_rdn = 1;
	subtrees[2].rdn[0].nid = NID_countryName;
	strcpy(subtrees[2].rdn[0].value, "JP");
	subtree(3, PROFILE_SUBTREE_EMAIL, 1, "c.d");
	p->subtrees = subtrees;
	p->n_subtrees = 4;
	put(m, NC, 1, NAMES);
}

/* An end entity with a constraint that its profile asks for. */
static void
shape_constraining_leaf(struct make *m)
{
	shape_ldevid(m);
	m->profile.has_inhibit_any = 1;
	put(m, ANY, 1, "020100");
}

static void
nothing(struct make *m)
{
	(void)m;
}

static void
mapping_other(struct make *m)
{
	swap(m, MAP, 1, "30183016" P2 P1);
}

static void
mapping_twice(struct make *m)
{
	swap(m, MAP, 1, "30303016" P1 P2 "3016" P1 P2);
}

static void
mapping_any(struct make *m)
{
	swap(m, MAP, 1, "30133011" P1 ANY_POLICY);
}

static void
mapping_not_asserted(struct make *m)
{
	strcpy(m->profile.policies[0].oid, "1.3.6.1.4.1.99999.3");
}

static void
numbers_other(struct make *m)
{
	swap(m, PC, 1, "3006800100810103");
}

static void
numbers_one(struct make *m)
{
	swap(m, PC, 1, "3003800100");
}

static void
numbers_none(struct make *m)
{
	swap(m, PC, 1, "3000");
}

static void
any_other(struct make *m)
{
	swap(m, ANY, 1, "020101");
}

static void
any_text(struct make *m)
{
	swap(m, ANY, 1, "0500");
}

static void
names_order(struct make *m)
{
	swap(m, NC, 1,
	    "3031"
	    "a026"
	    "300a87080a000000ff800000"
	    "30058203612e62"
	    "3011a40f300d310b3009060355040613024a50"
	    "a107"
	    "3005"
	    "8103632e64");
}

static void
names_mask(struct make *m)
{
	swap(m, NC, 1,
	    "3031"
	    "a026"
	    "30058203612e62"
	    "300a87080a000000ff000000"
	    "3011a40f300d310b3009060355040613024a50"
	    "a107"
	    "3005"
	    "8103632e64");
}

static void
names_minimum(struct make *m)
{
	swap(m, NC, 1,
	    "3034"
	    "a026"
	    "30058203612e62"
	    "300a87080a000000ff800000"
	    "3011a40f300d310b3009060355040613024a50"
	    "a10a"
	    "3008"
	    "8103632e64"
	    "800101");
}

static void
names_not_excluded(struct make *m)
{
	swap(m, NC, 1,
	    "3028"
	    "a026"
	    "30058203612e62"
	    "300a87080a000000ff800000"
	    "3011a40f300d310b3009060355040613024a50");
}

static void
names_country(struct make *m)
{
	swap(m, NC, 1,
	    "3031"
	    "a026"
	    "30058203612e62"
	    "300a87080a000000ff800000"
	    "3011a40f300d310b3009060355040613025553"
	    "a107"
	    "3005"
	    "8103632e64");
}

static void
self_issued(struct make *m)
{
	m->profile.self_issued = 1;
}

/* permitted dns "other" */
static const unsigned char other[] = {
    0x30, 0x0b, 0xa0, 0x09, 0x30, 0x07, 0x82, 0x05, 'o', 't', 'h', 'e', 'r'};

static void
constrained(struct make *m)
{
	m->issuer.constraints[0].der = other;
	m->issuer.constraints[0].len = sizeof(other);
	m->issuer.n_constraints = 1;
}

/* permitted dns "example" */
static const unsigned char example[] = {0x30, 0x0d, 0xa0, 0x0b, 0x30, 0x09,
    0x82, 0x07, 'e', 'x', 'a', 'm', 'p', 'l', 'e'};

/* The issuer allows it, a CA above does not. */
static void
constrained_above(struct make *m)
{
	constrained(m);
	m->issuer.constraints[1] = m->issuer.constraints[0];
	m->issuer.constraints[0].der = example;
	m->issuer.constraints[0].len = sizeof(example);
	m->issuer.n_constraints = 2;
}

static const struct conform_case cases[] = {
    {"cross.ca", shape_constraining_leaf, nothing, NULL, NULL},
    {"cross.mappings", shape_cross, NULL, mapping_other, NULL},
    {"cross.mappings", shape_cross, NULL, mapping_twice, NULL},
    {"cross.mappings", shape_cross, NULL, mapping_any, NULL},
    {"cross.mappings", shape_cross, mapping_not_asserted, NULL, NULL},
    {"cross.policies", shape_cross, NULL, numbers_other, NULL},
    {"cross.policies", shape_cross, NULL, numbers_one, NULL},
    {"cross.policies", shape_cross, NULL, numbers_none, NULL},
    {"cross.any", shape_cross, NULL, any_other, NULL},
    {"cross.any", shape_cross, NULL, any_text, NULL},
    {"cross.names", shape_cross, NULL, names_order, NULL},
    {"cross.names", shape_cross, NULL, names_mask, NULL},
    {"cross.names", shape_cross, NULL, names_minimum, NULL},
    {"cross.names", shape_cross, NULL, names_not_excluded, NULL},
    {"cross.names", shape_cross, NULL, names_country, NULL},
    {"cross.self", shape_cross, self_issued, NULL, NULL},
    {"name.constraints", shape_est, constrained, NULL, NULL},
    {"name.constraints", shape_est, constrained_above, NULL, NULL},
};

static void
bad_constraints(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_cross_rules);
}

/* A constraint on chains is critical, whatever anybody says. */
static void
any_plain(struct make *m)
{
	swap(m, ANY, 0, "020100");
}

static void
criticality(void **state)
{
	static const struct conform_case c = {
	    "extension.critical", shape_cross, NULL, any_plain, NULL};

	(void)state;
	run_case(&c);
}

/* Its own constraints do not bind a link between two keys of the CA. */
static void
link_is_not_constrained(struct make *m)
{
	constrained(m);
	self_issued(m);
	m->issuer.path_len = 0;
}

static void
as_issuer(struct make *m)
{
	X509_NAME *name = X509_NAME_dup(X509_get_issuer_name(m->x));

	assert_true(X509_set_subject_name(m->x, name));
	X509_NAME_free(name);
}

static void
links_pass(void **state)
{
	struct make *m = make_new(shape_cross, link_is_not_constrained);

	(void)state;
	as_issuer(m);
	make_encode(m);
	must_pass(m, "a link");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bad_constraints),
	    cmocka_unit_test(criticality),
	    cmocka_unit_test(links_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
