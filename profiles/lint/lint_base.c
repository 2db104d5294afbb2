#include "profiles/lint/lint_part.h"

/* Rules on what surrounds everything: DER, version, serial number, times. */

#define BOTH (LINT_ON_CERT | LINT_ON_CRL)

static void
structure(struct lint_view *v)
{
	if (v->broken)
		lint_say(v, "%s", v->broken);
	else if (v->faults.why[LINT_F_TAG])
		lint_say(v, "%s, at octet %zu", v->faults.why[LINT_F_TAG],
		    v->faults.at[LINT_F_TAG]);
}

static void
fault(struct lint_view *v, enum lint_fault kind)
{
	if (v->faults.why[kind])
		lint_say(v, "%s, at octet %zu", v->faults.why[kind],
		    v->faults.at[kind]);
}

static void
der_length(struct lint_view *v)
{
	fault(v, LINT_F_LENGTH);
}

static void
der_boolean(struct lint_view *v)
{
	fault(v, LINT_F_BOOLEAN);
}

static void
der_integer(struct lint_view *v)
{
	fault(v, LINT_F_INTEGER);
}

static void
der_oid(struct lint_view *v)
{
	fault(v, LINT_F_OID);
}

static void
der_bits(struct lint_view *v)
{
	fault(v, LINT_F_BITS);
}

static void
der_null(struct lint_view *v)
{
	fault(v, LINT_F_NULL);
}

static void
der_set(struct lint_view *v)
{
	fault(v, LINT_F_SET);
}

static void
der_string(struct lint_view *v)
{
	fault(v, LINT_F_STRING);
}

static void
der_time(struct lint_view *v)
{
	fault(v, LINT_F_TIME);
}

static void
trailing(struct lint_view *v)
{
	if (v->trailing)
		lint_say(v, "octets behind the last one that counts");
}

static void
limit(struct lint_view *v)
{
	if (v->limit)
		lint_say(v, "%s", v->limit);
	if (v->issuer.n == LINT_ATTRS_MAX || v->subject.n == LINT_ATTRS_MAX)
		lint_say(v, "a name with more attributes than are looked at");
}

/* ---- version and serial number ---------------------------------------- */

static int
version_is(const struct lint_view *v, unsigned char n)
{
	return v->has_version && v->version.len == 1 && v->version.p[0] == n;
}

static void
version_known(struct lint_view *v)
{
	if (v->has_version && !version_is(v, 0) && !version_is(v, 1) &&
	    !version_is(v, 2))
		lint_say(v, "a version that is none of v1, v2 and v3");
}

static void
version_default(struct lint_view *v)
{
	if (version_is(v, 0))
		lint_say(v, "v1 is encoded, although it is the default");
}

static void
version_extensions(struct lint_view *v)
{
	if (v->has_exts && !version_is(v, 2))
		lint_say(v, "extensions in a certificate that is not v3");
}

static void
version_old(struct lint_view *v)
{
	if (!v->has_exts && !version_is(v, 2))
		lint_say(v, "v1 or v2: nothing says what the key is for");
}

static void
uid_absent(struct lint_view *v)
{
	if (v->has_uid)
		lint_say(v, "a unique identifier of issuer or subject");
}

static void
serial_positive(struct lint_view *v)
{
	size_t i;

	if (v->serial.len == 0 || v->serial.p[0] >= 0x80) {
		lint_say(v, "the serial number is negative");
		return;
	}
	for (i = 0; i < v->serial.len && v->serial.p[i] == 0; i++)
		;
	if (i == v->serial.len)
		lint_say(v, "the serial number is zero");
}

static void
serial_length(struct lint_view *v)
{
	if (v->serial.len > 20)
		lint_say(v, "the serial number has %zu octets", v->serial.len);
}

static void
serial_entropy(struct lint_view *v)
{
	if (v->serial.len < 8)
		lint_say(v, "%zu octets cannot hold 64 unpredictable bits",
		    v->serial.len);
}

/* ---- times ------------------------------------------------------------ */

static const char *
time_name(const struct lint_view *v, int i)
{
	static const char *const names[2][2] = {
	    {"notBefore", "notAfter"}, {"thisUpdate", "nextUpdate"}};

	return names[v->on == LINT_ON_CRL][i];
}

static void
validity_form(struct lint_view *v)
{
	if (v->validity_bad)
		lint_say(v, "validity is not two times");
}

/* UTCTime is for the years 1950 to 2049, so only the other form can be wrong. */
static void
time_type(struct lint_view *v)
{
	int i;

	for (i = 0; i < 2; i++)
		if (v->time[i].tag == DER_GENERALIZEDTIME && v->time[i].ok &&
		    v->time[i].seconds < (int64_t)2524608000)
			lint_say(v, "%s before 2050 as GeneralizedTime",
			    time_name(v, i));
}

static void
time_value(struct lint_view *v)
{
	int i;

	for (i = 0; i < 2; i++)
		if (v->time[i].tag && !v->time[i].ok)
			lint_say(v, "%s is no time of the calendar",
			    time_name(v, i));
}

static void
validity_order(struct lint_view *v)
{
	if (v->time[0].ok && v->time[1].ok &&
	    v->time[1].seconds < v->time[0].seconds)
		lint_say(v, "notAfter lies before notBefore");
}

static void
validity_no_end(struct lint_view *v)
{
	if (v->time[1].ok && v->time[1].seconds == (int64_t)253402300799 &&
	    !(v->classes & (LINT_IS_DEVICE | LINT_IS_CA)))
		lint_say(v, "no end in what is neither a CA nor known as a "
			    "device");
}

#define DER(id, cite, what, f)                                                 \
	{{"der." id, cite, LINT_ERROR, BOTH, what}, f}

const struct lint_rule_fn lint_base_rules[] = {
    DER("structure", "RFC 5280 4.1, 5.1; X.690 10.1",
	"the parts of a certificate or CRL, in their order, in DER",
	structure),
    DER("length", "X.690 10.1", "every length in its shortest form",
	der_length),
    DER("boolean", "X.690 11.1", "BOOLEAN is 00 or FF", der_boolean),
    DER("integer", "X.690 8.3.2",
	"INTEGER and ENUMERATED in their shortest form", der_integer),
    DER("oid", "X.690 8.19.2", "OBJECT IDENTIFIER without padded arcs",
	der_oid),
    DER("bits", "X.690 8.6.2, 11.2.1", "BIT STRING's unused bits are zero",
	der_bits),
    DER("null", "X.690 8.8.2", "NULL is empty", der_null),
    DER("set", "X.690 11.6", "SET OF is sorted", der_set),
    DER("string", "X.680 41; RFC 3629",
	"a string holds only characters of its type", der_string),
    DER("time", "RFC 5280 4.1.2.5; X.690 11.7, 11.8",
	"times have seconds, no fraction, and end in Z", der_time),
    DER("trailing", "X.690 10.1", "nothing follows the certificate or CRL",
	trailing),
    {{"limit", "limits of this linter", LINT_WARNING, BOTH,
	 "no more extensions and attributes than are looked at"},
	limit},
    {{"version.known", "RFC 5280 4.1.2.1", LINT_ERROR, LINT_ON_CERT,
	 "version is v1, v2 or v3"},
	version_known},
    {{"version.default", "X.690 11.5", LINT_ERROR, LINT_ON_CERT,
	 "v1 is not encoded"},
	version_default},
    {{"version.extensions", "RFC 5280 4.1.2.1", LINT_ERROR, LINT_ON_CERT,
	 "extensions only in v3"},
	version_extensions},
    {{"version.old", "RFC 5280 4.1.2.1, 4.2", LINT_WARNING, LINT_ON_CERT,
	 "v3 with extensions"},
	version_old},
    {{"uid.absent", "RFC 5280 4.1.2.8", LINT_ERROR, LINT_ON_CERT,
	 "no unique identifiers"},
	uid_absent},
    {{"serial.positive", "RFC 5280 4.1.2.2", LINT_ERROR, LINT_ON_CERT,
	 "the serial number is positive"},
	serial_positive},
    {{"serial.length", "RFC 5280 4.1.2.2", LINT_ERROR, LINT_ON_CERT,
	 "the serial number has 20 octets or fewer"},
	serial_length},
    {{"serial.entropy", "CA/B CSBR 7.1", LINT_NOTICE, LINT_ON_CERT,
	 "the serial number can hold 64 unpredictable bits"},
	serial_entropy},
    {{"validity.form", "RFC 5280 4.1.2.5", LINT_ERROR, LINT_ON_CERT,
	 "validity is two times"},
	validity_form},
    {{"time.type", "RFC 5280 4.1.2.5, 5.1.2.4, 5.1.2.5", LINT_ERROR, BOTH,
	 "UTCTime through 2049, GeneralizedTime from 2050"},
	time_type},
    {{"time.value", "RFC 5280 4.1.2.5", LINT_ERROR, BOTH,
	 "a time is one of the calendar"},
	time_value},
    {{"validity.order", "RFC 5280 4.1.2.5", LINT_ERROR, LINT_ON_CERT,
	 "notBefore is not after notAfter"},
	validity_order},
    {{"validity.no_end", "RFC 5280 4.1.2.5; IEEE 802.1AR-2018 8.5", LINT_NOTICE,
	 LINT_ON_CERT, "no end (99991231235959Z) only in devices and CAs"},
	validity_no_end},
    {{NULL, NULL, 0, 0, NULL}, NULL}};
