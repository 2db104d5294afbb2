#include "tests/unit/profiles/conform_case.h"

#define SAN "2.5.29.17"
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A SAN of one entry of the tag, its contents from text. */
static void
san_of(struct make *m, unsigned char tag, const char *text, size_t len)
{
	char hex[1200];
	size_t n;

	if (len < 0x80)
		n = sprintf(hex, "30%02zx%02x%02zx", len + 2, tag, len);
	else
		n = sprintf(hex, "3082%04zx%02x%s%02zx",
		    len + (len < 256 ? 3 : 4), tag, len < 256 ? "81" : "8201",
		    len & 0xff);
	if (len >= 0x80 && len + 3 < 256)
		n = sprintf(hex, "3081%02zx%02x81%02zx", len + 3, tag, len);
	hex_of((const unsigned char *)text, len, hex + n);
	if (len == 0)
		sprintf(hex, "3002%02x00", tag);
	swap(m, SAN, 0, hex);
}

static void
judge(unsigned char tag, const char *text, size_t len, const char *rule)
{
	struct make *m = make_new(shape_est, NULL);

	m->profile.san[0].optional = 1;
	san_of(m, tag, text, len);
	make_encode(m);
	if (rule)
		must_refuse(m, rule);
	else
		must_pass(m, text);
	make_free(m);
}

/* ---- the syntax of texts ---------------------------------------------- */

static void
dns_names(void **state)
{
	static const char *const good[] = {"a", "localhost", "dev-1.example",
	    "*.example.org", "xn--bcher-kva.example", "1.2.3.example",
	    L63 ".example", "A.B", NULL};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a.b",
	    "a-.b", "a_b.c", "a b", "*", "*.", "a.*.b", "f*.b", "10.0.0.1",
	    L63 "a.example", "b\xc3\xbc.example", L63 "." L63 "." L63 "." L63,
	    "a/b", NULL};
	size_t i;

	(void)state;
	for (i = 0; good[i]; i++)
		judge(0x82, good[i], strlen(good[i]), NULL);
	for (i = 0; bad[i]; i++)
		judge(0x82, bad[i], strlen(bad[i]), "san.dns");
	judge(0x82, "good.example\0.evil.example", 26, "san.dns");
}

static void
mailboxes(void **state)
{
	static const char *const good[] = {
	    "a@b", "a.b+c@mail.example", "o'neil@example.org", NULL};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@@b", ".a@b",
	    "a.@b", "a..b@c", "Name <a@b>", "a b@c", "a@b_c", "a@*.b",
	    "a@[10.0.0.1]", L63 "aa@b", NULL};
	size_t i;

	(void)state;
	for (i = 0; good[i]; i++)
		judge(0x81, good[i], strlen(good[i]), NULL);
	for (i = 0; bad[i]; i++)
		judge(0x81, bad[i], strlen(bad[i]), "san.email");
	judge(0x81, "a@b\0c", 5, "san.email");
}

static void
uris(void **state)
{
	static const char *const good[] = {"urn:dev:ops:32473-1", "http://h",
	    "https://u:p@h.example:8443/p?q#f", "coaps://[2001:db8::1]:5684/",
	    "tag:maker.example,2026:1", "x-1+y.z:a",
	    "spiffe://trust.example/dev/1", NULL};
	static const char *const bad[] = {"", "dev-1", ":a",
	    "http:", "1http://a", "/path", "http://", "http:///p", "http://a b",
	    "http://a_b/", "http://-a/", "http://h\"/", "http://[xyz]/", "-x:a",
	    "http://h/\xc3\xbc", "http://:80/", NULL};
	size_t i;

	(void)state;
	for (i = 0; good[i]; i++)
		judge(0x86, good[i], strlen(good[i]), NULL);
	for (i = 0; bad[i]; i++)
		judge(0x86, bad[i], strlen(bad[i]), "san.uri");
	judge(0x86, "http://h\0/", 10, "san.uri");
}

static void
addresses(void **state)
{
	static const char octets[] = "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\2";

	(void)state;
	judge(0x87, octets, 4, NULL);
	judge(0x87, octets, 16, NULL);
	judge(0x87, octets, 3, "san.ip");
	judge(0x87, octets, 5, "san.ip");
	judge(0x87, octets, 8, "san.ip");
	judge(0x87, octets, 17, "san.ip");
	judge(0x87, octets, 0, "san.ip");
}

/* ---- form and profile ------------------------------------------------- */

static void
empty(struct make *m)
{
	swap(m, SAN, 0, "3000");
}

static void
not_a_sequence(struct make *m)
{
	swap(m, SAN, 0, "820161");
}

static void
other_without_value(struct make *m)
{
	swap(m, SAN, 0, "300ca00a06082b06010505070804");
}

static void
too_many(struct make *m)
{
	char hex[1000] = "3081c3";
	int i;

	for (i = 0; i < 65; i++)
		sprintf(hex + 6 + 6 * i, "8201%02x", i + 0x20);
	swap(m, SAN, 0, hex);
}

static void
directory_name(struct make *m)
{
	swap(m, SAN, 0, "3004a4023000");
}

static void
registered_id(struct make *m)
{
	swap(m, SAN, 0,
	    "30048802"
	    "2a03");
}

static void
upn(struct make *m)
{
	/* otherName of another kind: Microsoft's user principal name. */
	swap(m, SAN, 0, "3014a012060a2b060104018237140203a0040c026140");
}

static void
email_unasked(struct make *m)
{
	swap(m, SAN, 0,
	    "3005"
	    "8103614062");
}

static void
three_of_two(struct make *m)
{
	swap(m, SAN, 0,
	    "3009"
	    "820161"
	    "820162"
	    "820163");
}

static void
dns_missing(struct make *m)
{
	swap(m, SAN, 0,
	    "3006"
	    "87047f000001");
}

static void
san_missing(struct make *m)
{
	drop(m, SAN);
}

static void
fixed_rule(struct make *m)
{
	m->profile.san[0].kind = PROFILE_FROM_FIXED;
	strcpy(m->profile.san[0].source, "fixed.example");
}

static void
same_twice(struct make *m)
{
	swap(m, SAN, 0,
	    "3006"
	    "820161"
	    "820161");
}

static void
dns_bad(struct make *m)
{
	swap(m, SAN, 0,
	    "3005"
	    "8203615f62");
}

static void
ip_bad(struct make *m)
{
	swap(m, SAN, 0,
	    "3008"
	    "820161"
	    "87037f0000");
}

static void
email_bad(struct make *m)
{
	swap(m, SAN, 0,
	    "3006"
	    "820161"
	    "810161");
}

static void
uri_bad(struct make *m)
{
	swap(m, SAN, 0,
	    "3006"
	    "820161"
	    "860161");
}

/* ---- otherNames ------------------------------------------------------- */

#define HW_OID "06092b06010401868d1f01"
#define HW_NAME(len4, len3, len2, len1) /* SAN, [0], [0], SEQUENCE */          \
	"30" len4 "a0" len3 "06082b06010505070804a0" len2 "30" len1

static void
hw_text(struct make *m)
{
	swap(
	    m, SAN, 0, HW_NAME("22", "20", "14", "12") HW_OID "0c05534e303031");
}

static void
hw_empty_serial(struct make *m)
{
	swap(m, SAN, 0, HW_NAME("1d", "1b", "0f", "0d") HW_OID "0400");
}

static void
hw_other_type(struct make *m)
{
	swap(m, SAN, 0,
	    HW_NAME("22", "20", "14", "12") "06092b06010401868d1f02"
					    "0405534e303031");
}

static void
hw_no_type(struct make *m)
{
	swap(m, SAN, 0, HW_NAME("17", "15", "09", "07") "0405534e303031");
}

static void
hw_tail(struct make *m)
{
	swap(m, SAN, 0,
	    HW_NAME("24", "22", "16", "14") HW_OID "0405534e303031"
						   "0500");
}

#define WITH_HW(len, rest) "30" len SAN_HW_ENTRY rest
#define SAN_HW_ENTRY                                                           \
	"a02006082b06010505070804a01430120609"                                 \
	"2b06010401868d1f010405534e303031"
#define PID_HEAD(a, b) "a0" a "06082b06010505070803a0" b

static void
pid_good(struct make *m)
{
	swap(
	    m, SAN, 0, WITH_HW("40", PID_HEAD("1c", "10") "300e0c0178" HW_OID));
}

static void
pid_ia5(struct make *m)
{
	swap(
	    m, SAN, 0, WITH_HW("40", PID_HEAD("1c", "10") "300e160178" HW_OID));
}

static void
pid_other_assigner(struct make *m)
{
	swap(m, SAN, 0,
	    WITH_HW("40",
		PID_HEAD("1c", "10") "300e0c0178"
				     "06092b06010401868d1f02"));
}

static void
pid_no_assigner(struct make *m)
{
	swap(m, SAN, 0, WITH_HW("35", PID_HEAD("11", "05") "30030c0178"));
}

static void
pid_not_oid(struct make *m)
{
	swap(m, SAN, 0, WITH_HW("37", PID_HEAD("13", "07") "30050c01780500"));
}

static const struct conform_case cases[] = {
    {"san.form", shape_est, NULL, empty, NULL},
    {"san.form", shape_est, NULL, not_a_sequence, NULL},
    {"san.form", shape_est, NULL, other_without_value, NULL},
    {"san.form", shape_est, NULL, too_many, NULL},
    {"san.types", shape_est, NULL, directory_name, NULL},
    {"san.types", shape_est, NULL, registered_id, NULL},
    {"san.types", shape_est, NULL, upn, NULL},
    {"san.types", shape_ldevid, NULL, email_unasked, NULL},
    {"san.types", shape_est, NULL, three_of_two, NULL},
    {"san.rules", shape_est, NULL, dns_missing, NULL},
    {"san.rules", shape_est, NULL, san_missing, NULL},
    {"san.rules", shape_est, fixed_rule, NULL, NULL},
    {"san.once", shape_est, NULL, same_twice, NULL},
    {"san.dns", shape_est, NULL, dns_bad, NULL},
    {"san.ip", shape_est, NULL, ip_bad, NULL},
    {"san.email", shape_est, NULL, email_bad, NULL},
    {"san.uri", shape_est, NULL, uri_bad, NULL},
    {"san.hardware", shape_idevid, NULL, hw_text, NULL},
    {"san.hardware", shape_idevid, NULL, hw_empty_serial, NULL},
    {"san.hardware", shape_idevid, NULL, hw_other_type, NULL},
    {"san.hardware", shape_idevid, NULL, hw_no_type, NULL},
    {"san.hardware", shape_idevid, NULL, hw_tail, NULL},
    {"san.permanent", shape_idevid, NULL, pid_ia5, NULL},
    {"san.permanent", shape_idevid, NULL, pid_other_assigner, NULL},
    {"san.permanent", shape_idevid, NULL, pid_no_assigner, NULL},
    {"san.permanent", shape_idevid, NULL, pid_not_oid, NULL},
};

static void
bad_sans(void **state)
{
	(void)state;
	run_cases(cases, N_CASES(cases), conform_san_rules);
}

static void
good_permanent(void **state)
{
	struct make *m = make_new(shape_idevid, NULL);

	(void)state;
	pid_good(m);
	make_encode(m);
	must_pass(m, "permanentIdentifier");
	make_free(m);
}

/* A renewal may have fewer entries than the rules make, not other types. */
static void
renewals(void **state)
{
	struct make *m = make_new(shape_est, NULL);

	(void)state;
	m->ctx.renewed = 1;
	dns_missing(m);
	make_encode(m);
	must_pass(m, "renewed without a name");
	upn(m);
	make_encode(m);
	must_refuse(m, "san.types");
	make_free(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dns_names),
	    cmocka_unit_test(mailboxes),
	    cmocka_unit_test(uris),
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(bad_sans),
	    cmocka_unit_test(good_permanent),
	    cmocka_unit_test(renewals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
